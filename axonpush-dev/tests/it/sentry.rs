//! Envelopes of Sentry's SDKs become events.

use std::io::Write;

use axonpush_dev::{DevServer, StoredEvent};
use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::rig::{Rig, client, event, problem};

const AUTH: &str = "Sentry sentry_key=ak_dev, sentry_version=7, sentry_client=test/1";

fn envelope(items: &[(&str, Value)]) -> String {
    let mut text = json!({"event_id": "9ec79c33ec9942ab8353589fcb2e04dc"}).to_string();
    for (kind, payload) in items {
        let payload = payload.to_string();
        let header = json!({"type": kind, "length": payload.len()}).to_string();
        text.extend(["\n", &header, "\n", &payload]);
    }
    text
}

/// A request without any key.
fn request(server: &DevServer, path: &str) -> RequestBuilder {
    client().post(format!("{}{path}", server.url())).header("content-type", "application/x-sentry-envelope")
}

async fn send(rig: &Rig, items: &[(&str, Value)]) {
    let request = request(&rig.server, "/api/orders/envelope/").header("x-sentry-auth", AUTH);
    let response = request.body(envelope(items)).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.json::<Value>().await.unwrap(), json!({"id": "9ec79c33ec9942ab8353589fcb2e04dc"}));
}

fn error() -> Value {
    json!({
        "event_id": "9ec79c33ec9942ab8353589fcb2e04dc", "timestamp": 1_700_000_000.25, "level": "fatal",
        "transaction": "/checkout", "release": "shop@1.2", "environment": "staging", "server_name": "host-1",
        "tags": {"region": "eu"}, "user": {"id": "u1"}, "extra": {"order": 17},
        "contexts": {"trace": {"trace_id": "5b8efff798038103d269b633813fc60c", "span_id": "eee19b7ec3c1b174"}},
        "exception": {"values": [
            {"type": "KeyError", "value": "card"},
            {"type": "Declined", "value": "no funds", "stacktrace": {"frames": [
                {"filename": "main.py", "abs_path": "/app/main.py", "function": "main", "lineno": 3, "in_app": true},
                {"filename": "pay.py", "function": "pay", "lineno": 9, "in_app": false, "context_line": "raise"},
            ]}},
        ]},
        "breadcrumbs": {"values": [{"category": "cart", "message": "loaded", "timestamp": "2023-11-14T22:13:19Z"}]},
    })
}

fn named(rig: &Rig, identifier: &str) -> StoredEvent {
    let mut found = rig.server.find_events(|event| event.identifier == identifier);
    assert_eq!(found.len(), 1, "{identifier}");
    found.remove(0)
}

#[tokio::test]
async fn an_exception_becomes_an_error_with_all_that_was_told() {
    let rig = Rig::start().await;
    send(&rig, &[("event", error())]).await;
    let stored = named(&rig, "/checkout");
    assert_eq!((stored.event_type.as_str(), stored.source.as_str()), ("agent.error", "sentry"));
    assert_eq!((stored.channel_id.as_str(), stored.environment_id.as_deref()), ("orders", Some("staging")));
    assert_eq!(stored.trace_id.as_deref(), Some("5b8efff798038103d269b633813fc60c"));
    assert_eq!(stored.span_id.as_deref(), Some("eee19b7ec3c1b174"));
    let at = stored.occurred_at.duration_since(std::time::UNIX_EPOCH).unwrap();
    assert_eq!(at.as_millis(), 1_700_000_000_250);
    for (name, value) in [
        ("exception.type", json!("Declined")),
        ("exception.message", json!("no funds")),
        ("user.id", json!("u1")),
        ("region", json!("eu")),
    ] {
        assert_eq!(stored.attribute(name), Some(&value), "{name}");
    }
    assert_eq!(stored.payload["severityText"], "FATAL");
    assert_eq!(stored.payload["extra"], json!({"order": 17}));
    assert_eq!(stored.payload["exceptions"].as_array().unwrap().len(), 2);
    assert_eq!(stored.resource("service.version"), Some(&json!("shop@1.2")));

    let issue = &rig.get_json("/errors").await["issues"][0];
    assert_eq!(issue["title"], "Declined: no funds");
    let detail = rig.get_json(&format!("/errors/{}", issue["fingerprint"].as_str().unwrap())).await;
    assert_eq!(detail["stack"][0], json!({"file": "/app/main.py", "function": "main", "line": 3, "inApp": true}));
    assert_eq!(detail["stack"][1]["contextLine"], "raise");
    let crumb =
        json!({"category": "cart", "message": "loaded", "timestamp": "2023-11-14T22:13:19Z", "synthesized": false});
    assert_eq!(detail["breadcrumbs"], json!([crumb]));
    assert_eq!(rig.search(&[("source", "sentry"), ("errorType", "Declined")]).await, ["/checkout"]);
}

