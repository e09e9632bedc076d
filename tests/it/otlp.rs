//! The batch lane: logs and spans as OTLP, in either encoding, with nothing of them lost.

use std::time::{Duration, SystemTime};

use axonpush::{
    AxonPush, BatchPolicy, Compression, DeliveryLane, DeliveryPolicy, Event, EventType, LogPayload, LossReason,
    OtlpFormat, RequestContext, Severity, SpanKind, SpanPayload, SpanStatus,
};
use axonpush_dev::{Answer, DevServer, StoredEvent};
use rig::{PATIENCE, server, settings};
use serde_json::{Value, json};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn batches() -> DeliveryPolicy {
    DeliveryPolicy::new().logs(DeliveryLane::Otlp).spans(DeliveryLane::Otlp)
}

fn client_with(server: &DevServer, delivery: DeliveryPolicy) -> AxonPush {
    settings(server).channel_id("c-1").delivery(delivery).build().unwrap()
}

fn client(server: &DevServer, format: OtlpFormat, batch: BatchPolicy) -> AxonPush {
    client_with(server, batches().otlp_format(format).batch(batch))
}

fn log(body: &str) -> Event {
    let time = SystemTime::UNIX_EPOCH + Duration::from_nanos(1_795_251_065_337_636_978);
    let record = LogPayload::new(body)
        .severity(Severity::Error)
        .time(time)
        .attribute("n", -7)
        .attribute("f", 1.5)
        .attribute("ok", true)
        .attribute("nested", json!({"a": [1, "two", null], "b": {}}))
        .attribute("quote\"d", "a \"b\"\n");
    Event::log("billing", record)
        .dedup_key(format!("k-{body}"))
        .agent_id("researcher")
        .metadata(&json!({"framework": "none"}))
        .unwrap()
}

fn span() -> Event {
    let start = SystemTime::UNIX_EPOCH + Duration::from_nanos(1_795_251_065_000_000_001);
    let span = SpanPayload::new("SELECT", TRACE, "00f067aa0ba902b7", start, start + Duration::from_millis(3))
        .parent_span_id("00f067aa0ba902b8")
        .kind(SpanKind::Client)
        .status(SpanStatus::Error("gone".into()))
        .attribute("db.system.name", "postgresql");
    Event::new("SELECT")
        .event_type(EventType::AppSpan)
        .dedup_key("k-span")
        .trace_id(TRACE)
        .span_id("00f067aa0ba902b7")
        .parent_span_id("00f067aa0ba902b8")
        .payload(&span)
        .unwrap()
}

/// What of a stored event must not depend on the encoding.
fn essence(event: &StoredEvent) -> Value {
    json!({
        "type": event.event_type, "identifier": event.identifier, "channel": event.channel_id, "source": event.source,
        "trace": event.trace_id, "span": event.span_id, "parent": event.parent_span_id, "dedup": event.dedup_key,
        "payload": event.payload,
    })
}

#[tokio::test]
async fn every_encoding_gives_the_same_events() {
    let mut seen = Vec::new();
    for (format, compression) in [
        (OtlpFormat::Json, Compression::None),
        (OtlpFormat::Protobuf, Compression::None),
        (OtlpFormat::Json, Compression::Gzip),
        (OtlpFormat::Protobuf, Compression::Gzip),
    ] {
        let server = server();
        let client = client_with(&server, batches().otlp_format(format).otlp_compression(compression));
        let context =
            RequestContext::builder().parent(format!("00-{TRACE}-00f067aa0ba902b7-01").parse().unwrap()).build();
        context.sync_scope(|| client.events().enqueue(log("in a request")));
        client.events().enqueue(log("alone"));
        client.events().enqueue(span());
        assert!(client.shutdown(PATIENCE).await.is_complete());
        let events = server.events();
        assert_eq!((server.request_count("POST", "/v1/logs"), server.request_count("POST", "/v1/traces")), (1, 1));
        let by_key = |key: &str| events.iter().find(|event| event.dedup_key.as_deref() == Some(key)).unwrap();
        assert_eq!(by_key("k-in a request").trace_id.as_deref(), Some(TRACE));
        assert_eq!(by_key("k-in a request").attribute("request.id").unwrap(), context.request_id().as_str());
        let alone = by_key("k-alone");
        assert_eq!((alone.attribute("n"), alone.attribute("f")), (Some(&json!(-7)), Some(&json!(1.5))));
        assert_eq!(alone.attribute("nested"), Some(&json!({"a": [1, "two", null], "b": {}})));
        assert_eq!(alone.attribute("quote\"d"), Some(&json!("a \"b\"\n")));
        assert_eq!(alone.attribute("axonpush.agent_id"), Some(&json!("researcher")));
        assert_eq!(alone.payload["timeUnixNano"], "1795251065337636978");
        let span = by_key("k-span");
        assert_eq!(span.payload["status"], json!({"code": 2, "message": "gone"}));
        assert_eq!((span.event_type.as_str(), span.source.as_str()), ("app.span", "otlp"));
        seen.push([essence(alone), essence(span)]);
    }
    assert!(seen.iter().all(|events| *events == seen[0]));
}

