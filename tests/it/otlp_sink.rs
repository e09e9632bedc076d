//! OTLP to any collector: decoded by OpenTelemetry's own messages, field by field.

use std::time::{Duration, SystemTime};

use axonpush::{
    AxonPush, Compression, Event, EventType, LogPayload, LossReason, OtlpFormat, OtlpHttp, Severity, SinkStats,
    SpanKind, SpanPayload, SpanStatus,
};
use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{AnyValue, KeyValue, any_value::Value as Any},
    logs::v1::{LogRecord, ResourceLogs},
    trace::v1::{ResourceSpans, Span},
};
use prost::Message as _;
use rig::{
    PATIENCE,
    receiver::{Received, Receiver, Reply},
    server,
};
use serde_json::{Value, json};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";
const PARENT: &str = "00f067aa0ba902b8";
const START: u64 = 1_795_251_065_000_000_001;

fn at(nanos: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos)
}

fn client(sink: OtlpHttp) -> AxonPush {
    AxonPush::builder()
        .service("shop", "1.0")
        .environment("prod")
        .sink("collector", sink)
        .without_server()
        .build()
        .unwrap()
}

fn stats(client: &AxonPush) -> SinkStats {
    client.sink_stats().into_iter().find(|stats| stats.name() == "collector").unwrap()
}

fn settled(client: &AxonPush) -> SinkStats {
    let report = client.blocking().flush(PATIENCE);
    let stats = stats(client);
    assert_eq!(stats.queued(), 0, "{stats} {report}");
    assert_eq!(stats.accepted(), stats.written() + stats.lost().total(), "{stats}");
    stats
}

fn why(stats: &SinkStats) -> String {
    stats.last_error().map(|error| format!("{error} {error:?}")).unwrap_or_default()
}

fn log() -> Event {
    let payload = LogPayload::new("card \"declined\"\n")
        .severity(Severity::Error)
        .time(at(START))
        .attribute("n", -7)
        .attribute("f", 1.5)
        .attribute("ok", true)
        .attribute("nested", json!({"a": [1, "two", null], "b": {}}));
    Event::log("billing", payload).dedup_key("k-log").trace_id(TRACE).span_id(SPAN)
}

fn span() -> Event {
    let span = SpanPayload::new("SELECT", TRACE, SPAN, at(START), at(START + 3_000_000))
        .parent_span_id(PARENT)
        .kind(SpanKind::Client)
        .status(SpanStatus::Error("gone".into()))
        .attribute("db.system.name", "postgresql");
    let event = Event::new("SELECT").event_type(EventType::AppSpan).dedup_key("k-span");
    event.trace_id(TRACE).span_id(SPAN).parent_span_id(PARENT).payload(&span).unwrap()
}

fn other() -> Event {
    Event::new("web_search")
        .event_type(EventType::AgentToolCallStart)
        .agent_id("researcher")
        .dedup_key("k-other")
        .trace_id(TRACE)
        .parent_span_id(PARENT)
        .payload(&json!({"tool": "search", "attributes": {"hits": 42}, "steps": {"q": ["rust", 1]}}))
        .unwrap()
}

fn plain(value: &AnyValue) -> Value {
    match value.value.as_ref() {
        None => Value::Null,
        Some(Any::StringValue(text)) => json!(text),
        Some(Any::BoolValue(flag)) => json!(flag),
        Some(Any::IntValue(number)) => json!(number),
        Some(Any::DoubleValue(number)) => json!(number),
        Some(Any::ArrayValue(all)) => all.values.iter().map(plain).collect(),
        Some(Any::KvlistValue(all)) => object(&all.values),
        Some(other) => unreachable!("{other:?}"),
    }
}

fn object(all: &[KeyValue]) -> Value {
    let entry = |entry: &KeyValue| (entry.key.clone(), entry.value.as_ref().map_or(Value::Null, plain));
    Value::Object(all.iter().map(entry).collect())
}

/// What was exported, in whichever encoding.
fn logs(received: &Received) -> Vec<ResourceLogs> {
    if received.headers["content-type"] == "application/json" {
        serde_json::from_slice::<ExportLogsServiceRequest>(&received.body).unwrap().resource_logs
    } else {
        ExportLogsServiceRequest::decode(&*received.body).unwrap().resource_logs
    }
}