#[tokio::test]
async fn the_same_event_sent_again_is_stored_once() {
    let rig = Rig::start().await;
    send(&rig, &[("event", error())]).await;
    send(&rig, &[("event", error())]).await;
    assert_eq!((rig.server.len(), rig.server.duplicates()), (1, 1));
}

#[tokio::test]
async fn a_message_becomes_a_log_record() {
    let rig = Rig::start().await;
    let message = json!({"level": "warning", "logger": "shop.pay", "tags": [["region", "eu"]],
                         "logentry": {"message": "card %s declined", "formatted": "card 17 declined"}});
    send(&rig, &[("event", message), ("event", json!({"message": "plain"}))]).await;
    let stored = named(&rig, "shop.pay");
    assert_eq!(stored.event_type, "app.log");
    assert_eq!((&stored.payload["body"], &stored.payload["severityNumber"]), (&json!("card 17 declined"), &json!(13)));
    assert_eq!(stored.attribute("sentry.message.template"), Some(&json!("card %s declined")));
    assert_eq!(stored.attribute("region"), Some(&json!("eu")));
    assert_eq!(named(&rig, "sentry").payload["body"], "plain");
}

#[tokio::test]
async fn a_transaction_becomes_its_spans() {
    let rig = Rig::start().await;
    let trace = "5b8efff798038103d269b633813fc60c";
    let transaction = json!({
        "type": "transaction", "transaction": "GET /cart", "start_timestamp": 1_000, "timestamp": 1_002.5,
        "contexts": {"trace": {"trace_id": trace, "span_id": "00000000000000a1", "op": "http.server", "status": "ok"}},
        "spans": [{"trace_id": trace, "span_id": "00000000000000b2", "parent_span_id": "00000000000000a1", "op": "db",
                   "description": "SELECT 1", "start_timestamp": 1_001, "timestamp": "1970-01-01T00:16:42Z",
                   "status": "internal_error", "data": {"db.system": "sqlite"}}],
    });
    send(&rig, &[("transaction", transaction)]).await;
    let detail = rig.get_json(&format!("/traces/{trace}")).await;
    let shown = |index: usize, field: &str| detail["spans"][index][field].clone();
    assert_eq!((shown(0, "operationName"), shown(1, "operationName")), (json!("GET /cart"), json!("SELECT 1")));
    assert_eq!((shown(0, "durationMs"), shown(1, "durationMs")), (json!(2_500.0), json!(1_000.0)));
    assert_eq!((shown(0, "status"), shown(1, "status")), (json!("ok"), json!("error")));
    assert_eq!((shown(1, "parentSpanId"), shown(1, "semanticKind")), (json!("00000000000000a1"), json!("db")));
    assert_eq!(shown(1, "errorMessage"), "internal_error");
    assert_eq!(named(&rig, "GET /cart").attribute("sentry.op"), Some(&json!("http.server")));
}

