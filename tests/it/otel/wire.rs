//! What of a span is on the wire, field by field.

use std::time::{Duration, SystemTime};

use axonpush::{ContentCapture, DeliveryLane, RedactionPolicy};
use axonpush_otel::{AxonPushSpanExporter, AxonPushSpanProcessor};
use opentelemetry::{
    Array, InstrumentationScope, KeyValue, Value,
    trace::{
        Link, Span as _, SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt as _, TraceFlags, TraceState,
        Tracer as _, TracerProvider as _,
    },
};
use opentelemetry_sdk::{
    Resource,
    trace::{InMemorySpanExporter, SdkTracerProvider, SpanExporter as _},
};
use rig::{PATIENCE, server};
use serde_json::json;

use super::{channelled, named};

const START: u64 = 1_795_251_065_000_000_001;

fn at(nanos: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(START + nanos)
}

fn context(trace: u128, span: u64, remote: bool) -> SpanContext {
    let state = TraceState::from_key_value([("vendor", "a:1")]).unwrap();
    SpanContext::new(trace.into(), span.into(), TraceFlags::SAMPLED, remote, state)
}

/// Everything a span can have.
fn record(provider: &SdkTracerProvider) {
    let scope = InstrumentationScope::builder("shop.db").with_version("0.3.1").build();
    let tracer = provider.tracer_with_scope(scope);
    let parent = opentelemetry::Context::new().with_remote_span_context(context(0x4bf9, 0xf067, true));
    let mut link = Link::with_context(context(0x77, 0x88, false));
    link.attributes.push(KeyValue::new("reason", "retry"));
    let mut span = SpanBuilder::from_name("SELECT orders")
        .with_kind(SpanKind::Client)
        .with_start_time(at(0))
        .with_attributes([
            KeyValue::new("db.system.name", "postgresql"),
            KeyValue::new("rows", 7),
            KeyValue::new("share", 1.0),
            KeyValue::new("cached", false),
            KeyValue::new("nan", f64::NAN),
            KeyValue::new("tags", Value::Array(Array::String(vec!["a".into(), "b\"".into()]))),
            KeyValue::new("times", Value::Array(Array::F64(vec![0.5, f64::INFINITY]))),
            KeyValue::new("flags", Value::Array(Array::Bool(vec![true]))),
            KeyValue::new("none", Value::Array(Array::I64(Vec::new()))),
            KeyValue::new("code.filepath", "src/db.rs"),
            KeyValue::new("rows", 8),
        ])
        .with_links(vec![link])
        .start_with_context(&tracer, &parent);
    span.add_event_with_timestamp("row.locked", at(5), vec![KeyValue::new("row", 42)]);
    span.add_event_with_timestamp("bare", at(6), Vec::new());
    span.set_status(Status::error("deadlock: a message that has to arrive"));
    span.end_with_timestamp(at(3_000_000));
}

#[test]
fn a_span_is_on_the_wire_as_the_contract_has_it_on_either_lane() {
    for lane in [DeliveryLane::Event, DeliveryLane::Otlp] {
        let server = server();
        let client = channelled(&server).service("orders", "1.4.2").environment("staging").build().unwrap();
        let resource = Resource::builder_empty()
            .with_attributes([
                KeyValue::new("service.name", "from the provider"),
                KeyValue::new("deployment.environment.name", "from the provider"),
                KeyValue::new("host.name", "h-1"),
            ])
            .build();
        let processor = AxonPushSpanProcessor::new(&client).lane(lane).unwrap();
        let provider = SdkTracerProvider::builder().with_resource(resource).with_span_processor(processor).build();
        record(&provider);
        provider.force_flush().unwrap();
        let path = if lane == DeliveryLane::Otlp { "/v1/traces" } else { "/event" };
        assert_eq!(server.request_count("POST", path), 1);

        let events = server.events();
        let event = named(&events, "SELECT orders");
        let trace = format!("{:032x}", 0x4bf9);
        assert_eq!((&*event.event_type, event.trace_id.as_deref()), ("app.span", Some(&*trace)));
        assert_eq!(event.parent_span_id.as_deref(), Some("000000000000f067"));
        let span_id = event.span_id.clone().unwrap();
        let mut payload = event.payload.clone();
        let attributes = payload["attributes"].as_object_mut().unwrap();
        if lane == DeliveryLane::Otlp {
            assert!(attributes.remove("axonpush.dedup_key").is_some());
            payload["resource"].as_object_mut().map(|resource| {
                let environment = resource.remove("deployment.environment.name").unwrap();
                resource.insert("deployment.environment".to_owned(), environment)
            });
        } else {
            assert_eq!(event.metadata, Some(json!({"framework": "opentelemetry"})));
        }
        assert_eq!(
            payload,
            json!({
                "traceId": trace, "spanId": span_id, "parentSpanId": "000000000000f067",
                "name": "SELECT orders", "kind": 2,
                "startTimeUnixNano": "1795251065000000001", "endTimeUnixNano": "1795251065003000001",
                "status": {"code": 2, "message": "deadlock: a message that has to arrive"},
                "attributes": {
                    "db.system.name": "postgresql", "rows": 8, "share": 1.0, "cached": false, "nan": "NaN",
                    "tags": ["a", "b\""], "times": [0.5, "Infinity"], "flags": [true], "none": [],
                    "code.filepath": "src/db.rs",
                },
                "events": [
                    {"timeUnixNano": "1795251065000000006", "name": "row.locked", "attributes": {"row": 42}},
                    {"timeUnixNano": "1795251065000000007", "name": "bare", "attributes": {}},
                ],
                "links": [{
                    "traceId": format!("{:032x}", 0x77), "spanId": format!("{:016x}", 0x88),
                    "attributes": {"reason": "retry"}, "traceState": "vendor=a:1",
                }],
                "traceState": "vendor=a:1", "flags": 0x301,
                "resource": {
                    "host.name": "h-1", "service.name": "orders", "service.version": "1.4.2",
                    "deployment.environment": "staging",
                },
                "scope": {"name": "shop.db", "version": "0.3.1"},
            }),
            "{lane:?}"
        );
    }
}

