//! Latency, failures and limits on request.

use std::time::{Duration, Instant};

use axonpush_dev::{DevServer, Faults};
use reqwest::Method;
use serde_json::json;

use crate::rig::{Rig, client, event, locations, problem};

#[tokio::test]
async fn a_share_of_the_requests_fails_until_told_otherwise() {
    let rig = Rig::start().await;
    rig.server.set_faults(Faults::default().fail("503:0.3".parse().unwrap()));
    let mut failed = 0;
    for _ in 0..20 {
        failed += usize::from(rig.post(&event("a")).await.status() == 503);
    }
    assert_eq!((failed, rig.server.len()), (6, 14));
    assert_eq!(rig.get("/healthz").await.status(), 200);
    rig.server.set_faults(Faults::default());
    rig.publish(event("b")).await;
}

#[tokio::test]
async fn each_key_has_a_limit_of_its_own() {
    let rig = Rig::with(DevServer::builder().faults(Faults::default().rate_limit(3)).start().await.unwrap());
    rig.server.set_time(std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000));
    let mut statuses = Vec::new();
    for _ in 0..5 {
        let response = rig.get("/apps").await;
        if response.status() == 429 {
            assert_eq!(response.headers()["retry-after"], "1");
        }
        statuses.push(response.status().as_u16());
    }
    // The clock goes on while we ask, so a new second may have begun.
    assert!(statuses.contains(&429), "{statuses:?}");
    let other = client().get(format!("{}/apps", rig.server.url())).header("x-axonpush-api-key", "ak_other");
    assert_eq!(other.send().await.unwrap().status(), 200);
    rig.server.advance(Duration::from_secs(1));
    assert_eq!(rig.get("/apps").await.status(), 200);
}

#[tokio::test]
async fn latency_holds_every_answer_back() {
    let rig = Rig::start().await;
    rig.server.set_faults(Faults::default().latency(Duration::from_millis(150)));
    let asked = Instant::now();
    rig.publish(event("a")).await;
    assert!(asked.elapsed() >= Duration::from_millis(150));
}

#[tokio::test]
async fn requests_change_faults_only_where_that_was_asked_for() {
    let rig = Rig::start().await;
    rig.ask(Method::POST, "/dev/faults", json!({"fail": "503:1"}), 404).await;
    problem(rig.get("/dev/faults").await, 404).await;
    rig.publish(event("a")).await;

    let rig = Rig::with(DevServer::builder().allow_fault_requests().start().await.unwrap());
    let faults = json!({"fail": "503:1", "latencyMs": 1, "rateLimit": 100});
    assert_eq!(rig.ask(Method::POST, "/dev/faults", faults.clone(), 200).await, faults);
    assert_eq!(rig.get_json("/dev/faults").await, faults);
    problem(rig.post(&event("a")).await, 503).await;
    for (wrong, expected) in [
        (json!({"fail": "503"}), "body.fail"),
        (json!({"latencyMs": -1}), "body.latencyMs"),
        (json!({"latencyMs": 60_001}), "body.latencyMs"),
        (json!({"latency": 1}), "body.latency"),
    ] {
        assert_eq!(locations(&rig.ask(Method::POST, "/dev/faults", wrong, 422).await), [expected]);
    }
    rig.ask(Method::POST, "/dev/faults", json!({}), 200).await;
    rig.publish(event("b")).await;
    // A page of another site must not switch faults on.
    let foreign = rig.request(Method::POST, "/dev/faults").header("origin", "https://evil.example").json(&json!({}));
    problem(foreign.send().await.unwrap(), 403).await;
}
