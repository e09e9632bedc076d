//! Batches that are refused, and how.

use axonpush_dev::DevServer;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use serde_json::{Value, json};

use super::{JSON, LOGS, PROTOBUF, TRACES, gzip, logs_json, logs_proto, span_json, spans_json};
use crate::rig::{Rig, client, locations, problem};

#[tokio::test]
async fn a_batch_without_a_channel_is_refused_by_the_name_of_the_header() {
    let rig = Rig::start().await;
    for path in [LOGS, TRACES] {
        for channel in [None, Some(""), Some("  ")] {
            let mut request = rig.request(reqwest::Method::POST, path).header("content-type", JSON);
            if let Some(channel) = channel {
                request = request.header("X-Axonpush-Channel", channel);
            }
            let document = problem(request.body("{}").send().await.unwrap(), 422).await;
            assert_eq!(locations(&document), ["header.X-Axonpush-Channel"]);
        }
    }
}

#[tokio::test]
async fn nobody_sends_without_a_key() {
    let rig = Rig::start().await;
    for path in [LOGS, TRACES] {
        let request = client().post(format!("{}{path}", rig.server.url())).header("x-axonpush-channel", "c");
        problem(request.header("content-type", JSON).body("{}").send().await.unwrap(), 401).await;
    }
}

#[tokio::test]
async fn anything_but_the_two_encodings_is_an_unsupported_media_type() {
    let rig = Rig::start().await;
    for content_type in ["", "text/plain", "application/protobuf", "application/grpc", "application/vnd.x+json", "json"]
    {
        problem(rig.send(LOGS, content_type, "{}").await, 415).await;
    }
    for encoding in ["br", "deflate", "gzip, gzip", "zstd"] {
        let request = rig.otlp(LOGS, JSON).header("content-encoding", encoding).body("{}");
        problem(request.send().await.unwrap(), 415).await;
    }
}

