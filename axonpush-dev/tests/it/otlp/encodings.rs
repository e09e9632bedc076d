//! JSON and protobuf say the same things.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValueList, any_value::Value as Kind,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span};
use prost::Message;
use serde_json::{Value, json};

use super::{
    JSON, LOGS, PROTOBUF, SPAN_HEX, SPAN_ID, TRACE_HEX, TRACE_ID, TRACES, any, attribute, entry, logs_json, logs_proto,
    spans_json, spans_proto, text, told,
};
use crate::rig::Rig;

const AT: u64 = 1_544_712_660_123_456_789;

/// Asserts that both encodings of a request are stored as the same events, and returns one of each.
async fn check_equal(path: &str, json: Value, protobuf: Vec<u8>) -> Value {
    let rig = Rig::start().await;
    for (content_type, body) in [(JSON, json.to_string().into_bytes()), (PROTOBUF, protobuf)] {
        let response = rig.send(path, content_type, body).await;
        assert_eq!(response.status(), 200, "{json}");
        assert_eq!(response.headers()["content-type"], content_type);
        let answer = response.bytes().await.unwrap();
        assert_eq!(&answer[..], if content_type == JSON { b"{}".as_slice() } else { b"" }, "{json}");
    }
    let mut events: Vec<_> = rig.server.events().iter().map(told).collect();
    // Without a time it happened when it arrived, and that is never the same.
    if events[0]["payload"].get("timeUnixNano").or(events[0]["payload"].get("observedTimeUnixNano")).is_none() {
        for event in &mut events {
            event["occurred"] = Value::Null;
        }
    }
    assert_eq!(events.len(), 2, "{json}");
    assert_eq!(events[0], events[1]);
    events.remove(0)
}

#[tokio::test]
async fn log_records_are_stored_alike_from_both_encodings() {
    let record = LogRecord::default;
    let rows: Vec<(Value, LogRecord)> = vec![
        (json!({}), record()),
        (
            json!({"timeUnixNano": AT.to_string(), "severityNumber": 17, "severityText": "ERROR",
                   "body": {"stringValue": "no"}}),
            LogRecord {
                time_unix_nano: AT,
                severity_number: 17,
                severity_text: "ERROR".to_owned(),
                body: Some(text("no")),
                ..record()
            },
        ),
        (
            json!({"timeUnixNano": AT, "observedTimeUnixNano": AT + 1, "flags": 1, "droppedAttributesCount": "3",
                   "eventName": "paid"}),
            LogRecord {
                time_unix_nano: AT,
                observed_time_unix_nano: AT + 1,
                flags: 1,
                dropped_attributes_count: 3,
                event_name: "paid".to_owned(),
                ..record()
            },
        ),
        (
            json!({"observedTimeUnixNano": AT.to_string(), "traceId": TRACE_HEX, "spanId": SPAN_HEX.to_uppercase()}),
            LogRecord {
                observed_time_unix_nano: AT,
                trace_id: TRACE_ID.to_vec(),
                span_id: SPAN_ID.to_vec(),
                ..record()
            },
        ),
        (
            json!({"timeUnixNano": null, "traceId": "", "spanId": "0000000000000000", "attributes": null}),
            LogRecord { span_id: vec![0; 8], ..record() },
        ),
        (
            json!({"attributes": [attribute("axonpush.dedup_key", "stringValue", "k/1")], "timeUnixNano": u64::MAX}),
            LogRecord {
                attributes: vec![entry("axonpush.dedup_key", text("k/1"))],
                time_unix_nano: u64::MAX,
                ..record()
            },
        ),
    ];
    for (json, message) in rows {
        if json["attributes"].is_array() {
            // The second of two equal keys is a repeat, so that row is told apart by its key below.
            let rig = Rig::start().await;
            rig.log(json!([json])).await;
            rig.send(LOGS, PROTOBUF, logs_proto(vec![message])).await;
            assert_eq!((rig.server.len(), rig.server.duplicates()), (1, 1));
            assert_eq!(rig.only_event().dedup_key.as_deref(), Some("k/1"));
            continue;
        }
        check_equal(LOGS, logs_json(&json!([json])), logs_proto(vec![message])).await;
    }
}

