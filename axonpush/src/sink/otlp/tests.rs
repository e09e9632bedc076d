use serde_json::{Value, json};

use super::*;

const PROTOBUF: OtlpEncoding = OtlpEncoding { format: OtlpFormat::Protobuf, compression: Compression::None };

fn event(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}

fn log() -> Bytes {
    event(&json!({
        "identifier": "billing", "eventType": "agent.log", "channel_id": "c-1", "agentId": "a\"1",
        "traceId": "4bf92f35-77b3-4da6-a3ce-929d0e0e4736", "spanId": "00f067aa0ba902b7", "dedupKey": "k-1",
        "metadata": {"framework": "axum"},
        "payload": {
            "severityNumber": 17, "severityText": "ERROR", "body": "card \"declined\"\n",
            "timeUnixNano": "1795251065337636978",
            "attributes": {"n": -7, "big": 18_446_744_073_709_551_615_u64, "f": 1.5, "b": true, "s": "", "null": null,
                           "list": [1, "x", [false]], "map": {"a": {"b": 1}}, "code.lineno": 3, "k\"ey": 1},
            "resource": {"service.name": "shop", "deployment.environment": "prod"}
        }
    }))
}

fn span() -> Bytes {
    event(&json!({
        "identifier": "SELECT", "eventType": "app.span", "channel_id": "c-1", "dedupKey": "k-2",
        "traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "spanId": "00f067aa0ba902b7", "parentSpanId": "00f067aa0ba902b8",
        "payload": {
            "traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "spanId": "00f067aa0ba902b7", "name": "SELECT", "kind": 2,
            "startTimeUnixNano": "10", "endTimeUnixNano": "20", "status": {"code": 2, "message": "gone"},
            "attributes": {"db.system.name": "postgresql"},
            "events": [{"timeUnixNano": "15", "name": "retry", "attributes": {"n": 1}}],
            "links": [{"traceId": "4bf92f3577b34da6a3ce929d0e0e4737", "spanId": "00f067aa0ba902b9", "attributes": {}}],
            "scope": {"name": "pg", "version": "1"}
        }
    }))
}

fn json_body(lane: Lane, bodies: &[Bytes]) -> Value {
    let request = request(lane, bodies.iter().map(|body| &**body), OtlpEncoding::default());
    serde_json::from_slice(&request.body.unwrap().bytes).unwrap()
}

/// With attributes in the order of their keys. The events of these tests are made by `serde_json`, and whether that keeps
/// the order of entries is up to a feature that any crate of a build may turn on.
fn by_key(value: Value) -> Value {
    match value {
        Value::Array(mut items) => {
            items.sort_by(|one, other| one["key"].as_str().cmp(&other["key"].as_str()));
            items.into_iter().map(by_key).collect()
        }
        Value::Object(entries) => entries.into_iter().map(|(key, value)| (key, by_key(value))).collect(),
        other => other,
    }
}

#[test]
fn a_log_record_keeps_every_field_as_otlp_json() {
    let body = by_key(json_body(Lane::Logs, &[log()]));
    assert_eq!(
        body,
        by_key(
            serde_json::from_str(
                r#"{"resourceLogs": [{
            "resource": {"attributes": [
                {"key": "deployment.environment.name", "value": {"stringValue": "prod"}},
                {"key": "service.name", "value": {"stringValue": "shop"}}
            ]},
            "scopeLogs": [{"scope": {"name": "billing"}, "logRecords": [{
                "timeUnixNano": "1795251065337636978", "severityNumber": 17, "severityText": "ERROR",
                "body": {"stringValue": "card \"declined\"\n"},
                "traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "spanId": "00f067aa0ba902b7",
                "attributes": [
                    {"key": "b", "value": {"boolValue": true}},
                    {"key": "big", "value": {"doubleValue": 18446744073709551615}},
                    {"key": "code.line.number", "value": {"intValue": "3"}},
                    {"key": "f", "value": {"doubleValue": 1.5}},
                    {"key": "k\"ey", "value": {"intValue": "1"}},
                    {"key": "list", "value": {"arrayValue": {"values": [
                        {"intValue": "1"}, {"stringValue": "x"}, {"arrayValue": {"values": [{"boolValue": false}]}}
                    ]}}},
                    {"key": "map", "value": {"kvlistValue": {"values": [
                        {"key": "a", "value": {"kvlistValue": {"values": [{"key": "b", "value": {"intValue": "1"}}]}}}
                    ]}}},
                    {"key": "n", "value": {"intValue": "-7"}},
                    {"key": "null", "value": {}},
                    {"key": "s", "value": {"stringValue": ""}},
                    {"key": "axonpush.event_type", "value": {"stringValue": "agent.log"}},
                    {"key": "axonpush.agent_id", "value": {"stringValue": "a\"1"}},
                    {"key": "axonpush.dedup_key", "value": {"stringValue": "k-1"}},
                    {"key": "axonpush.metadata", "value": {"kvlistValue": {"values": [
                        {"key": "framework", "value": {"stringValue": "axum"}}
                    ]}}}
                ]
            }]}]
        }]}"#,
            )
            .unwrap()
        ),
    );
}

