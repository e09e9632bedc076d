//! What a record becomes.

use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

use super::{JSON, LOGS, SPAN_HEX, TRACE_HEX, attribute, span_json};
use crate::rig::{Rig, names};

#[tokio::test]
async fn a_log_record_becomes_an_event_of_the_contract() {
    let rig = Rig::start().await;
    let request = json!({"resourceLogs": [{
        "resource": {"attributes": [attribute("service.name", "stringValue", "shop"),
                                    attribute("deployment.environment.name", "stringValue", "staging")]},
        "scopeLogs": [{"logRecords": [{
            "timeUnixNano": "1544712660300000000", "severityNumber": 17, "severityText": "ERROR",
            "body": {"stringValue": "card declined"}, "traceId": TRACE_HEX, "spanId": SPAN_HEX,
            "attributes": [attribute("logger.name", "stringValue", "shop.pay"), attribute("retries", "intValue", "3")],
        }]}],
    }]});
    assert_eq!(rig.send(LOGS, JSON, request.to_string()).await.status(), 200);
    let stored = rig.only_event();
    assert_eq!((stored.identifier.as_str(), stored.event_type.as_str()), ("shop.pay", "app.log"));
    assert_eq!((stored.channel_id.as_str(), stored.source.as_str()), ("orders", "otlp"));
    assert_eq!(stored.trace_id.as_deref(), Some(TRACE_HEX));
    assert_eq!(stored.span_id.as_deref(), Some(SPAN_HEX));
    assert_eq!(stored.occurred_at, UNIX_EPOCH + Duration::from_millis(1_544_712_660_300));
    assert_eq!(stored.attribute("retries"), Some(&json!(3)));
    assert_eq!(
        stored.payload,
        json!({
            "severityNumber": 17, "severityText": "ERROR", "body": "card declined",
            "timeUnixNano": "1544712660300000000",
            "attributes": {"logger.name": "shop.pay", "retries": 3},
            "resource": {"service.name": "shop", "deployment.environment.name": "staging"},
        })
    );
    let shown = &rig.get_json("/events").await["events"][0];
    for (field, value) in [
        ("source", "otlp"),
        ("serviceName", "shop"),
        ("environmentId", "staging"),
        ("semanticKind", "log"),
        ("status", "error"),
        ("operationName", "shop.pay"),
        ("traceId", TRACE_HEX),
        ("occurredAt", "2018-12-13T14:51:00.3Z"),
    ] {
        assert_eq!(shown[field], value, "{field}");
    }
}

#[tokio::test]
async fn the_body_of_a_stored_record_is_the_event_it_became() {
    let rig = Rig::start().await;
    rig.log(json!([{"traceId": TRACE_HEX, "attributes": [attribute("axonpush.dedup_key", "stringValue", "k")]}])).await;
    let stored = rig.only_event();
    let body: Value = serde_json::from_slice(&stored.body).unwrap();
    assert_eq!(
        body,
        json!({"identifier": "log", "channel_id": "orders", "eventType": "app.log", "traceId": TRACE_HEX,
               "dedupKey": "k", "payload": stored.payload})
    );
    // So it could be published again as it is.
    assert_eq!(rig.post(&body).await.status(), 200);
    assert_eq!(rig.server.duplicates(), 1);
    assert_eq!(stored.header("x-axonpush-channel"), Some("orders"));
    assert_eq!(stored.header("x-axonpush-api-key"), Some("[REDACTED]"));
}

#[tokio::test]
async fn a_log_record_is_named_by_what_names_it_best() {
    let named = |name: &str| attribute(name, "stringValue", name);
    let rows = [
        ("field", json!({"eventName": "field", "attributes": [named("event.name")]}), "scope"),
        ("event.name", json!({"attributes": [named("event.name"), named("logger.name")]}), "scope"),
        ("scope", json!({"attributes": [named("logger.name"), attribute("event.name", "intValue", 7)]}), "scope"),
        ("logger.name", json!({"attributes": [named("logger.name")]}), ""),
        ("log", json!({"body": {"stringValue": "hello"}}), ""),
    ];
    for (expected, record, scope) in rows {
        let rig = Rig::start().await;
        let request =
            json!({"resourceLogs": [{"scopeLogs": [{"scope": {"name": scope}, "logRecords": [record]}]}]}).to_string();
        assert_eq!(rig.send(LOGS, JSON, request).await.status(), 200);
        assert_eq!(rig.only_event().identifier, expected);
    }
}