#[tokio::test]
async fn every_kind_of_value_keeps_its_type() {
    let list = vec![text("a"), any(Kind::IntValue(1)), any(Kind::ArrayValue(ArrayValue { values: vec![] }))];
    let map = vec![entry("dotted.name", any(Kind::BoolValue(false))), entry("deep", text("x"))];
    let rows: Vec<(Value, AnyValue, Value)> = vec![
        (json!({"stringValue": "wörd \"quoted\"\n"}), text("wörd \"quoted\"\n"), json!("wörd \"quoted\"\n")),
        (json!({"stringValue": ""}), text(""), json!("")),
        (json!({"boolValue": true}), any(Kind::BoolValue(true)), json!(true)),
        (
            json!({"intValue": "9007199254740993"}),
            any(Kind::IntValue(9_007_199_254_740_993)),
            json!(9_007_199_254_740_993_i64),
        ),
        (json!({"intValue": i64::MIN}), any(Kind::IntValue(i64::MIN)), json!(i64::MIN)),
        (json!({"intValue": 1e3}), any(Kind::IntValue(1_000)), json!(1_000)),
        (json!({"doubleValue": 0.1}), any(Kind::DoubleValue(0.1)), json!(0.1)),
        (json!({"doubleValue": 7}), any(Kind::DoubleValue(7.0)), json!(7.0)),
        (json!({"doubleValue": "2.5"}), any(Kind::DoubleValue(2.5)), json!(2.5)),
        (json!({"doubleValue": 1.797_693_134_862_315_7e308}), any(Kind::DoubleValue(f64::MAX)), json!(f64::MAX)),
        (json!({"doubleValue": "NaN"}), any(Kind::DoubleValue(f64::NAN)), json!("NaN")),
        (json!({"doubleValue": "-Infinity"}), any(Kind::DoubleValue(f64::NEG_INFINITY)), json!("-Infinity")),
        (
            json!({"arrayValue": {"values": [{"stringValue": "a"}, {"intValue": "1"}, {"arrayValue": {}}]}}),
            any(Kind::ArrayValue(ArrayValue { values: list })),
            json!(["a", 1, []]),
        ),
        (
            json!({"kvlistValue": {"values": [attribute("dotted.name", "boolValue", false),
                                              attribute("deep", "stringValue", "x")]}}),
            any(Kind::KvlistValue(KeyValueList { values: map })),
            json!({"dotted.name": false, "deep": "x"}),
        ),
        (json!({"bytesValue": "+/8A"}), any(Kind::BytesValue(vec![0xfb, 0xff, 0])), json!("+/8A")),
        (json!({"bytesValue": "-_8A"}), any(Kind::BytesValue(vec![0xfb, 0xff, 0])), json!("+/8A")),
        (json!({}), AnyValue { value: None }, json!(null)),
        (json!({"stringValue": null}), AnyValue { value: None }, json!(null)),
    ];
    for (json, message, expected) in rows {
        let request = logs_json(&json!([{"body": json, "attributes": [{"key": "a", "value": json}]}]));
        let record =
            LogRecord { body: Some(message.clone()), attributes: vec![entry("a", message)], ..Default::default() };
        let event = check_equal(LOGS, request, logs_proto(vec![record])).await;
        assert_eq!(event["payload"]["attributes"]["a"], expected);
        let body = if expected.is_null() { json!("") } else { expected };
        assert_eq!(event["payload"]["body"], body);
    }
}

#[tokio::test]
async fn resource_and_scope_are_stored_alike_from_both_encodings() {
    let json = json!({"resourceLogs": [{
        "resource": {"attributes": [attribute("service.name", "stringValue", "shop")], "droppedAttributesCount": 2,
                     "entityRefs": [{"schemaUrl": "https://example.com/e", "type": "service",
                                     "idKeys": ["service.name"], "descriptionKeys": ["a", "b"]}, {}]},
        "schemaUrl": "https://example.com/r",
        "scopeLogs": [{
            "scope": {"name": "shop::orders", "version": "1.2", "droppedAttributesCount": 1,
                      "attributes": [attribute("team", "stringValue", "red")]},
            "schemaUrl": "https://example.com/s",
            "logRecords": [{}],
        }],
    }]});
    let scope = InstrumentationScope {
        name: "shop::orders".to_owned(),
        version: "1.2".to_owned(),
        attributes: vec![entry("team", text("red"))],
        dropped_attributes_count: 1,
    };
    let resource = Resource {
        attributes: vec![entry("service.name", text("shop"))],
        dropped_attributes_count: 2,
        entity_refs: vec![
            EntityRef {
                schema_url: "https://example.com/e".to_owned(),
                r#type: "service".to_owned(),
                id_keys: vec!["service.name".to_owned()],
                description_keys: vec!["a".to_owned(), "b".to_owned()],
            },
            EntityRef::default(),
        ],
    };
    let message = ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: Some(resource),
            schema_url: "https://example.com/r".to_owned(),
            scope_logs: vec![ScopeLogs {
                scope: Some(scope),
                schema_url: "https://example.com/s".to_owned(),
                log_records: vec![LogRecord::default()],
            }],
        }],
    };
    let event = check_equal(LOGS, json, message.encode_to_vec()).await;
    assert_eq!(
        event["payload"],
        json!({
            "severityNumber": 0, "severityText": "", "body": "",
            "resource": {"service.name": "shop"}, "resourceDroppedAttributesCount": 2,
            "resourceEntityRefs": [{"schemaUrl": "https://example.com/e", "type": "service",
                                    "idKeys": ["service.name"], "descriptionKeys": ["a", "b"]}, {}],
            "resourceSchemaUrl": "https://example.com/r", "scopeSchemaUrl": "https://example.com/s",
            "scope": {"name": "shop::orders", "version": "1.2", "attributes": {"team": "red"},
                      "droppedAttributesCount": 1},
        })
    );
}

