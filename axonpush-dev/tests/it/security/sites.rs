//! Pages of other sites: they can point a name of theirs at this machine, and post without asking.

use axonpush_dev::DevServer;
use reqwest::Method;
use serde_json::json;

use super::routes::{METHODS, all};
use crate::rig::{Rig, problem};

#[tokio::test]
async fn no_route_answers_to_another_name() {
    let rig = Rig::with(DevServer::builder().allow_fault_requests().start().await.unwrap());
    for path in all() {
        for method in METHODS {
            for host in ["evil.example", "127.0.0.1.evil.example:4000", "0.0.0.0"] {
                let request = rig.request(method.clone(), &path).header("host", host).json(&json!({}));
                let refused = request.send().await.unwrap();
                assert_eq!(refused.status(), 403, "{method} {path} {host}");
                assert!(refused.headers().get("access-control-allow-origin").is_none());
            }
        }
    }
    assert!(rig.server.is_empty() && rig.server.requests().is_empty());
}

#[tokio::test]
async fn no_route_changes_anything_for_a_page_of_another_origin() {
    let rig = Rig::with(DevServer::builder().allow_fault_requests().start().await.unwrap());
    for path in all() {
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            for origin in ["https://evil.example", "null", "http://localhost.evil.example"] {
                let request = rig.request(method.clone(), &path).header("origin", origin).json(&json!({}));
                assert_eq!(request.send().await.unwrap().status(), 403, "{method} {path} {origin}");
            }
        }
    }
    assert!(rig.server.is_empty() && rig.server.requests().is_empty());
}

#[tokio::test]
async fn no_route_lets_a_page_of_another_origin_read() {
    let rig = Rig::start().await;
    for path in all().into_iter().filter(|path| path != "/events/stream") {
        for method in METHODS {
            let request = rig.request(method.clone(), &path).header("origin", "http://localhost:3000");
            let request = request.header("access-control-request-method", "POST");
            let answer = request.json(&json!({})).send().await.unwrap();
            let allowed: Vec<_> =
                answer.headers().keys().filter(|name| name.as_str().starts_with("access-control-")).collect();
            assert!(allowed.is_empty(), "{method} {path} {allowed:?}");
            assert_eq!(answer.headers()["x-content-type-options"], "nosniff", "{method} {path}");
        }
    }
}

#[tokio::test]
async fn what_takes_json_takes_nothing_that_a_form_can_send() {
    let rig = Rig::with(DevServer::builder().allow_fault_requests().start().await.unwrap());
    // Forms send these three without asking first, and a missing type is one more.
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""] {
        for path in all() {
            for method in [Method::POST, Method::PUT, Method::PATCH] {
                let body = json!({"identifier": "a", "payload": {}, "name": "x", "latencyMs": 5}).to_string();
                let mut request = rig.request(method.clone(), &path).body(body).header("x-axonpush-channel", "default");
                if !content_type.is_empty() {
                    request = request.header("content-type", content_type);
                }
                let answer = request.send().await.unwrap();
                // Routes without a body need none; what they do needs no more than a key, which a form cannot send.
                let exempt = answer.status() == 404 || answer.status() == 405 || NO_JSON.contains(&&*path);
                assert!(exempt || answer.status() == 415, "{method} {path} {content_type}: {}", answer.status());
            }
        }
    }
    assert!(rig.server.is_empty());
    assert_eq!(rig.server.faults(), axonpush_dev::Faults::default());
}

#[tokio::test]
async fn faults_cannot_be_asked_for_unless_the_server_was_started_so() {
    let rig = Rig::start().await;
    let faults = json!({"latencyMs": 1});
    problem(rig.request(Method::POST, "/dev/faults").json(&faults).send().await.unwrap(), 404).await;
    problem(rig.get("/dev/faults").await, 404).await;
    assert_eq!(rig.server.faults(), axonpush_dev::Faults::default());
}

/// Routes that take no body, and Sentry's, whose envelopes are no JSON and whose SDKs say that they are text.
const NO_JSON: [&str; 5] =
    ["/environments/x/promote", "/organizations/x/leave", "/invitations/accept", "/api/x/envelope", "/api/x/envelope/"];