#[tokio::test]
async fn events_that_are_no_logs_or_spans_still_go_one_by_one() {
    let server = server();
    let client = client(&server, OtlpFormat::Json, BatchPolicy::new());
    client.events().enqueue(Event::new("order.placed"));
    client.events().enqueue(log("x"));
    assert!(client.flush(PATIENCE).await.is_complete());
    assert_eq!((server.request_count("POST", "/event"), server.request_count("POST", "/v1/logs")), (1, 1));
}

#[tokio::test]
async fn a_lonely_record_leaves_on_age() {
    let server = server();
    let client = client(&server, OtlpFormat::Json, BatchPolicy::new().max_age(Duration::from_millis(50)));
    client.events().enqueue(log("x"));
    assert_eq!(server.wait_for_events(1, PATIENCE).await.len(), 1);
}

#[tokio::test]
async fn a_batch_that_is_too_large_is_halved_until_it_fits() {
    let server = DevServer::builder().max_batch(10).start().await.unwrap();
    let client = client(&server, OtlpFormat::Json, BatchPolicy::new());
    for i in 0..64 {
        client.events().enqueue(log(&i.to_string()));
    }
    let report = client.flush(PATIENCE).await;
    assert!(report.is_complete(), "{report}");
    assert_eq!((client.stats().delivered(), server.len()), (64, 64));
}

#[tokio::test]
async fn a_retried_batch_is_stored_once() {
    let server = server();
    let client = client(&server, OtlpFormat::Protobuf, BatchPolicy::new());
    server.script_otlp(Answer::store_then(Answer::close_connection()));
    for i in 0..20 {
        client.events().enqueue(log(&i.to_string()));
    }
    assert!(client.flush(PATIENCE).await.is_complete());
    assert_eq!(server.len(), 20);
    assert!(server.duplicates() > 0, "the first batch really came twice");
}

#[tokio::test]
async fn records_the_server_turns_down_are_counted_as_lost() {
    let server = server();
    let client = client(&server, OtlpFormat::Json, BatchPolicy::new());
    let body = r#"{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"no"}}"#;
    server.script_otlp(Answer::status(200).header("content-type", "application/json").body(body));
    for i in 0..5 {
        client.events().enqueue(log(&i.to_string()));
    }
    assert_eq!(client.flush(PATIENCE).await.left(), 0);
    // How many of the five went into the first batch is a matter of timing.
    let stats = client.stats();
    assert_eq!(stats.delivered() + stats.lost().of(LossReason::Rejected), 5);
    assert!((1..=2).contains(&stats.lost().total()), "{stats}");
    assert!(client.stats().is_balanced());
}

#[test]
fn the_batch_lane_without_a_channel_is_refused() {
    let server = server();
    let delivery = DeliveryPolicy::new().logs(DeliveryLane::Otlp);
    let error = settings(&server).delivery(delivery).build().unwrap_err();
    assert!(error.is_config() && error.to_string().contains("AXONPUSH_CHANNEL_ID"), "{error}");
}