fn spans(received: &Received) -> Vec<ResourceSpans> {
    if received.headers["content-type"] == "application/json" {
        serde_json::from_slice::<ExportTraceServiceRequest>(&received.body).unwrap().resource_spans
    } else {
        ExportTraceServiceRequest::decode(&*received.body).unwrap().resource_spans
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

/// Takes everything, in both encodings.
fn collector() -> Receiver {
    Receiver::start(|received| {
        let is_json = received.headers["content-type"] == "application/json";
        Reply::status(200).body(if is_json { "{\"partialSuccess\":{}}" } else { "" })
    })
}

const ENCODINGS: [(OtlpFormat, Compression); 4] = [
    (OtlpFormat::Protobuf, Compression::None),
    (OtlpFormat::Json, Compression::None),
    (OtlpFormat::Protobuf, Compression::Gzip),
    (OtlpFormat::Json, Compression::Gzip),
];

#[test]
fn logs_spans_and_events_keep_every_field_in_every_encoding() {
    for (format, compression) in ENCODINGS {
        let collector = collector();
        let sink = OtlpHttp::new(collector.url()).format(format).compression(compression).header("x-team", "orders");
        let client = client(sink);
        let before = SystemTime::now();
        for event in [log(), span(), other()] {
            client.events().enqueue(event);
        }
        assert_eq!(settled(&client).written(), 3);

        let received = collector.received();
        let to = |path: &str| received.iter().filter(|received| received.path == path).collect::<Vec<_>>();
        assert!(received.iter().all(|received| received.headers["x-team"] == "orders"));
        let all_logs: Vec<_> = to("/v1/logs").into_iter().flat_map(logs).collect();
        let resource = json!({"service.name": "shop", "service.version": "1.0", "deployment.environment.name": "prod"});
        for of in &all_logs {
            assert_eq!(object(&of.resource.as_ref().unwrap().attributes), resource);
        }
        let scopes: Vec<_> = all_logs.iter().flat_map(|of| &of.scope_logs).collect();
        let scope = |name: &str| -> &LogRecord {
            let of = scopes.iter().find(|of| of.scope.as_ref().unwrap().name == name).unwrap();
            &of.log_records[0]
        };

        let log = scope("billing");
        assert_eq!((log.time_unix_nano, log.severity_number, &*log.severity_text), (START, 17, "ERROR"));
        assert_eq!(plain(log.body.as_ref().unwrap()), json!("card \"declined\"\n"));
        assert_eq!((hex(&log.trace_id), hex(&log.span_id), &*log.event_name), (TRACE.into(), SPAN.into(), ""));
        let attributes = object(&log.attributes);
        assert_eq!((&attributes["n"], &attributes["f"], &attributes["ok"]), (&json!(-7), &json!(1.5), &json!(true)));
        assert_eq!(attributes["nested"], json!({"a": [1, "two", null], "b": {}}));
        assert_eq!(attributes["axonpush.dedup_key"], "k-log");

        let other = scope("");
        assert_eq!((&*other.event_name, other.severity_number, &*other.severity_text), ("web_search", 9, "INFO"));
        assert_eq!(plain(other.body.as_ref().unwrap()), json!({"tool": "search", "steps": {"q": ["rust", 1]}}));
        assert_eq!(hex(&other.trace_id), TRACE);
        let time = at(other.time_unix_nano);
        assert!(time >= before - Duration::from_secs(1) && time <= SystemTime::now());
        let attributes = object(&other.attributes);
        for (key, value) in [
            ("hits", json!(42)),
            ("axonpush.event_type", json!("agent.tool_call.start")),
            ("axonpush.agent_id", json!("researcher")),
            ("axonpush.dedup_key", json!("k-other")),
            ("axonpush.parent_span_id", json!(PARENT)),
        ] {
            assert_eq!(attributes[key], value, "{key}");
        }

        let all_spans: Vec<_> = to("/v1/traces").into_iter().flat_map(spans).collect();
        assert_eq!(object(&all_spans[0].resource.as_ref().unwrap().attributes), resource);
        let span: &Span = &all_spans[0].scope_spans[0].spans[0];
        let ids = [&span.trace_id, &span.span_id, &span.parent_span_id].map(|id| hex(id));
        assert_eq!(ids, [TRACE, SPAN, PARENT]);
        assert_eq!((&*span.name, span.kind), ("SELECT", 3));
        assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano), (START, START + 3_000_000));
        let status = span.status.as_ref().unwrap();
        assert_eq!((status.code, &*status.message), (2, "gone"));
        assert_eq!(object(&span.attributes)["db.system.name"], "postgresql");
    }
}

#[test]
fn an_event_that_only_calls_itself_a_span_is_no_span() {
    let collector = collector();
    let client = client(OtlpHttp::new(collector.url()));
    client.events().enqueue(Event::new("work").event_type(EventType::AppSpan).attribute("n", 1));
    assert_eq!(settled(&client).written(), 1);
    let received = collector.received();
    let record = &logs(&received[0])[0].scope_logs[0].log_records[0];
    assert_eq!((&*received[0].path, &*record.event_name), ("/v1/logs", "work"));
    assert_eq!(object(&record.attributes)["axonpush.event_type"], "app.span");
}

