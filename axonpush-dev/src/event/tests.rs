//! Properties of what comes in and goes out again.

use bytes::Bytes;
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{EventBody, EventView, Row, StoredEvent};

fn row(body: impl Into<Bytes>) -> Row {
    Row {
        sequence: 1,
        event_id: "e".to_owned(),
        app_id: "a".to_owned(),
        source: "app".to_owned(),
        created_at: Timestamp::UNIX_EPOCH,
        body: body.into(),
        headers: Vec::new(),
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(".*", inner, 0..6)
                .prop_map(|entries| Value::Object(entries.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn any_object() -> impl Strategy<Value = Value> {
    prop::collection::btree_map("[a-z.]{0,12}", any_json(), 0..6)
        .prop_map(|entries| Value::Object(entries.into_iter().collect()))
}

proptest! {
    #[test]
    fn a_payload_comes_back_as_it_was_sent(payload in any_object(), metadata in any_object(), identifier in ".+") {
        let body = json!({"identifier": identifier, "payload": payload, "metadata": metadata}).to_string();
        let stored = StoredEvent::from_row(row(body.clone())).unwrap();
        prop_assert_eq!(&stored.payload, &payload);
        prop_assert_eq!(stored.metadata.as_ref(), Some(&metadata));
        let shown = serde_json::to_value(EventView::from_row(row(body)).unwrap()).unwrap();
        prop_assert_eq!(&shown["payload"], &payload);
        prop_assert_eq!(&shown["metadata"], &metadata);
        prop_assert_eq!(&shown["operationName"], &json!(identifier));
    }

    #[test]
    fn a_body_that_is_written_again_says_the_same(
        payload in any_object(), metadata in prop::option::of(any_object()), text in ".+", span in prop::option::of(".+")
    ) {
        let mut body = json!({
            "identifier": text, "channel_id": text, "eventType": text, "agentId": text, "traceId": text, "dedupKey": text,
            "parentSpanId": text, "occurredAt": "2026-01-02T03:04:05.678Z", "payload": payload,
        });
        body.as_object_mut().unwrap().extend(metadata.map(|metadata| ("metadata".to_owned(), metadata)));
        body.as_object_mut().unwrap().extend(span.map(|span| ("spanId".to_owned(), span.into())));
        let written = EventBody::parse(body.to_string().as_bytes(), true).unwrap().to_bytes();
        prop_assert_eq!(serde_json::from_slice::<Value>(&written).unwrap(), body);
    }

    #[test]
    fn text_written_here_is_what_serde_json_writes(value in any_json(), number in any::<f64>(), text in "[\\x00-~\u{e4}]*") {
        let value = json!({"": value, "n": number, "a\"b": text});
        let mut written = Vec::new();
        super::json::write(&value, &mut written);
        prop_assert_eq!(String::from_utf8(written).unwrap(), value.to_string());
    }

    #[test]
    fn whatever_well_known_fields_hold_an_event_can_be_shown(
        attribute in any_json(), resource in any_json(), field in any_json()
    ) {
        let payload = json!({
            "attributes": {"http.server.request.duration": attribute, "gen_ai.response.finish_reasons": attribute,
                           "gen_ai.usage.input_tokens": attribute, "error.type": attribute},
            "resource": resource, "status": field, "startTimeUnixNano": field, "endTimeUnixNano": attribute,
        });
        let body = json!({"identifier": "a", "payload": payload}).to_string();
        prop_assert!(serde_json::to_value(EventView::from_row(row(body)).unwrap()).is_ok());
    }

    #[test]
    fn hostile_bytes_are_refused_and_nothing_worse(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        prop_assert!(EventBody::parse(&bytes, true).is_err());
    }

    #[test]
    fn a_torn_body_is_refused(payload in any_object(), cut in any::<prop::sample::Index>()) {
        let body = json!({"identifier": "a", "payload": payload}).to_string();
        prop_assert!(EventBody::parse(body.as_bytes(), true).is_ok());
        prop_assert!(EventBody::parse(&body.as_bytes()[..cut.index(body.len())], true).is_err());
    }
}
