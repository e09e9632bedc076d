//! Log records, by `tracing` and by the logs API.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use axonpush::DeliveryLane;
use axonpush_otel::{AxonPushLogExporter, AxonPushLogProcessor};
use opentelemetry::{
    Key,
    logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _, Severity},
    trace::{TraceFlags, TraceId},
};
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use rig::{PATIENCE, server};
use serde_json::json;
use tracing_subscriber::layer::SubscriberExt as _;

use super::{channelled, named};

const SEVERITIES: [Severity; 24] = [
    Severity::Trace,
    Severity::Trace2,
    Severity::Trace3,
    Severity::Trace4,
    Severity::Debug,
    Severity::Debug2,
    Severity::Debug3,
    Severity::Debug4,
    Severity::Info,
    Severity::Info2,
    Severity::Info3,
    Severity::Info4,
    Severity::Warn,
    Severity::Warn2,
    Severity::Warn3,
    Severity::Warn4,
    Severity::Error,
    Severity::Error2,
    Severity::Error3,
    Severity::Error4,
    Severity::Fatal,
    Severity::Fatal2,
    Severity::Fatal3,
    Severity::Fatal4,
];

#[test]
fn a_record_arrives_with_everything_it_says_on_either_lane() {
    for lane in [DeliveryLane::Event, DeliveryLane::Otlp] {
        let server = server();
        let client = channelled(&server).service("orders", "1.4.2").build().unwrap();
        let processor = AxonPushLogProcessor::new(&client).lane(lane).unwrap();
        let provider = SdkLoggerProvider::builder().with_log_processor(processor).build();
        let logger = provider.logger("shop");
        let mut record = logger.create_log_record();
        record.set_event_name("order.declined");
        record.set_target("shop::pay");
        record.set_timestamp(SystemTime::UNIX_EPOCH + Duration::from_nanos(1_795_251_065_337_636_978));
        record.set_severity_number(Severity::Error2);
        record.set_severity_text("SEVERE");
        record.set_body(AnyValue::from("card declined"));
        record.set_trace_context(TraceId::from(0x4bf9_u128), 0xf067_u64.into(), Some(TraceFlags::SAMPLED));
        record.add_attribute("order.id", 1042_i64);
        record.add_attribute("amount", 129.95);
        record.add_attribute("retry", true);
        record.add_attribute("raw", AnyValue::from(b"foo".as_slice()));
        let nested = HashMap::from([(Key::from("list"), [1_i64, 2].into_iter().collect::<AnyValue>())]);
        record.add_attribute("nested", AnyValue::Map(Box::new(nested)));
        logger.emit(record);
        provider.force_flush().unwrap();
        let event = &server.events()[0];
        assert_eq!(event.trace_id, Some(format!("{:032x}", 0x4bf9)));
        assert_eq!(event.span_id, Some(format!("{:016x}", 0xf067)));
        assert_eq!((&*event.identifier, &*event.event_type), ("shop::pay", "app.log"), "{lane:?}");
        let payload = &event.payload;
        assert_eq!((&payload["body"], &payload["severityNumber"]), (&json!("card declined"), &json!(17)));
        assert_eq!(payload["timeUnixNano"], "1795251065337636978");
        assert_eq!(payload["resource"]["service.name"], "orders");
        for (key, value) in [
            ("order.id", json!(1042)),
            ("amount", json!(129.95)),
            ("retry", json!(true)),
            ("raw", json!("Zm9v")),
            ("nested", json!({"list": [1, 2]})),
            ("otel.event_name", json!("order.declined")),
            ("otel.severity_number", json!(18)),
            ("otel.severity_text", json!("SEVERE")),
        ] {
            assert_eq!(event.attribute(key), Some(&value), "{key} {lane:?}");
        }
    }
}

#[test]
fn each_severity_becomes_the_one_whose_range_it_is_in() {
    let server = server();
    let client = channelled(&server).build().unwrap();
    let provider = SdkLoggerProvider::builder().with_batch_exporter(AxonPushLogExporter::new(&client)).build();
    let logger = provider.logger("shop");
    for severity in SEVERITIES {
        let mut record = logger.create_log_record();
        record.set_severity_number(severity);
        record.set_target(severity.name());
        logger.emit(record);
    }
    logger.emit(logger.create_log_record());
    provider.shutdown().unwrap();
    let events = server.events();
    for severity in SEVERITIES {
        let number = severity as u64;
        let event = named(&events, severity.name());
        assert_eq!(event.payload["severityNumber"], (number - 1) / 4 * 4 + 1, "{}", severity.name());
        let kept = event.attribute("otel.severity_number").and_then(serde_json::Value::as_u64);
        assert_eq!(kept, Some(number).filter(|number| number % 4 != 1), "what is between is kept");
    }
    let unsaid = named(&events, "shop");
    assert_eq!((&unsaid.payload["severityNumber"], &unsaid.payload["body"]), (&json!(9), &json!("")));
}

#[test]
fn what_is_logged_with_tracing_arrives_by_the_appender() {
    let server = server();
    let client = channelled(&server).build().unwrap();
    let provider = SdkLoggerProvider::builder().with_simple_exporter(AxonPushLogExporter::new(&client)).build();
    let subscriber = tracing_subscriber::registry().with(OpenTelemetryTracingBridge::new(&provider));
    tracing::subscriber::with_default(subscriber, || {
        tracing::warn!(target: "billing", order = 1042, share = 0.5, huge = u64::MAX, "card declined");
    });
    assert!(client.blocking().flush(PATIENCE).is_complete());
    let event = &server.events()[0];
    assert_eq!((&*event.identifier, &event.payload["body"]), ("billing", &json!("card declined")));
    assert_eq!(event.payload["severityText"], "WARN");
    assert_eq!((event.attribute("order"), event.attribute("share")), (Some(&json!(1042)), Some(&json!(0.5))));
    assert!(event.attribute("huge").is_some_and(|huge| huge.to_string().contains("18446744073709551615")));
}
