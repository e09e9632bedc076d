//! Batches that are taken, wholly or in part.

use axonpush_dev::DevServer;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde_json::json;

use super::{
    JSON, LOGS, PROTOBUF, SPAN_HEX, SPAN_ID, TRACE_HEX, TRACE_ID, TRACES, attribute, gzip, logs_json, logs_proto,
    span_json, spans_json, spans_proto, text,
};
use crate::rig::{Rig, client, event};

#[tokio::test]
async fn a_batch_is_there_for_the_very_next_read_in_the_order_it_was_sent() {
    let rig = Rig::start().await;
    let records: Vec<_> = (0..600).map(|index| json!({"eventName": index.to_string()})).collect();
    assert_eq!(rig.log(json!(records)).await, json!({}));
    assert_eq!(rig.server.len(), 600);
    let names: Vec<_> = rig.server.events().into_iter().map(|event| event.identifier).collect();
    assert_eq!(names, (0..600).map(|index| index.to_string()).collect::<Vec<_>>());
    assert_eq!(rig.search(&[("limit", "2")]).await, ["599", "598"]);
    assert_eq!(rig.server.request_count("POST", LOGS), 1);
    let mut ids: Vec<_> = rig.server.events().into_iter().map(|event| event.event_id).collect();
    ids.dedup();
    assert_eq!(ids.len(), 600);
    assert!(ids.iter().all(|id| uuid::Uuid::parse_str(id).unwrap().get_version_num() == 7));
}

#[tokio::test]
async fn both_doors_are_told_apart_by_their_source() {
    let rig = Rig::start().await;
    rig.publish(event("published")).await;
    rig.log(json!([{"eventName": "logged"}])).await;
    rig.trace(json!([span_json("traced")])).await;
    assert_eq!(rig.search(&[("source", "otlp")]).await, ["traced", "logged"]);
    assert_eq!(rig.search(&[("source", "app")]).await, ["published"]);
    assert_eq!(rig.search(&[("channelId", "orders"), ("eventType", "app.span")]).await, ["traced"]);
    let sources: Vec<_> = rig.server.events().into_iter().map(|event| event.source).collect();
    assert_eq!(sources, ["app", "otlp", "otlp"]);
}

