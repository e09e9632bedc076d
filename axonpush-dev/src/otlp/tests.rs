//! Properties of reading: whatever arrives, it is read or refused.

use bytes::Bytes;
use proptest::prelude::*;
use prost::Message;
use serde_json::{Value, json};

use super::decode::Encoding;
use super::message::{AnyValue, AnyValues, KeyValue, KeyValues, Kind, LogRecord, Resource, Scope, Span};
use super::message::{SpanEvent, SpanLink, Status};
use super::{Record, proto, read};
use crate::event::EventBody;

fn read_all<R: Record>(encoding: Encoding, body: impl Into<Bytes>) -> Option<Vec<EventBody>> {
    let mut events = Vec::new();
    read::<R>(encoding, body.into(), "c", None, |event| {
        events.push(event);
        Ok(())
    })
    .ok()
    .map(|_| events)
}

fn any_value() -> impl Strategy<Value = AnyValue> {
    let leaf = prop_oneof![
        Just(None),
        ".*".prop_map(|text| Some(Kind::Text(text))),
        any::<bool>().prop_map(|truth| Some(Kind::Bool(truth))),
        any::<i64>().prop_map(|number| Some(Kind::Int(number))),
        prop::num::f64::ANY.prop_map(|number| Some(Kind::Double(number))),
        any_bytes(0..9).prop_map(|bytes| Some(Kind::Bytes(bytes))),
    ];
    leaf.prop_map(|kind| AnyValue { kind }).prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|values| AnyValue { kind: Some(Kind::List(AnyValues { values })) }),
            attributes_of(inner).prop_map(|values| AnyValue { kind: Some(Kind::Map(KeyValues { values })) }),
        ]
    })
}

fn attributes_of(value: impl Strategy<Value = AnyValue>) -> impl Strategy<Value = Vec<KeyValue>> {
    let key = prop_oneof!["[a-z.]{0,6}", Just("axonpush.dedup_key".to_owned()), Just("event.name".to_owned()), ".*"];
    let entry = (key, prop::option::of(value)).prop_map(|(key, value)| KeyValue { key, value });
    prop::collection::vec(entry, 0..4)
}

fn any_attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    attributes_of(any_value())
}

fn any_bytes(length: std::ops::Range<usize>) -> impl Strategy<Value = Bytes> {
    prop::collection::vec(any::<u8>(), length).prop_map(Bytes::from)
}

fn any_id(length: usize) -> impl Strategy<Value = Bytes> {
    prop_oneof![6 => any_bytes(length..length + 1), 1 => any_bytes(0..20), 1 => Just(Bytes::from(vec![0; length]))]
}

prop_compose! {
    fn any_log()(
        times in any::<(u64, u64)>(), severity_number in any::<i32>(), severity_text in ".*", event_name in ".*",
        body in prop::option::of(any_value()), attributes in any_attributes(), counts in any::<(u32, u32)>(),
        trace_id in any_id(16), span_id in any_id(8),
    ) -> LogRecord {
        LogRecord {
            time_unix_nano: times.0, observed_time_unix_nano: times.1, severity_number, severity_text, body,
            attributes, dropped_attributes_count: counts.0, flags: counts.1, trace_id, span_id, event_name,
        }
    }
}

prop_compose! {
    fn any_span()(
        times in any::<(u64, u64)>(), numbers in any::<(i32, i32, u32, u32)>(), texts in (".*", ".*", ".*"),
        attributes in any_attributes(), trace_id in any_id(16), span_id in any_id(8), parent_span_id in any_id(8),
        about in any_attributes(),
    ) -> Span {
        Span {
            trace_id: trace_id.clone(), span_id: span_id.clone(), parent_span_id, trace_state: texts.0.clone(),
            flags: numbers.2, name: texts.1, kind: numbers.0, start_time_unix_nano: times.0,
            end_time_unix_nano: times.1, attributes, dropped_attributes_count: numbers.3,
            events: vec![SpanEvent { time_unix_nano: times.1, name: texts.2.clone(), attributes: about.clone(), dropped_attributes_count: 1 }],
            links: vec![SpanLink { trace_id, span_id, trace_state: texts.0, attributes: about, dropped_attributes_count: 0, flags: 1 }],
            status: Some(Status { message: texts.2, code: numbers.1 }),
            dropped_events_count: numbers.3, dropped_links_count: 0,
        }
    }
}