#[tokio::test]
async fn bytes_that_are_no_message_are_a_bad_request_and_nothing_of_them_is_stored() {
    let rig = Rig::start().await;
    let deep = format!("{}{{}}{}", r#"{"arrayValue":{"values":["#.repeat(100), "]}}".repeat(100));
    let bad_records = [
        json!({"timeUnixNano": "soon"}),
        json!({"timeUnixNano": -1}),
        json!({"timeUnixNano": 1.5}),
        json!({"timeUnixNano": "18446744073709551616"}),
        json!({"severityNumber": "SEVERITY_NUMBER_INFO"}),
        json!({"severityText": 9}),
        json!({"traceId": "not hex, not hex"}),
        json!({"traceId": "abc"}),
        json!({"traceId": 7}),
        json!({"attributes": {"k": "v"}}),
        json!({"attributes": [{"key": "k", "value": "v"}]}),
        json!({"attributes": [{"key": "k", "value": {"intValue": "1.5"}}]}),
        json!({"attributes": [{"key": "k", "value": {"doubleValue": "many"}}]}),
        json!({"attributes": [{"key": "k", "value": {"bytesValue": "?"}}]}),
        json!({"attributes": [{"key": "k", "value": {"boolValue": "true"}}]}),
        json!({"body": []}),
        json!([]),
        json!(null),
        json!("record"),
    ];
    let bad_records = bad_records.iter().map(|bad| logs_json(&json!([{}, bad])).to_string());
    let deep_record = logs_json(&json!([{}, {"body": "DEEP"}])).to_string().replace(r#""DEEP""#, &deep);
    let others = [
        "",
        " ",
        "{",
        "[]",
        "null",
        "7",
        "nonsense",
        "{} {}",
        r#"{"resourceLogs":{}}"#,
        r#"{"resourceLogs":[[]]}"#,
        "{\"resourceLogs\":[],\"\u{0}\":1",
        r#"{"resourceLogs":[{"resource":[]}]}"#,
    ];
    for body in bad_records.chain([deep_record]).chain(others.map(str::to_owned)) {
        let document = problem(rig.send(LOGS, JSON, body.clone()).await, 400).await;
        let detail = document["detail"].as_str().unwrap();
        assert!(detail.starts_with("the body is not valid OTLP/JSON: ") && detail.len() < 400, "{body}: {detail}");
    }
    let whole = logs_proto(vec![LogRecord { severity_text: "INFO".to_owned(), ..Default::default() }]);
    let mut not_utf8 = whole.clone();
    *not_utf8.last_mut().unwrap() = 0xff;
    for body in [&whole[..whole.len() - 1], &not_utf8, b"{}", b"\x0a\xff\xff\xff\xff\x0f", &[0xff; 64]] {
        problem(rig.send(LOGS, PROTOBUF, body).await, 400).await;
    }
    assert!(rig.server.is_empty());
}

#[tokio::test]
async fn a_long_value_that_is_wrong_is_not_echoed_at_length() {
    let rig = Rig::start().await;
    let document = problem(
        rig.log_raw(json!([{"severityNumber": {"x": "y".repeat(100_000)}, "body": "z".repeat(9_999)}])).await,
        400,
    )
    .await;
    assert!(document["detail"].as_str().unwrap().len() < 400);
}

#[tokio::test]
async fn damaged_gzip_is_a_bad_request() {
    let rig = Rig::start().await;
    let whole = gzip(logs_json(&json!([{}])).to_string().as_bytes());
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0xff;
    let mut checksum = whole.clone();
    let end = checksum.len() - 5;
    checksum[end] ^= 0xff;
    let trailing = [&whole[..], b"tail"].concat();
    for body in [&whole[..whole.len() - 1], &whole[..9], &damaged, &checksum, &trailing, b"", b"{}"] {
        let request = rig.otlp(LOGS, JSON).header("content-encoding", "gzip").body(body.to_vec());
        let document = problem(request.send().await.unwrap(), 400).await;
        let detail = document["detail"].as_str().unwrap();
        assert!(detail.contains("gzip") || body.is_empty(), "{detail}");
    }
    assert!(rig.server.is_empty());
}

#[tokio::test]
async fn a_body_that_unfolds_beyond_reason_is_too_large() {
    let rig = Rig::start().await;
    let padded = |bytes: usize| format!("{{{}}}", " ".repeat(bytes - 2)).into_bytes();
    // Nobody minds a small one, whatever its ratio.
    for (content_encoding, body, status) in [
        ("gzip", gzip(&padded(1 << 20)), 200),
        ("gzip", gzip(&padded(2 << 20)), 413),
        ("gzip", gzip(&padded(100 << 20)), 413),
        ("identity", padded(16 << 20), 200),
        ("identity", padded((16 << 20) + 1), 413),
    ] {
        let request = rig.otlp(LOGS, JSON).header("content-encoding", content_encoding).body(body);
        let response = request.send().await.unwrap();
        if status == 200 {
            assert_eq!(response.status(), 200);
        } else {
            problem(response, status).await;
        }
    }
    // Many small members are one large body.
    let request = rig.otlp(LOGS, JSON).header("content-encoding", "gzip").body(gzip(&padded(1 << 20)).repeat(3));
    problem(request.send().await.unwrap(), 413).await;
    assert!(rig.server.is_empty());
}

#[tokio::test]
async fn a_body_of_sixteen_mebibytes_may_hold_no_end_of_records() {
    let rig = Rig::start().await;
    let records = vec!["{}"; 5_000_000].join(",");
    let body = format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{records}]}}]}}]}}"#);
    problem(rig.send(LOGS, JSON, body).await, 413).await;
    // A resource of one scope of one empty record, over and over.
    problem(rig.send(LOGS, PROTOBUF, [0x0a, 4, 0x12, 2, 0x12, 0].repeat(2_000_000)).await, 413).await;
    assert!(rig.server.is_empty());
}

#[tokio::test]
async fn a_batch_that_is_larger_than_asked_for_is_refused_whole() {
    let rig = Rig::with(DevServer::builder().max_batch(3).start().await.unwrap());
    let spans = |count: usize| spans_json(&json!(vec![span_json("s"); count])).to_string();
    assert_eq!(rig.send(TRACES, JSON, spans(3)).await.status(), 200);
    let document = problem(rig.send(TRACES, JSON, spans(4)).await, 413).await;
    assert!(document["detail"].as_str().unwrap().contains("more than 3 records"), "{document}");
    problem(rig.send(LOGS, PROTOBUF, logs_proto(vec![LogRecord::default(); 4])).await, 413).await;
    // What would be refused anyway counts as well: it is what was sent that is too much.
    problem(rig.send(LOGS, JSON, logs_json(&json!([{}, {}, {}, {"traceId": "ab"}])).to_string()).await, 413).await;
    assert_eq!(rig.server.len(), 3);
}

#[tokio::test]
async fn records_sent_to_the_wrong_route_are_unknown_fields_there() {
    let rig = Rig::start().await;
    let response = rig.send(LOGS, JSON, spans_json(&json!([span_json("s")])).to_string()).await;
    assert_eq!((response.status(), response.json::<Value>().await.unwrap()), (reqwest::StatusCode::OK, json!({})));
    problem(rig.get(LOGS).await, 405).await;
    assert!(rig.server.is_empty());
}

impl Rig {
    async fn log_raw(&self, records: Value) -> reqwest::Response {
        self.send(LOGS, JSON, logs_json(&records).to_string()).await
    }
}
