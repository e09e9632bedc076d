//! What the server refuses, and how it says so.

use axonpush_dev::DevServer;
use reqwest::Method;
use serde_json::{Value, json};

use crate::rig::{Rig, client, event, locations, problem};

/// Asserts that `event` is refused with 422 at exactly `expected` and stores nothing.
async fn check_refused(rig: &Rig, event: &Value, expected: &[&str]) -> Value {
    let document = problem(rig.post(event).await, 422).await;
    assert_eq!(locations(&document), expected, "{event}");
    assert!(rig.server.is_empty());
    document
}

#[tokio::test]
async fn an_unknown_field_is_refused_by_name() {
    let rig = Rig::start().await;
    let document =
        check_refused(&rig, &json!({"identifier": "a", "payload": {}, "channelId": "c"}), &["body.channelId"]).await;
    assert_eq!(document["errors"][0]["message"], "unexpected property");
    assert_eq!(document["errors"][0]["value"], "c");
    for unknown in ["parentEventId", "environment", "PAYLOAD", "", "id"] {
        let location = format!("body.{unknown}");
        check_refused(&rig, &json!({"identifier": "a", "payload": {}, unknown: 1}), &[&location]).await;
    }
}

#[tokio::test]
async fn a_missing_field_is_refused_by_name() {
    let rig = Rig::start().await;
    check_refused(&rig, &json!({"payload": {}}), &["body.identifier"]).await;
    check_refused(&rig, &json!({"identifier": "a"}), &["body.payload"]).await;
    check_refused(&rig, &json!({}), &["body.identifier", "body.payload"]).await;
    check_refused(&rig, &json!({"identifier": "", "payload": {}}), &["body.identifier"]).await;
}

