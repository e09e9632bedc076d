//! The SDK's processors around our exporters, and several of those side by side.

use std::{
    sync::{Arc, OnceLock, mpsc},
    thread,
    time::Duration,
};

use axonpush::{AxonPush, DeliveryMode, DeliveryPolicy, Event};
use axonpush_dev::Answer;
use axonpush_otel::{AxonPushSpanExporter, AxonPushSpanProcessor, configure_telemetry};
use opentelemetry::{
    logs::{LogRecord as _, Logger as _, LoggerProvider as _},
    trace::{Span as _, Tracer as _, TracerProvider as _},
};
use opentelemetry_sdk::{
    logs::SdkLoggerProvider,
    trace::{InMemorySpanExporter, SdkTracerProvider},
};
use rig::{PATIENCE, server, settings};

use super::{channelled, provider};

/// Runs `work` on a thread of its own, and fails if it does not come to an end.
fn in_time(work: impl FnOnce() + Send + 'static) {
    let (done, ended) = mpsc::channel();
    let working = thread::spawn(move || {
        work();
        let _waiting = done.send(());
    });
    let hangs = ended.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout);
    assert!(!hangs, "it hangs");
    working.join().unwrap();
}

#[test]
fn exporters_side_by_side_each_send_every_span() {
    let (one, another) = (server(), server());
    let clients = [settings(&one).build().unwrap(), settings(&another).build().unwrap()];
    let memory = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(memory.clone())
        .with_batch_exporter(AxonPushSpanExporter::new(&clients[0]))
        .with_simple_exporter(AxonPushSpanExporter::new(&clients[1]))
        .with_span_processor(AxonPushSpanProcessor::new(&clients[1]))
        .build();
    for _ in 0..50 {
        provider.tracer("shop").start("work");
    }
    provider.shutdown().unwrap();
    assert_eq!((one.len(), another.len()), (50, 100));
    // The client belongs to the application, and goes on.
    clients[0].blocking().events().publish(Event::new("still here")).unwrap();
    assert_eq!(one.len(), 51);
}

#[test]
fn in_sync_mode_an_export_returns_when_the_span_is_stored() {
    in_time(|| {
        let server = server();
        let client = settings(&server).delivery(DeliveryPolicy::new().mode(DeliveryMode::Sync)).build().unwrap();
        for simple in [true, false] {
            let exporter = AxonPushSpanExporter::new(&client);
            let builder = SdkTracerProvider::builder();
            let provider =
                if simple { builder.with_simple_exporter(exporter) } else { builder.with_batch_exporter(exporter) }
                    .build();
            let before = server.len();
            for n in 1..=20 {
                drop(provider.tracer("shop").start("work"));
                assert!(!simple || server.len() == before + n);
            }
            provider.force_flush().unwrap();
            assert_eq!(server.len(), before + 20);
        }
        let provider = provider(&client);
        drop(provider.tracer("shop").start("work"));
        assert_eq!(server.len(), 41);
    });
}

#[test]
fn sync_mode_says_what_could_not_be_delivered() {
    in_time(|| {
        let delivery = DeliveryPolicy::new().mode(DeliveryMode::Sync);
        let client = AxonPush::builder()
            .api_key("ak_test")
            .base_url("http://127.0.0.1:9")
            .delivery(delivery)
            .timeout(Duration::from_millis(200))
            .build()
            .unwrap();
        let memory = InMemorySpanExporter::default();
        let source = SdkTracerProvider::builder().with_simple_exporter(memory.clone()).build();
        drop(source.tracer("shop").start("work"));
        let exporter = AxonPushSpanExporter::new(&client);
        let spans = memory.get_finished_spans().unwrap();
        let export = opentelemetry_sdk::trace::SpanExporter::export(&exporter, spans);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert!(runtime.block_on(export).is_err());
        let _nothing_left = client.blocking().shutdown(Duration::from_millis(10));
    });
}

#[test]
fn what_happens_on_a_clients_own_threads_makes_no_spans() {
    for is_running_before in [false, true] {
        let server = server();
        let tracing = Arc::new(OnceLock::new());
        let (told, heard) = mpsc::channel();
        let hook = Arc::clone(&tracing);
        let client = settings(&server).on_loss(move |_| {
            // Code of the application, which the client runs on its worker's thread.
            if let Some(provider) = hook.get() as Option<&SdkTracerProvider> {
                let _gone = told.send(provider.tracer("hook").start("in the hook").is_recording());
            }
        });
        let client = client.build().unwrap();
        if is_running_before {
            client.events().enqueue(Event::new("first"));
            assert!(client.blocking().flush(PATIENCE).is_complete());
        }
        tracing.set(provider(&client)).unwrap();
        server.script(Answer::status(422));
        client.events().enqueue(Event::new("refused"));
        assert!(!client.blocking().flush(PATIENCE).is_complete());
        assert_eq!(heard.recv_timeout(PATIENCE), Ok(false));
    }
}

#[test]
fn telemetry_goes_by_otlp_whatever_other_events_do() {
    let server = server();
    let client = channelled(&server).build().unwrap();
    let telemetry = configure_telemetry(&client).unwrap();
    let memory = InMemorySpanExporter::default();
    let existing = SdkTracerProvider::builder().with_simple_exporter(memory.clone());
    let (tracing, logging) = (telemetry.traces(existing).build(), telemetry.logger_provider());
    drop(tracing.tracer("shop").start("work"));
    let logger = logging.logger("shop");
    let mut record = logger.create_log_record();
    record.set_body("done".into());
    logger.emit(record);
    client.events().enqueue(Event::new("order.placed"));
    tracing.force_flush().unwrap();
    logging.force_flush().unwrap();
    let counts = ["/v1/traces", "/v1/logs", "/event"].map(|path| server.request_count("POST", path));
    assert_eq!((counts, server.len()), ([1, 1, 1], 3));
    assert!(
        server
            .requests()
            .iter()
            .all(|request| { request.path == "/event" || request.header("x-axonpush-channel") == Some("c-1") })
    );
    assert_eq!(memory.get_finished_spans().unwrap().len(), 1, "what was in the provider stays");
}

#[test]
fn telemetry_without_a_channel_is_refused_and_says_what_is_missing() {
    let error = configure_telemetry(&settings(&server()).build().unwrap()).unwrap_err();
    assert!(error.is_config() && error.to_string().contains("AXONPUSH_CHANNEL_ID"), "{error}");
    assert!(configure_telemetry(&AxonPush::disabled()).is_ok());
}

#[test]
fn public_tokens_go_in_their_own_header_by_otlp_too() {
    let server = server();
    let client =
        axonpush::AxonPush::builder().api_key("pt_test").base_url(server.url()).channel_id("c-1").build().unwrap();
    let provider = configure_telemetry(&client).unwrap().tracer_provider();
    drop(provider.tracer("shop").start("work"));
    provider.force_flush().unwrap();
    let requests = server.requests();
    assert!(requests[0].header("x-public-token").is_some());
    assert_eq!(requests[0].header("x-axonpush-api-key"), None);
}

#[test]
fn a_client_that_is_off_costs_a_provider_nothing() {
    let provider = provider(&AxonPush::disabled());
    drop(provider.tracer("shop").start("work"));
    provider.force_flush().unwrap();
    let logging = SdkLoggerProvider::builder()
        .with_simple_exporter(axonpush_otel::AxonPushLogExporter::new(&AxonPush::disabled()))
        .build();
    let logger = logging.logger("shop");
    logger.emit(logger.create_log_record());
    logging.shutdown().unwrap();
}