#[tokio::test]
async fn an_empty_request_is_answered_like_any_other() {
    let rig = Rig::start().await;
    for (path, body) in
        [(LOGS, "{}"), (TRACES, "{}"), (LOGS, r#"{"resourceLogs":[]}"#), (LOGS, r#"{"resourceLogs":null}"#)]
    {
        let response = rig.send(path, JSON, body).await;
        assert_eq!((response.status(), response.text().await.unwrap().as_str()), (reqwest::StatusCode::OK, "{}"));
    }
    let response = rig.send(TRACES, PROTOBUF, "").await;
    assert_eq!(response.status(), 200);
    assert!(response.bytes().await.unwrap().is_empty());
    assert!(rig.server.is_empty());
}

#[tokio::test]
async fn gzip_is_taken_in_both_encodings() {
    let rig = Rig::start().await;
    let named = |name: &str| LogRecord { event_name: name.to_owned(), ..Default::default() };
    let bodies = [
        (JSON, "gzip", gzip(logs_json(&json!([{"eventName": "json"}])).to_string().as_bytes())),
        (PROTOBUF, "GZIP", gzip(&logs_proto(vec![named("protobuf")]))),
        (JSON, "identity", logs_json(&json!([{"eventName": "plain"}])).to_string().into_bytes()),
        (PROTOBUF, "x-gzip", [gzip(b""), gzip(&logs_proto(vec![named("members")]))].concat()),
    ];
    for (content_type, encoding, body) in bodies {
        let response = rig.otlp(LOGS, content_type).header("Content-Encoding", encoding).body(body).send().await;
        assert_eq!(response.unwrap().status(), 200, "{encoding}");
    }
    assert_eq!(rig.search(&[]).await, ["members", "plain", "protobuf", "json"]);
}

#[tokio::test]
async fn unknown_fields_are_ignored_at_every_depth() {
    let rig = Rig::start().await;
    let odd = json!({"deep": [{"er": null}]});
    let request = json!({"future": odd, "resourceSpans": odd, "resourceLogs": [{
        "future": odd, "resource": {"future": odd, "entityRefs": [odd]},
        "scopeLogs": [{"future": odd, "scope": {"future": odd}, "logRecords": [{
            "future": odd, "eventName": "known", "time_unix_nano": "5", "body": {"futureValue": odd},
            "attributes": [{"future": odd, "key": "k", "value": {"stringValue": "v", "futureValue": odd}}],
        }]}],
    }]});
    assert_eq!(rig.send(LOGS, JSON, request.to_string()).await.status(), 200);
    let stored = rig.only_event();
    assert_eq!(stored.attribute("k"), Some(&json!("v")));
    assert!(!String::from_utf8_lossy(&stored.body).contains("deep"));
    // Field 99, a length of three.
    let mut protobuf = logs_proto(vec![LogRecord { body: Some(text("x")), ..Default::default() }]);
    protobuf.extend_from_slice(&[0x9a, 0x06, 3, 1, 2, 3]);
    assert_eq!(rig.send(LOGS, PROTOBUF, protobuf).await.status(), 200);
    assert_eq!(rig.server.len(), 2);
}

#[tokio::test]
async fn records_that_are_invalid_are_counted_and_the_others_stored() {
    let rig = Rig::start().await;
    let answer = rig
        .log(json!([
            {"eventName": "a"},
            {"traceId": "abcd"},
            {"eventName": "b", "traceId": TRACE_HEX},
            {"traceId": TRACE_HEX, "spanId": "ab"},
        ]))
        .await;
    assert_eq!(
        answer,
        json!({"partialSuccess": {"rejectedLogRecords": "2", "errorMessage":
            "record 1: the trace id is not 16 bytes long; record 3: the span id is not 8 bytes long"}})
    );
    assert_eq!(rig.search(&[]).await, ["b", "a"]);

    let mut spans = vec![span_json("fine"); 6];
    spans[1]["name"] = json!("");
    spans[2]["traceId"] = json!("00000000000000000000000000000000");
    spans[3].as_object_mut().unwrap().remove("spanId");
    spans[4]["spanId"] = json!("abcd");
    spans[5]["parentSpanId"] = json!("abcd");
    let answer = rig.trace(json!(spans)).await;
    assert_eq!(answer["partialSuccess"]["rejectedSpans"], "5");
    let message = answer["partialSuccess"]["errorMessage"].as_str().unwrap();
    for reason in ["record 1: the span has no name", "record 2: the trace id is missing", "record 3", "; and more"] {
        assert!(message.contains(reason), "{message}");
    }
    assert_eq!(rig.search(&[]).await, ["fine", "b", "a"]);
}

#[tokio::test]
async fn a_partial_success_is_told_in_protobuf_too() {
    let rig = Rig::start().await;
    let short = LogRecord { trace_id: vec![1; 8], ..Default::default() };
    let response = rig.send(LOGS, PROTOBUF, logs_proto(vec![short, LogRecord::default()])).await;
    assert_eq!(response.headers()["content-type"], PROTOBUF);
    let answer = ExportLogsServiceResponse::decode(response.bytes().await.unwrap()).unwrap();
    let partial = answer.partial_success.unwrap();
    assert_eq!(partial.rejected_log_records, 1);
    assert_eq!(partial.error_message, "record 0: the trace id is not 16 bytes long");
    assert_eq!(rig.server.len(), 1);

    let nameless = Span { trace_id: TRACE_ID.to_vec(), span_id: SPAN_ID.to_vec(), ..Default::default() };
    let response = rig.send(TRACES, PROTOBUF, spans_proto(vec![nameless])).await;
    assert_eq!(response.status(), 200);
    let answer = ExportTraceServiceResponse::decode(response.bytes().await.unwrap()).unwrap();
    assert_eq!(answer.partial_success.unwrap().rejected_spans, 1);
    assert_eq!(rig.server.len(), 1);
}

#[tokio::test]
async fn a_batch_that_is_sent_again_stores_nothing_twice() {
    let rig = Rig::start().await;
    let keyed = |key: &str| json!({"attributes": [attribute("axonpush.dedup_key", "stringValue", key)]});
    let batch = json!([keyed("a"), keyed("b"), keyed("b"), keyed("")]);
    assert_eq!(rig.log(batch.clone()).await, json!({}));
    assert_eq!((rig.server.len(), rig.server.duplicates()), (3, 1));
    assert_eq!(rig.log(batch).await, json!({}));
    assert_eq!((rig.server.len(), rig.server.duplicates()), (4, 4));
    let stored = &rig.server.events()[0];
    assert_eq!(stored.dedup_key.as_deref(), Some("a"));
    assert_eq!(stored.attribute("axonpush.dedup_key"), Some(&json!("a")));
    // The key is one for both doors.
    rig.publish(json!({"identifier": "x", "payload": {}, "dedupKey": "a"})).await;
    assert_eq!(rig.server.duplicates(), 5);
}

#[tokio::test]
async fn a_key_is_taken_from_every_header_in_any_case_and_needs_no_tenant() {
    let rig = Rig::start().await;
    let headers = [
        ("x-axonpush-api-key", "ak_1"),
        ("X-API-KEY", "ak_1"),
        ("x-api-key", "pt_1"),
        ("X-Public-Token", "pt_1"),
        ("AUTHORIZATION", "Bearer jwt"),
    ];
    for (name, value) in headers {
        let request = client().post(format!("{}{LOGS}", rig.server.url())).header(name, value);
        let request =
            request.header("x-AXONPUSH-channel", " orders ").header("Content-Type", "Application/JSON; charset=utf-8");
        let response = request.body(logs_json(&json!([{}])).to_string()).send().await.unwrap();
        assert_eq!(response.status(), 200, "{name}");
    }
    assert_eq!(rig.server.len(), headers.len());
    assert!(rig.server.events().iter().all(|event| event.channel_id == "orders" && event.org_id == "org_dev"));
}

#[tokio::test]
async fn the_oldest_of_a_batch_leave_when_there_is_no_room_for_all() {
    let rig = Rig::with(DevServer::builder().max_events(10).start().await.unwrap());
    let spans: Vec<_> = (0..100).map(|index| span_json(&format!("s{index}"))).collect();
    let response = rig.send(TRACES, JSON, spans_json(&json!(spans)).to_string()).await;
    assert_eq!(response.status(), 200);
    assert_eq!((rig.server.len(), rig.server.evicted()), (10, 90));
    assert_eq!(rig.search(&[("traceId", TRACE_HEX), ("limit", "1")]).await, ["s99"]);
    assert_eq!(rig.server.events()[0].span_id.as_deref(), Some(SPAN_HEX));
}