#[tokio::test]
async fn a_log_record_happened_when_it_says_or_was_observed_or_arrived() {
    let rig = Rig::start().await;
    rig.log(json!([
        {"timeUnixNano": "1000000000", "observedTimeUnixNano": "2000000000"},
        {"timeUnixNano": "0", "observedTimeUnixNano": "2000000000"},
        {},
    ]))
    .await;
    let events = rig.server.events();
    let seconds = |index: usize| events[index].occurred_at.duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert_eq!((seconds(0), seconds(1)), (1, 2));
    assert_eq!(events[1].payload.get("timeUnixNano"), None);
    assert_eq!(events[2].occurred_at, events[2].created_at);
}

#[tokio::test]
async fn the_kind_of_a_span_is_counted_as_the_api_counts_it() {
    let rig = Rig::start().await;
    let spans: Vec<_> = (-1..=6)
        .map(|kind| {
            let mut span = span_json("s");
            span["kind"] = json!(kind);
            span
        })
        .collect();
    rig.trace(json!(spans)).await;
    let kinds: Vec<_> = rig.server.events().iter().map(|event| event.payload["kind"].clone()).collect();
    assert_eq!(json!(kinds), json!([0, 0, 0, 1, 2, 3, 4, 5]));
}

#[tokio::test]
async fn spans_are_found_as_a_trace() {
    let rig = Rig::start().await;
    let span = |name: &str, id: &str, parent: &str, start: u64, end: u64| {
        json!({"traceId": TRACE_HEX, "spanId": id, "parentSpanId": parent, "name": name,
               "startTimeUnixNano": start.to_string(), "endTimeUnixNano": end.to_string()})
    };
    let mut failed = span("charge", "00000000000000b2", "00000000000000a1", 2_000_000, 3_000_000);
    failed["status"] = json!({"code": 2, "message": "declined"});
    rig.trace(json!([failed, span("checkout", "00000000000000a1", "", 1_000_000, 5_000_000)])).await;

    let list = rig.get_json("/traces?source=otlp").await;
    let trace = &list["traces"][0];
    assert_eq!(trace["traceId"], TRACE_HEX);
    assert_eq!((&trace["rootSpanName"], &trace["spanCount"]), (&json!("checkout"), &json!(2)));
    assert_eq!((&trace["durationMs"], &trace["outcome"]), (&json!(4.0), &json!("error")));
    let detail = rig.get_json(&format!("/traces/{TRACE_HEX}")).await;
    assert_eq!(names(&detail["spans"], "operationName"), ["checkout", "charge"]);
    assert_eq!(detail["spans"][1]["parentSpanId"], "00000000000000a1");
    assert_eq!(detail["spans"][1]["errorMessage"], "declined");
    assert_eq!(detail["spans"][1]["durationMs"], 1.0);
    assert!(detail["spans"][0].get("parentSpanId").is_none());
}

#[tokio::test]
async fn a_link_keeps_whatever_ids_it_has() {
    let rig = Rig::start().await;
    let mut span = span_json("s");
    span["links"] = json!([{"traceId": "00000000000000000000000000000000", "spanId": ""}, {"traceId": "AB"}]);
    assert_eq!(rig.trace(json!([span])).await, json!({}));
    let links = &rig.only_event().payload["links"];
    assert_eq!(links[0]["traceId"], "00000000000000000000000000000000");
    assert_eq!((&links[0]["spanId"], &links[1]["traceId"]), (&json!(""), &json!("ab")));
}
