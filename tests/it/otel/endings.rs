//! Flushing and shutting down, with servers that answer and servers that do not.

use std::time::{Duration, Instant};

use axonpush::{AxonPush, LossReason};
use axonpush_dev::Answer;
use axonpush_otel::{AxonPushSpanExporter, AxonPushSpanProcessor};
use opentelemetry::trace::{Tracer as _, TracerProvider as _};
use opentelemetry_sdk::{
    error::OTelSdkError,
    trace::{InMemorySpanExporter, SdkTracerProvider, SpanData, SpanExporter as _},
};
use rig::{server, settings};

use super::provider;

fn spans(count: usize) -> Vec<SpanData> {
    let memory = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(memory.clone()).build();
    for _ in 0..count {
        provider.tracer("shop").start("work");
    }
    memory.get_finished_spans().unwrap()
}

fn ready<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[test]
fn a_flush_against_a_server_that_hangs_returns_in_time_and_says_so() {
    let server = server();
    server.script(Answer::hang().always());
    let client = settings(&server).shutdown_timeout(Duration::from_millis(50)).build().unwrap();
    let processor = AxonPushSpanProcessor::new(&client).flush_timeout(Duration::from_millis(100));
    let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
    drop(provider.tracer("shop").start("work"));
    let started = Instant::now();
    assert!(provider.force_flush().is_err());
    assert!(provider.shutdown_with_timeout(Duration::from_millis(100)).is_err());
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    assert_eq!(client.stats().lost().total(), 0, "it may still be delivered");
}

#[test]
fn a_flush_says_that_spans_were_lost() {
    let server = server();
    server.script(Answer::status(422).always());
    let client = settings(&server).build().unwrap();
    let provider = provider(&client);
    drop(provider.tracer("shop").start("work"));
    assert!(provider.force_flush().is_err());
    assert_eq!(client.stats().lost().of(LossReason::Rejected), 1);
    provider.force_flush().unwrap();
}

#[test]
fn an_exporter_that_was_shut_down_takes_nothing_and_leaves_the_client_alone() {
    let server = server();
    let client = settings(&server).build().unwrap();
    let (ended, other) = (AxonPushSpanExporter::new(&client), AxonPushSpanExporter::new(&client));
    ready(ended.export(spans(3))).unwrap();
    ended.shutdown().unwrap();
    assert_eq!(server.len(), 3, "a shutdown delivers");
    assert!(matches!(ended.shutdown(), Err(OTelSdkError::AlreadyShutdown)));
    assert!(matches!(ready(ended.export(spans(2))), Err(OTelSdkError::AlreadyShutdown)));
    assert_eq!(client.stats().refused(), 2);
    assert!(client.last_error().is_some_and(|error| error.to_string().contains("shut down")));
    ready(other.export(spans(1))).unwrap();
    other.force_flush().unwrap();
    assert_eq!(server.len(), 4);
}

#[test]
fn spans_after_the_clients_end_are_refused_by_name_and_counted() {
    let server = server();
    let client = settings(&server).build().unwrap();
    let exporter = AxonPushSpanExporter::new(&client);
    assert!(client.blocking().shutdown(Duration::from_secs(5)).is_complete());
    let error = ready(exporter.export(spans(2))).unwrap_err().to_string();
    assert!(error.contains("2 of 2"), "{error}");
    assert_eq!(client.stats().refused(), 2);
}

#[test]
fn a_server_that_is_not_there_holds_nobody_up() {
    let client = AxonPush::builder()
        .api_key("ak_test")
        .base_url("http://127.0.0.1:9")
        .shutdown_timeout(Duration::from_millis(50))
        .build()
        .unwrap();
    let processor = AxonPushSpanProcessor::new(&client).flush_timeout(Duration::from_millis(100));
    let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
    let started = Instant::now();
    for _ in 0..1000 {
        provider.tracer("shop").start("work");
    }
    assert!(provider.force_flush().is_err());
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert!(client.stats().is_balanced());
}