/// A request that holds `records`.
fn wrap<R: Record>(records: &[R], attributes: Vec<KeyValue>) -> Vec<u8> {
    let scope = Scope { name: "s".to_owned(), attributes: attributes.clone(), ..Scope::default() };
    let records = records.iter().map(|record| record.encode_to_vec().into()).collect();
    let scope = proto::ScopePart { scope: Some(scope), records, schema_url: String::new() };
    let resource = Resource { attributes, ..Default::default() };
    let scopes = vec![scope.encode_to_vec().into()];
    let part = proto::ResourcePart { resource: Some(resource), scopes, schema_url: "u".to_owned() };
    proto::Request { resources: vec![part.encode_to_vec().into()] }.encode_to_vec()
}

/// Asserts that what was read can be stored and read again as what it is.
fn check_stored(event: &EventBody) {
    let read = EventBody::parse(&event.to_bytes(), true).unwrap();
    assert_eq!(read.payload, event.payload);
    assert_eq!((&read.identifier, &read.event_type), (&event.identifier, &event.event_type));
    assert_eq!((&read.trace_id, &read.span_id), (&event.trace_id, &event.span_id));
    assert_eq!((&read.parent_span_id, &read.dedup_key), (&event.parent_span_id, &event.dedup_key));
    let row = crate::event::Row {
        sequence: 1,
        event_id: "e".to_owned(),
        app_id: "a".to_owned(),
        source: "otlp".to_owned(),
        created_at: jiff::Timestamp::UNIX_EPOCH,
        body: event.to_bytes(),
        headers: Vec::new(),
    };
    assert!(serde_json::to_value(crate::event::EventView::from_row(row).unwrap()).is_ok());
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[0-9a-f]{0,34}".prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    let name = prop::sample::select(vec![
        "timeUnixNano",
        "severityNumber",
        "body",
        "attributes",
        "traceId",
        "spanId",
        "name",
        "events",
        "links",
        "status",
        "key",
        "value",
        "values",
        "stringValue",
        "intValue",
        "doubleValue",
        "bytesValue",
        "arrayValue",
        "kvlistValue",
        "resource",
        "scope",
        "other",
    ]);
    leaf.prop_recursive(5, 32, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name.clone().prop_map(str::to_owned), inner, 0..5)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_log_record_is_stored_as_it_was_read_or_refused(
        records in prop::collection::vec(any_log(), 0..4), attributes in any_attributes()
    ) {
        let events = read_all::<LogRecord>(Encoding::Protobuf, wrap(&records, attributes)).unwrap();
        prop_assert!(events.len() <= records.len());
        events.iter().for_each(check_stored);
    }

    #[test]
    fn any_span_is_stored_as_it_was_read_or_refused(
        spans in prop::collection::vec(any_span(), 0..4), attributes in any_attributes()
    ) {
        let events = read_all::<Span>(Encoding::Protobuf, wrap(&spans, attributes)).unwrap();
        prop_assert!(events.len() <= spans.len());
        events.iter().for_each(check_stored);
    }

    #[test]
    fn a_torn_or_damaged_message_is_read_or_refused(
        span in any_span(), cut in any::<prop::sample::Index>(), damage in any::<u8>()
    ) {
        let mut bytes = wrap(&[span], Vec::new());
        let at = cut.index(bytes.len());
        prop_assert!(at == 0 || read_all::<Span>(Encoding::Protobuf, bytes[..at].to_vec()).is_none());
        bytes[at] = damage;
        read_all::<Span>(Encoding::Protobuf, bytes.clone()).iter().flatten().for_each(check_stored);
        read_all::<LogRecord>(Encoding::Protobuf, bytes).iter().flatten().for_each(check_stored);
    }

    #[test]
    fn hostile_bytes_are_refused_and_nothing_worse(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        read_all::<LogRecord>(Encoding::Protobuf, bytes.clone()).iter().flatten().for_each(check_stored);
        prop_assert!(read_all::<LogRecord>(Encoding::Json, bytes).is_none());
    }

    #[test]
    fn any_json_is_read_or_refused(record in any_json(), whole in any_json()) {
        let logs = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}).to_string();
        let spans = json!({"resourceSpans": [{"scopeSpans": [{"spans": [record]}]}]}).to_string();
        read_all::<LogRecord>(Encoding::Json, logs).iter().flatten().for_each(check_stored);
        read_all::<Span>(Encoding::Json, spans).iter().flatten().for_each(check_stored);
        for place in [json!({"resourceLogs": whole}), json!({"resourceLogs": [whole]}), whole] {
            read_all::<LogRecord>(Encoding::Json, place.to_string());
        }
    }
}