#[test]
fn scopes_of_spans_with_one_name_are_not_mixed_up() {
    let server = server();
    let client = channelled(&server).build().unwrap();
    let processor = AxonPushSpanProcessor::new(&client).lane(DeliveryLane::Otlp).unwrap();
    let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
    for scope in ["a", "b"] {
        provider.tracer(scope).start("work");
    }
    provider.force_flush().unwrap();
    let mut scopes: Vec<_> = server.events().iter().map(|event| event.payload["scope"]["name"].to_string()).collect();
    scopes.sort();
    assert_eq!(scopes, [r#""a""#, r#""b""#]);
}

#[test]
fn attributes_become_text_where_that_is_asked_for() {
    let server = server();
    let client = channelled(&server).build().unwrap();
    let exporter = AxonPushSpanExporter::new(&client).stringify_attributes(true);
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter).build();
    record(&provider);
    assert!(client.blocking().flush(PATIENCE).is_complete());
    let attributes = server.events()[0].payload["attributes"].clone();
    let expected = [("rows", "8"), ("cached", "false"), ("nan", "NaN"), ("tags", r#"["a","b\""]"#), ("none", "[]")];
    for (key, text) in expected {
        assert_eq!(attributes[key], text, "{key}");
    }
}

#[test]
fn content_is_hidden_unless_it_is_wanted_and_secrets_always() {
    const PROMPT: &str = "what is the capital of canary";
    for (capture, shows) in [(ContentCapture::MetadataOnly, false), (ContentCapture::Full, true)] {
        for lane in [DeliveryLane::Event, DeliveryLane::Otlp] {
            // The second of the policies has a list of its own, so that the payload is looked at as a whole.
            for keys in [vec![], vec!["iban"]] {
                let redaction = RedactionPolicy::new().content_capture(capture).redact_keys(keys.clone());
                let server = server();
                let client = channelled(&server).redaction(redaction).build().unwrap();
                let processor = AxonPushSpanProcessor::new(&client).lane(lane).unwrap();
                let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
                let tracer = provider.tracer("shop");
                let mut span = tracer.start("GET /?token=hunter2secret");
                span.set_attributes([
                    KeyValue::new("gen_ai.prompt", PROMPT),
                    KeyValue::new("password", "hunter2secret"),
                    KeyValue::new("name", "authorization"),
                    KeyValue::new("value", "hunter2secret"),
                    KeyValue::new("iban", "DE02120300000000202051"),
                ]);
                span.add_event("sent to a.person@example.com", vec![KeyValue::new("api_key", "hunter2secret")]);
                span.set_status(Status::error("refused"));
                span.end();
                provider.force_flush().unwrap();
                let event = &server.events()[0];
                let body = String::from_utf8(event.body.to_vec()).unwrap();
                let said = format!("{body} {} {}", event.identifier, event.payload);
                assert!(!said.contains("hunter2secret") && !said.contains("a.person"), "{said}");
                assert_eq!(said.contains("canary"), shows, "{said}");
                assert_eq!(said.contains("DE02"), keys.is_empty(), "{said}");
                assert_eq!(event.payload["status"]["message"], "refused");
            }
        }
    }
}

#[test]
fn a_link_without_a_context_has_ids_of_zeros() {
    let server = server();
    let client = channelled(&server).build().unwrap();
    let memory = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(memory.clone()).build();
    drop(provider.tracer("shop").start("x"));
    let mut spans = memory.get_finished_spans().unwrap();
    // The SDK itself leaves such links out; whoever makes spans by hand may not.
    spans[0].links.links.push(Link::with_context(SpanContext::empty_context()));
    let exporter = AxonPushSpanExporter::new(&client);
    drop(exporter.export(spans));
    exporter.force_flush().unwrap();
    let event = &server.events()[0];
    let link = json!([{"traceId": "0".repeat(32), "spanId": "0".repeat(16), "attributes": {}}]);
    assert_eq!((&event.payload["links"], &event.parent_span_id), (&link, &None));
}