#[test]
fn a_span_keeps_every_field_as_otlp_json() {
    let body = json_body(Lane::Spans, &[span()]);
    let scope_spans = &body["resourceSpans"][0]["scopeSpans"][0];
    assert_eq!(scope_spans["scope"], json!({"name": "pg", "version": "1"}));
    assert_eq!(
        scope_spans["spans"][0],
        json!({
            "traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "spanId": "00f067aa0ba902b7",
            "parentSpanId": "00f067aa0ba902b8", "name": "SELECT", "kind": 3,
            "startTimeUnixNano": "10", "endTimeUnixNano": "20", "status": {"code": 2, "message": "gone"},
            "attributes": [
                {"key": "db.system.name", "value": {"stringValue": "postgresql"}},
                {"key": "axonpush.dedup_key", "value": {"stringValue": "k-2"}},
            ],
            "events": [{"timeUnixNano": "15", "name": "retry", "attributes": [{"key": "n", "value": {"intValue": "1"}}]}],
            "links": [{"traceId": "4bf92f3577b34da6a3ce929d0e0e4737", "spanId": "00f067aa0ba902b9", "attributes": []}],
        }),
    );
}

#[test]
fn records_are_grouped_by_resource_and_scope() {
    let with = |identifier: &str, service: &str| {
        event(&json!({"identifier": identifier, "payload": {"body": "x", "resource": {"service.name": service}}}))
    };
    let bodies = [with("a", "s1"), with("b", "s1"), with("a", "s1"), with("a", "s2")];
    let body = json_body(Lane::Logs, &bodies);
    let sizes: Vec<usize> = body["resourceLogs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| group["scopeLogs"][0]["logRecords"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [2, 1, 1]);
}

#[test]
fn the_channel_and_content_type_are_headers() {
    let request = request(Lane::Logs, [&*log()].into_iter(), PROTOBUF);
    let body = request.body.unwrap();
    assert_eq!((&*request.path, body.channel.unwrap().to_str().unwrap()), ("/v1/logs", "c-1"));
    assert_eq!(body.content_type, "application/x-protobuf");
}

#[test]
fn partial_success_is_counted_in_either_encoding() {
    for (body, count) in [
        (&b"{}"[..], 0),
        (br#"{"partialSuccess":{}}"#, 0),
        (br#"{"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"x"}}"#, 3),
        (br#"{"partialSuccess":{"rejectedSpans":4}}"#, 4),
        (br#"{"partialSuccess":{"rejectedSpans":400}}"#, 10),
        (b"", 0),
        (b"\x0a\x05\x08\x03\x12\x01x", 3),
    ] {
        assert_eq!(rejected(body, 10, OtlpFormat::Protobuf).unwrap(), count, "{body:?}");
    }
    for body in [&b"<html>"[..], b"{", b"\x0a\xff"] {
        assert!(rejected(body, 10, OtlpFormat::Protobuf).unwrap_err().is_unconfirmed(), "{body:?}");
    }
    let nothing = rejected(b"", 10, OtlpFormat::Json);
    assert!(nothing.unwrap_err().is_unconfirmed(), "a proxy says nothing, too");
}

#[cfg(feature = "gzip")]
#[test]
fn a_compressed_batch_says_so_and_holds_the_same() {
    use std::io::Read as _;

    for plain in [OtlpEncoding::default(), PROTOBUF] {
        let body = |encoding| request(Lane::Logs, [&*log(), &*log()].into_iter(), encoding).body.unwrap();
        let (plain, gzip) = (body(plain), body(OtlpEncoding { compression: Compression::Gzip, ..plain }));
        assert!(plain.content_encoding.is_none() && gzip.content_encoding.unwrap() == "gzip");
        assert_eq!((plain.content_type, plain.channel), (gzip.content_type, gzip.channel));
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(&*gzip.bytes).read_to_end(&mut unpacked).unwrap();
        assert!(unpacked == plain.bytes && gzip.bytes.len() < plain.bytes.len());
    }
}

#[test]
fn an_id_is_hex_of_its_length_in_any_spelling() {
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    for spelled in [trace, "4BF92F35-77B3-4DA6-A3CE-929D0E0E4736", "4bf92f3577b34da6a3ce929d0e0e473\\u0036"] {
        let found = fields::hex::<32>(format!("\"{spelled}\"").as_bytes());
        assert_eq!(found.unwrap(), trace.as_bytes(), "{spelled}");
    }
    let long = format!("{trace}0");
    for other in ["", "-", "0", "x", &trace[1..], &long, "00000000000000000000000000000000", "é"] {
        assert!(fields::hex::<32>(format!("\"{other}\"").as_bytes()).is_none(), "{other}");
    }
    assert!(fields::hex::<32>(b"").is_none());
}

#[test]
fn only_what_fits_a_signed_integer_is_one() {
    for (text, number) in [("0", 0), ("-7", -7), ("9223372036854775807", i64::MAX), ("-9223372036854775808", i64::MIN)]
    {
        assert_eq!(json::integer(text.as_bytes()), Some(number));
    }
    for other in ["", "-", "--1", "1.5", "1e3", "9223372036854775808", "18446744073709551615", "x"] {
        assert_eq!(json::integer(other.as_bytes()), None, "{other}");
    }
}

proptest::proptest! {
    #[test]
    fn any_integer_is_read_as_it_was_written(number: i64, small in -2_000_000_i64..2_000_000) {
        for number in [number, small] {
            proptest::prop_assert_eq!(json::integer(number.to_string().as_bytes()), Some(number));
        }
    }

    #[test]
    fn any_response_is_read_or_refused_without_a_panic(bytes: Vec<u8>) {
        let _either = rejected(&bytes, 10, OtlpFormat::Json);
    }

    #[test]
    fn any_body_is_translated_without_a_panic(bytes: Vec<u8>) {
        for encoding in [OtlpEncoding::default(), PROTOBUF] {
            request(Lane::Logs, [&*bytes].into_iter(), encoding);
            request(Lane::Spans, [&*bytes].into_iter(), encoding);
        }
    }
}