#[tokio::test]
async fn spans_are_stored_alike_from_both_encodings() {
    let bare = json!({"traceId": TRACE_HEX, "spanId": SPAN_HEX, "name": "bare"});
    let message =
        Span { trace_id: TRACE_ID.to_vec(), span_id: SPAN_ID.to_vec(), name: "bare".to_owned(), ..Default::default() };
    let mut timed = bare.clone();
    timed["startTimeUnixNano"] = json!(AT);
    let stamped = Span { start_time_unix_nano: AT, ..message.clone() };
    check_spans_equal(timed, stamped).await;

    let json = json!({
        "traceId": TRACE_HEX, "spanId": SPAN_HEX, "parentSpanId": "00000000000000a1", "traceState": "a=1",
        "flags": 257, "name": "GET /users/{id}", "kind": 2, "startTimeUnixNano": AT.to_string(),
        "endTimeUnixNano": AT + 5_000_000, "droppedAttributesCount": 1, "droppedEventsCount": 2,
        "droppedLinksCount": 3, "status": {"code": 2, "message": "boom"},
        "attributes": [attribute("http.request.method", "stringValue", "GET")],
        "events": [{"timeUnixNano": AT.to_string(), "name": "exception", "droppedAttributesCount": 4,
                    "attributes": [attribute("exception.type", "stringValue", "Timeout")]}],
        "links": [{"traceId": TRACE_HEX, "spanId": SPAN_HEX, "traceState": "b=2", "flags": 1,
                   "droppedAttributesCount": 5, "attributes": [attribute("why", "boolValue", true)]}],
    });
    let message = Span {
        parent_span_id: vec![0, 0, 0, 0, 0, 0, 0, 0xa1],
        trace_state: "a=1".to_owned(),
        flags: 257,
        name: "GET /users/{id}".to_owned(),
        kind: 2,
        start_time_unix_nano: AT,
        end_time_unix_nano: AT + 5_000_000,
        attributes: vec![entry("http.request.method", text("GET"))],
        dropped_attributes_count: 1,
        events: vec![span::Event {
            time_unix_nano: AT,
            name: "exception".to_owned(),
            attributes: vec![entry("exception.type", text("Timeout"))],
            dropped_attributes_count: 4,
        }],
        dropped_events_count: 2,
        links: vec![span::Link {
            trace_id: TRACE_ID.to_vec(),
            span_id: SPAN_ID.to_vec(),
            trace_state: "b=2".to_owned(),
            attributes: vec![entry("why", any(Kind::BoolValue(true)))],
            dropped_attributes_count: 5,
            flags: 1,
        }],
        dropped_links_count: 3,
        status: Some(Status { code: 2, message: "boom".to_owned() }),
        ..message
    };
    let event = check_spans_equal(json, message).await;
    assert_eq!(
        event["payload"],
        json!({
            "traceId": TRACE_HEX, "spanId": SPAN_HEX, "parentSpanId": "00000000000000a1", "traceState": "a=1",
            "flags": 257, "name": "GET /users/{id}", "kind": 1, "startTimeUnixNano": AT.to_string(),
            "endTimeUnixNano": (AT + 5_000_000).to_string(), "droppedAttributesCount": 1, "droppedEventsCount": 2,
            "droppedLinksCount": 3, "status": {"code": 2, "message": "boom"},
            "attributes": {"http.request.method": "GET"}, "scope": {"name": "", "version": ""},
            "events": [{"timeUnixNano": AT.to_string(), "name": "exception", "droppedAttributesCount": 4,
                        "attributes": {"exception.type": "Timeout"}}],
            "links": [{"traceId": TRACE_HEX, "spanId": SPAN_HEX, "traceState": "b=2", "flags": 1,
                       "droppedAttributesCount": 5, "attributes": {"why": true}}],
        })
    );
}

async fn check_spans_equal(json: Value, message: Span) -> Value {
    check_equal(TRACES, spans_json(&json!([json])), spans_proto(vec![message])).await
}

#[tokio::test]
async fn a_whole_request_of_spans_is_read_in_protobuf() {
    let rig = Rig::start().await;
    let span = |name: &str, id: u8| Span {
        trace_id: TRACE_ID.to_vec(),
        span_id: vec![id; 8],
        name: name.to_owned(),
        ..Default::default()
    };
    let part = |names: [&str; 2], id| ResourceSpans {
        scope_spans: vec![
            ScopeSpans { spans: vec![span(names[0], id)], ..Default::default() },
            ScopeSpans { spans: vec![span(names[1], id + 1)], ..Default::default() },
        ],
        ..Default::default()
    };
    let request = ExportTraceServiceRequest { resource_spans: vec![part(["a", "b"], 1), part(["c", "d"], 3)] };
    assert_eq!(rig.send(TRACES, PROTOBUF, request.encode_to_vec()).await.status(), 200);
    assert_eq!(rig.search(&[]).await, ["d", "c", "b", "a"]);
}