#[test]
fn the_dev_server_takes_what_the_sink_exports() {
    for (format, compression) in ENCODINGS {
        let server = server();
        let sink = OtlpHttp::new(server.url()).format(format).compression(compression);
        let sink = sink.header("x-api-key", "ak_test").header("x-axonpush-channel", "c-1");
        let client = client(sink);
        for event in [log(), span(), other()] {
            client.events().enqueue(event);
        }
        assert_eq!(settled(&client).written(), 3);
        let mut events = server.events();
        events.sort_by_key(|event| event.identifier.clone());
        let names: Vec<_> = events.iter().map(|event| (&*event.identifier, event.event_type.as_str())).collect();
        assert_eq!(names, [("SELECT", "app.span"), ("billing", "app.log"), ("web_search", "app.log")]);
        assert!(events.iter().all(|event| event.trace_id.as_deref() == Some(TRACE)));
        let keys: Vec<_> = events.iter().filter_map(|event| event.dedup_key.clone()).collect();
        assert_eq!(keys, ["k-span", "k-log", "k-other"]);
    }
}

#[test]
fn of_a_partial_success_the_books_say_how_much_was_rejected() {
    // Field 1: a message of field 1, 2, and field 2, `no`.
    let protobuf = b"\x0a\x06\x08\x02\x12\x02no".to_vec();
    let json = br#"{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"no"}}"#.to_vec();
    for (format, body) in [(OtlpFormat::Protobuf, protobuf), (OtlpFormat::Json, json)] {
        let collector = collector();
        // All that waits goes in one request, once the server is found to be up again.
        collector.script([Reply::status(503), Reply::status(200).body(body)]);
        let client = client(OtlpHttp::new(collector.url()).format(format));
        client.events().enqueue(Event::log("x", LogPayload::new("first")));
        collector.wait_for(1, PATIENCE);
        let stats = settled(&client);
        assert_eq!((stats.written(), stats.lost().of(LossReason::Rejected)), (0, 1), "{stats}");
        assert!(why(&stats).contains("rejected 1 records: no"), "{}", why(&stats));

        collector.script([Reply::status(503)]);
        for at in 0..5 {
            client.events().enqueue(Event::log("x", LogPayload::new(format!("{at}"))));
        }
        assert_eq!(settled(&client).written(), 5);
    }
}

#[test]
fn only_what_otlp_says_may_be_tried_again_is() {
    for status in [429, 502, 503, 504] {
        let collector = collector();
        collector.script([Reply::status(status).header("retry-after", "0")]);
        let client = client(OtlpHttp::new(collector.url()));
        client.events().enqueue(log());
        let stats = settled(&client);
        assert_eq!((stats.written(), collector.received().len()), (1, 2), "{status} {stats}");
        let received = collector.received();
        assert_eq!(received[0].body, received[1].body);
    }
    for status in [400, 404, 408, 500, 501, 307] {
        let collector = collector();
        collector.script([Reply::status(status).header("location", "http://127.0.0.1:9/")]);
        let client = client(OtlpHttp::new(collector.url()));
        client.events().enqueue(log());
        let stats = settled(&client);
        assert_eq!((stats.lost().of(LossReason::Rejected), collector.received().len()), (1, 1), "{status} {stats}");
        assert!(why(&stats).contains(&status.to_string()), "{}", why(&stats));
    }
}

#[test]
fn what_is_too_large_goes_in_halves_and_what_is_no_collector_is_said() {
    let collector = Receiver::start(|received| match received.body.len() {
        0..2000 => Reply::status(200),
        _ => Reply::status(413),
    });
    let client = client(OtlpHttp::new(collector.url()));
    for at in 0..64 {
        client.events().enqueue(Event::log("x", LogPayload::new(format!("{at} {}", "x".repeat(100)))));
    }
    client.events().enqueue(Event::log("x", LogPayload::new("y".repeat(2500))));
    let stats = settled(&client);
    assert_eq!((stats.written(), stats.lost().of(LossReason::Rejected)), (64, 1), "{stats}");

    collector.script([Reply::status(200).body("<html>sign in</html>")]);
    client.events().enqueue(log());
    let stats = settled(&client);
    assert!(stats.written() == 65 && why(&stats).contains("is this the URL of a collector?"), "{}", why(&stats));
}

#[test]
fn credentials_are_shown_to_nobody_and_a_wrong_url_is_said() {
    let collector = collector();
    collector.script([Reply::status(400).body("no such key: canary-1")]);
    let sink = OtlpHttp::new(collector.url()).bearer("canary-1");
    assert!(!format!("{sink:?}").contains("canary"));
    let client = client(sink);
    client.events().enqueue(log());
    let stats = settled(&client);
    assert_eq!(collector.received()[0].headers["authorization"], "Bearer canary-1");
    assert!(why(&stats).contains("no such key: [REDACTED]") && !why(&stats).contains("canary"), "{}", why(&stats));

    let client = self::client(OtlpHttp::new("http://localhost:4318/v1/logs/"));
    client.events().enqueue(log());
    let _report = client.blocking().shutdown(Duration::from_millis(50));
    let stats = self::stats(&client);
    assert!(why(&stats).contains("leave them out"), "{}", why(&stats));
}
