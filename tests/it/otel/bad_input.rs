//! What nobody should record, and somebody does.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, SystemTime},
};

use axonpush::DeliveryLane;
use axonpush_otel::AxonPushSpanProcessor;
use opentelemetry::{
    Array, KeyValue, StringValue, Value,
    trace::{Span as _, SpanBuilder, Tracer as _, TracerProvider as _},
};
use opentelemetry_sdk::trace::SdkTracerProvider;
use proptest::prelude::*;
use rig::{PATIENCE, server};
use serde_json::{Value as Json, json};

use super::{channelled, named, provider};

#[test]
fn times_of_the_far_past_and_future_arrive_on_either_lane() {
    for lane in [DeliveryLane::Event, DeliveryLane::Otlp] {
        let server = server();
        let client = channelled(&server).build().unwrap();
        let processor = AxonPushSpanProcessor::new(&client).lane(lane).unwrap();
        let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
        let epoch = SystemTime::UNIX_EPOCH;
        let (past, future) = (epoch - Duration::from_secs(1 << 32), epoch + Duration::from_secs(1 << 40));
        let span = SpanBuilder::from_name("long").with_start_time(past).start(&provider.tracer("shop"));
        let mut span = span;
        span.add_event_with_timestamp("never", future, Vec::new());
        span.end_with_timestamp(future);
        drop(SpanBuilder::from_name("backwards").with_start_time(future).start(&provider.tracer("shop")));
        provider.force_flush().unwrap();
        let events = server.events();
        let long = named(&events, "long");
        assert_eq!(long.payload["endTimeUnixNano"], u64::MAX.to_string());
        assert!(matches!(&long.payload["startTimeUnixNano"], Json::Null) || long.payload["startTimeUnixNano"] == "0");
        assert_eq!(named(&events, "backwards").payload["startTimeUnixNano"], u64::MAX.to_string());
    }
}

#[test]
fn a_span_that_says_nothing_arrives_on_either_lane() {
    for lane in [DeliveryLane::Event, DeliveryLane::Otlp] {
        let server = server();
        let client = channelled(&server).build().unwrap();
        let processor = AxonPushSpanProcessor::new(&client).lane(lane).unwrap();
        let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
        drop(provider.tracer("").start(""));
        provider.force_flush().unwrap();
        let event = &server.events()[0];
        assert_eq!((&*event.identifier, &event.payload["scope"]), ("span", &json!({"name": "", "version": ""})));
    }
}

#[test]
fn of_a_hundred_thousand_events_those_that_fit_are_kept_and_the_rest_counted() {
    for lane in [DeliveryLane::Event, DeliveryLane::Otlp] {
        let server = server();
        let client = channelled(&server).build().unwrap();
        let processor = AxonPushSpanProcessor::new(&client).lane(lane).unwrap();
        let provider =
            SdkTracerProvider::builder().with_max_events_per_span(u32::MAX).with_span_processor(processor).build();
        let tracer = provider.tracer("shop");
        let mut span = tracer.start("huge");
        for n in 0..100_000 {
            span.add_event("tick", vec![KeyValue::new("n", n)]);
        }
        span.set_attribute(KeyValue::new("kept", true));
        span.end();
        drop(tracer.start("beside it"));
        provider.force_flush().unwrap();
        let events = server.events();
        let huge = named(&events, "huge");
        let kept = huge.payload["events"].as_array().unwrap();
        assert!(kept.len() > 100 && kept.iter().enumerate().all(|(n, event)| event["attributes"]["n"] == n));
        assert_eq!(huge.payload["droppedEventsCount"], 100_000 - kept.len());
        assert_eq!(huge.attribute("kept"), Some(&json!(true)));
        named(&events, "beside it");
    }
}