#[tokio::test]
async fn logs_and_feedback_become_events_and_the_rest_is_forgotten() {
    let rig = Rig::start().await;
    let logs = json!({"items": [{"timestamp": 1_000.0, "level": "info", "body": "paid", "trace_id": "t",
                                 "attributes": {"order": {"value": 17, "type": "integer"}}}]});
    let report = json!({"event_id": "e1", "name": "Ada", "email": "a@example.com", "comments": "it broke"});
    let feedback = json!({"contexts": {"feedback": {"message": "nice", "contact_email": "b@example.com"}}});
    let items = [
        ("log", logs),
        ("user_report", report),
        ("feedback", feedback),
        ("session", json!({"sid": "s"})),
        ("client_report", json!({})),
        ("unheard_of", json!(7)),
    ];
    send(&rig, &items).await;
    let log = named(&rig, "log");
    assert_eq!((log.attribute("order"), &log.payload["body"]), (Some(&json!(17)), &json!("paid")));
    let said = rig.server.find_events(|event| event.event_type == "user.feedback");
    let bodies: Vec<_> = said.iter().map(|event| event.payload["body"].clone()).collect();
    assert_eq!(bodies, [json!("it broke"), json!("nice")]);
    assert_eq!(said[0].attribute("sentry.event_id"), Some(&json!("e1")));
    assert_eq!(rig.server.len(), 3);
}

#[tokio::test]
async fn a_key_is_taken_from_wherever_sdks_put_it() {
    let rig = Rig::start().await;
    let body = json!({"message": "m"}).to_string();
    let path = "/api/1/store/";
    problem(request(&rig.server, path).body(body.clone()).send().await.unwrap(), 401).await;
    let with = |name: &str, value: &str| request(&rig.server, path).header(name, value);
    for request in [
        with("x-sentry-auth", AUTH),
        with("authorization", "DSN http://ak_dev@127.0.0.1/1"),
        with("authorization", "Sentry sentry_key=ak_dev"),
        with("x-axonpush-api-key", "ak_dev"),
        request(&rig.server, "/api/1/store?sentry_key=ak_dev&sentry_version=7"),
    ] {
        assert_eq!(request.body(body.clone()).send().await.unwrap().status(), 200);
    }
    assert_eq!(rig.server.len(), 5);
    let masked = rig.server.requests();
    let masked = masked.iter().find_map(|request| request.header("x-sentry-auth")).unwrap();
    assert_eq!(masked, "[REDACTED]");
}

#[tokio::test]
async fn a_public_token_publishes_to_its_channel_only() {
    let rig = Rig::start().await;
    let token = json!({"name": "t", "channelId": "default", "environmentId": "development"});
    let token = rig.ask(Method::POST, "/public-ingest-tokens", token, 201).await;
    let auth = |key: &str| format!("Sentry sentry_key={key}");
    let send = async |channel: &str, key: &str| {
        let request = request(&rig.server, &format!("/api/{channel}/store/")).header("x-sentry-auth", auth(key));
        request.body(json!({"message": "m"}).to_string()).send().await.unwrap()
    };
    let key = token["token"].as_str().unwrap();
    assert_eq!(send("default", key).await.status(), 200);
    assert_eq!(rig.server.events()[0].environment_id.as_deref(), Some("development"));
    problem(send("other", key).await, 403).await;
    problem(send("default", "pt_foreign").await, 401).await;
}

#[tokio::test]
async fn an_envelope_may_be_compressed_and_must_be_whole() {
    let rig = Rig::start().await;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(envelope(&[("event", error())]).as_bytes()).unwrap();
    let packed = encoder.finish().unwrap();
    let send = async |body: Vec<u8>, coding: &str| {
        let request = request(&rig.server, "/api/1/envelope/").header("x-sentry-auth", AUTH);
        request.header("content-encoding", coding).body(body).send().await.unwrap()
    };
    assert_eq!(send(packed.clone(), "gzip").await.status(), 200);
    problem(send(packed[..packed.len() / 2].to_vec(), "gzip").await, 400).await;
    problem(send(packed, "br").await, 415).await;
    let torn = envelope(&[("event", error())]);
    problem(send(torn.as_bytes()[..torn.len() - 9].to_vec(), "identity").await, 400).await;
    problem(send(envelope(&[("event", json!([1]))]).into_bytes(), "identity").await, 400).await;
    problem(send(b"nonsense".to_vec(), "").await, 400).await;
    problem(send(vec![b'x'; (16 << 20) + 1], "").await, 413).await;
    rig.publish(event("still here")).await;
    assert_eq!(rig.server.len(), 2);
}