#[tokio::test]
async fn a_wrong_type_is_refused_by_name() {
    let rig = Rig::start().await;
    for field in ["channel_id", "eventType", "agentId", "traceId", "spanId", "parentSpanId", "dedupKey", "$schema"] {
        for wrong in [json!(1), json!(null), json!({}), json!(["x"]), json!(true)] {
            let location = format!("body.{field}");
            check_refused(&rig, &json!({"identifier": "a", "payload": {}, field: wrong}), &[&location]).await;
        }
    }
    for wrong in [json!(1), json!(null), json!("{}"), json!([{}])] {
        check_refused(&rig, &json!({"identifier": "a", "payload": wrong}), &["body.payload"]).await;
        check_refused(&rig, &json!({"identifier": "a", "payload": {}, "metadata": wrong}), &["body.metadata"]).await;
    }
    check_refused(&rig, &json!({"identifier": 7, "payload": {}}), &["body.identifier"]).await;
    check_refused(&rig, &json!({"identifier": "a", "payload": {}, "sync": "no"}), &["body.sync"]).await;
    for wrong in [json!("yesterday"), json!(1_700_000_000), json!("2026-01-02T03:04:05"), json!("")] {
        check_refused(&rig, &json!({"identifier": "a", "payload": {}, "occurredAt": wrong}), &["body.occurredAt"])
            .await;
    }
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_once() {
    let rig = Rig::start().await;
    let wrong = json!({"payload": 1, "traceId": 2, "colour": "red", "shade": 3});
    check_refused(&rig, &wrong, &["body.identifier", "body.payload", "body.traceId", "body.colour", "body.shade"])
        .await;
}

#[tokio::test]
async fn a_large_value_is_not_echoed() {
    let rig = Rig::start().await;
    let wrong = json!({"identifier": "a", "payload": {}, "extra": "x".repeat(5_000)});
    let document = check_refused(&rig, &wrong, &["body.extra"]).await;
    assert!(document["errors"][0].get("value").is_none());
}

#[tokio::test]
async fn an_older_server_does_not_know_occurred_at() {
    let rig = Rig::with(DevServer::builder().reject_occurred_at().start().await.unwrap());
    let event = json!({"identifier": "a", "payload": {}, "occurredAt": "2026-01-02T03:04:05Z"});
    check_refused(&rig, &event, &["body.occurredAt"]).await;
}

#[tokio::test]
async fn a_body_that_is_not_json_is_a_bad_request() {
    let rig = Rig::start().await;
    let deep = format!(r#"{{"identifier":"a","payload":{}1{}}}"#, r#"{"a":"#.repeat(500), "}".repeat(500));
    let huge_number = r#"{"identifier":"a","payload":{"n":1e999}}"#;
    let bodies: [&[u8]; 8] = [
        b"",
        b"{",
        b"nonsense",
        br#"{"identifier":"a","payload":{}} {}"#,
        br#"{"identifier":"a","payload":{"x":}}"#,
        b"{\"identifier\":\"\xff\",\"payload\":{}}",
        deep.as_bytes(),
        huge_number.as_bytes(),
    ];
    for body in bodies {
        let request = rig.request(Method::POST, "/event").header("content-type", "application/json");
        let document = problem(request.body(body.to_vec()).send().await.unwrap(), 400).await;
        assert!(!document["detail"].as_str().unwrap().is_empty());
    }
    for body in ["[]", "42", "null", "\"text\""] {
        let request = rig.request(Method::POST, "/event").header("content-type", "application/json");
        let document = problem(request.body(body).send().await.unwrap(), 422).await;
        assert_eq!(locations(&document), ["body"]);
    }
    assert!(rig.server.is_empty());
}

#[tokio::test]
async fn an_event_must_say_that_it_is_json() {
    let rig = Rig::start().await;
    let body = event("a").to_string();
    problem(rig.request(Method::POST, "/event").body(body.clone()).send().await.unwrap(), 415).await;
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json", ""] {
        let request = rig.request(Method::POST, "/event").header("content-type", content_type);
        problem(request.body(body.clone()).send().await.unwrap(), 415).await;
    }
    for content_type in ["application/json; charset=utf-8", "Application/JSON", "application/vnd.axonpush+json"] {
        let request = rig.request(Method::POST, "/event").header("content-type", content_type);
        assert_eq!(request.body(body.clone()).send().await.unwrap().status(), 200, "{content_type}");
    }
}

#[tokio::test]
async fn a_compressed_event_is_told_to_come_as_it_is() {
    let rig = Rig::start().await;
    let send = async |encoding: &str, body: Vec<u8>| {
        let request = rig.request(Method::POST, "/event").header("content-type", "application/json");
        request.header("content-encoding", encoding).body(body).send().await.unwrap()
    };
    let plain = event("a").to_string().into_bytes();
    for encoding in ["gzip", "GZIP", "deflate", "br", "zstd", "identity, gzip", "chunked"] {
        // Whatever the bytes are, the header is what is wrong.
        for body in [plain.clone(), b"\x1f\x8b\x08\x00\x00".to_vec()] {
            let document = problem(send(encoding, body).await, 415).await;
            let detail = document["detail"].as_str().unwrap();
            assert!(detail.contains("Content-Encoding") && detail.contains("`identity`"), "{detail}");
            assert_eq!(locations(&document), ["header.Content-Encoding"]);
            assert_eq!(document["errors"][0]["value"], encoding);
        }
    }
    assert!(rig.server.is_empty());
    for encoding in ["identity", "Identity", ""] {
        assert_eq!(send(encoding, plain.clone()).await.status(), 200, "{encoding}");
    }
}

#[tokio::test]
async fn a_body_over_one_mebibyte_is_too_large() {
    let rig = Rig::start().await;
    let empty = json!({"identifier": "a", "payload": {"text": ""}}).to_string().len();
    let sized = |bytes: usize| json!({"identifier": "a", "payload": {"text": "x".repeat(bytes - empty)}});
    assert_eq!(rig.post(&sized(1 << 20)).await.status(), 200);
    problem(rig.post(&sized((1 << 20) + 1)).await, 413).await;
    problem(rig.post(&sized(8 << 20)).await, 413).await;
    assert_eq!(rig.server.len(), 1);
}

#[tokio::test]
async fn nobody_reads_or_writes_without_a_key() {
    let rig = Rig::start().await;
    let url = rig.server.url();
    problem(client().post(format!("{url}/event")).json(&event("a")).send().await.unwrap(), 401).await;
    for path in ["/events", "/traces", "/traces/t"] {
        problem(client().get(format!("{url}{path}")).send().await.unwrap(), 401).await;
    }
    for (name, value) in
        [("x-axonpush-api-key", " "), ("authorization", "Bearer "), ("authorization", "Basic abc"), ("x-api-key", "")]
    {
        let request = client().post(format!("{url}/event")).header(name, value).json(&event("a"));
        problem(request.send().await.unwrap(), 401).await;
    }
    assert_eq!(client().get(format!("{url}/healthz")).send().await.unwrap().status(), 200);
    assert!(rig.server.is_empty());
}

#[tokio::test]
async fn health_names_the_service_and_the_front_door_tells_how_to_connect() {
    let rig = Rig::start().await;
    let health: Value = rig.get_json("/healthz").await;
    assert_eq!(health, json!({"status": "ok", "service": "api", "version": env!("CARGO_PKG_VERSION")}));
    let welcome = rig.get("/").await.text().await.unwrap();
    assert!(welcome.contains("AXONPUSH_BASE_URL"));
}

#[tokio::test]
async fn an_unknown_path_and_a_wrong_method_are_problems_too() {
    let rig = Rig::start().await;
    for path in ["/nope", "/event/", "/events/1", "/traces/a/b"] {
        problem(rig.get(path).await, 404).await;
    }
    for (method, path) in
        [(Method::GET, "/event"), (Method::POST, "/events"), (Method::DELETE, "/traces"), (Method::PUT, "/healthz")]
    {
        let response = rig.request(method, path).send().await.unwrap();
        assert!(response.headers().contains_key("allow"), "{path}");
        problem(response, 405).await;
    }
}

#[tokio::test]
async fn only_loopback_names_are_answered() {
    let rig = Rig::start().await;
    let port = rig.server.addr().port();
    for path in ["/", "/healthz", "/events", "/traces", "/nope"] {
        for host in ["evil.example", "evil.example:4000", "10.0.0.1", "localhost.evil.example"] {
            problem(rig.request(Method::GET, path).header("host", host).send().await.unwrap(), 403).await;
        }
    }
    let refused = rig.request(Method::POST, "/event").header("host", "evil.example").json(&event("a"));
    problem(refused.send().await.unwrap(), 403).await;
    for host in [format!("localhost:{port}"), "127.0.0.1".to_owned(), "[::1]:9".to_owned(), "LocalHost".to_owned()] {
        let request = rig.request(Method::POST, "/event").header("host", host).json(&event("a"));
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
    assert_eq!(rig.server.request_count("POST", "/event"), 5);
}

#[tokio::test]
async fn a_page_of_another_origin_cannot_publish() {
    let rig = Rig::start().await;
    for origin in ["https://evil.example", "null", "http://127.0.0.1.evil.example"] {
        let request = rig.request(Method::POST, "/event").header("origin", origin).json(&event("a"));
        problem(request.send().await.unwrap(), 403).await;
    }
    let request = rig.request(Method::POST, "/event").header("origin", "http://localhost:3000").json(&event("a"));
    assert_eq!(request.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_plain_request_id_is_echoed_and_any_other_replaced() {
    let rig = Rig::start().await;
    let echo = async |id: &str| {
        let response = rig.request(Method::GET, "/nope").header("x-request-id", id).send().await.unwrap();
        response.headers()["x-request-id"].to_str().unwrap().to_owned()
    };
    assert_eq!(echo("req-1.A_b").await, "req-1.A_b");
    for odd in ["with space", "semi;colon", &"x".repeat(129)] {
        let fresh = echo(odd).await;
        assert!(uuid::Uuid::parse_str(&fresh).is_ok(), "{fresh}");
    }
}