#[test]
fn a_span_that_is_too_large_is_refused_by_name_and_nothing_else_is_lost() {
    let server = server();
    let client = channelled(&server).redaction(axonpush::RedactionPolicy::new().max_content_length(1 << 20));
    let client = client.build().unwrap();
    let provider = SdkTracerProvider::builder()
        .with_max_attributes_per_span(u32::MAX)
        .with_span_processor(AxonPushSpanProcessor::new(&client))
        .build();
    let tracer = provider.tracer("shop");
    let mut span = tracer.start("huge");
    for n in 0..1000 {
        span.set_attribute(KeyValue::new(format!("key.{n}"), "x".repeat(10_000)));
    }
    span.end();
    drop(tracer.start("beside it"));
    assert!(client.blocking().flush(PATIENCE).is_complete());
    assert_eq!((server.len(), client.stats().refused()), (1, 1));
    let error = client.last_error().unwrap().to_string();
    assert!(error.contains("`huge`") && error.contains("larger than"), "{error}");
}

#[test]
fn a_panic_in_a_span_ends_it_and_no_more() {
    let server = server();
    let client = channelled(&server).build().unwrap();
    let provider = provider(&client);
    let tracer = provider.tracer("shop");
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _span = tracer.start("panics");
        panic!("the shelf fell down");
    }));
    assert!(panicked.is_err());
    drop(tracer.start("goes on"));
    provider.force_flush().unwrap();
    let events = server.events();
    named(&events, "panics");
    named(&events, "goes on");
}

fn value() -> impl Strategy<Value = Value> {
    // Words that no policy has an opinion on, and characters that JSON escapes.
    let text = "[b-df-z \"\\\\\n\u{7f}é€🦀]{0,12}";
    prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i32>().prop_map(|number| Value::I64(number.into())),
        Just(Value::I64(i64::MIN)),
        any::<f64>().prop_map(Value::F64),
        text.prop_map(|text| Value::String(text.into())),
        proptest::collection::vec(any::<bool>(), 0..3).prop_map(|values| Value::Array(values.into())),
        proptest::collection::vec(any::<i32>().prop_map(i64::from), 0..3)
            .prop_map(|values| Value::Array(values.into())),
        proptest::collection::vec(any::<f64>(), 0..3).prop_map(|values| Value::Array(values.into())),
        proptest::collection::vec(text.prop_map(StringValue::from), 0..3)
            .prop_map(|values| Value::Array(values.into())),
    ]
}

fn expected(value: &Value) -> Json {
    let float = |number: f64| match number {
        number if number.is_nan() => json!("NaN"),
        number if number.is_infinite() => json!(if number > 0.0 { "Infinity" } else { "-Infinity" }),
        number => json!(number),
    };
    match value {
        Value::Bool(truth) => json!(truth),
        Value::I64(number) => json!(number),
        Value::F64(number) => float(*number),
        Value::Array(Array::Bool(values)) => json!(values),
        Value::Array(Array::I64(values)) => json!(values),
        Value::Array(Array::F64(values)) => values.iter().copied().map(float).collect(),
        Value::Array(Array::String(values)) => values.iter().map(StringValue::as_str).collect(),
        text => json!(text.as_str()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_attributes_survive_with_their_types(
        spans in proptest::collection::vec(proptest::collection::vec(("[b-df-z.\"é]{1,9}", value()), 0..9), 1..20),
        otlp: bool,
    ) {
        let lane = if otlp { DeliveryLane::Otlp } else { DeliveryLane::Event };
        let server = server();
        let client = channelled(&server).build().unwrap();
        let processor = AxonPushSpanProcessor::new(&client).lane(lane).unwrap();
        let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
        for (n, attributes) in spans.iter().enumerate() {
            let mut span = provider.tracer("shop").start(format!("span {n}"));
            let attributes = attributes.iter().map(|(key, value)| KeyValue::new(format!("k.{key}"), value.clone()));
            span.set_attributes(attributes.clone());
            span.add_event("event", attributes.collect());
        }
        provider.force_flush().unwrap();
        let events = server.events();
        for (n, attributes) in spans.iter().enumerate() {
            let event = named(&events, &format!("span {n}"));
            let expected: serde_json::Map<_, _> =
                attributes.iter().map(|(key, value)| (format!("k.{key}"), expected(value))).collect();
            let mut attributes = event.payload["attributes"].as_object().unwrap().clone();
            attributes.retain(|key, _| !key.starts_with("axonpush."));
            prop_assert_eq!(&attributes, &expected);
            prop_assert_eq!(event.payload["events"][0]["attributes"].as_object().unwrap(), &expected);
        }
    }
}
