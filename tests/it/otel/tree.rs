//! A service that knows `tracing` alone: what the server has is the tree that OpenTelemetry's SDK recorded.

use std::collections::BTreeMap;

use axonpush::{AxonPush, DeliveryLane};
use axonpush_dev::StoredEvent;
use axonpush_otel::{AxonPushSpanExporter, AxonPushSpanProcessor};
use opentelemetry::{
    propagation::TextMapPropagator as _,
    trace::{SpanId, SpanKind, TracerProvider as _},
};
use opentelemetry_sdk::{
    propagation::TraceContextPropagator,
    trace::{InMemorySpanExporter, SdkTracerProvider, SpanData, TracerProviderBuilder},
};
use rig::{PATIENCE, server};
use tracing::{Instrument as _, info_span, instrument::WithSubscriber as _};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::layer::SubscriberExt as _;

use super::channelled;

/// How spans get to the client.
#[derive(Debug, Clone, Copy)]
enum By {
    Processor,
    Simple,
    Batch,
}

fn with(provider: TracerProviderBuilder, client: &AxonPush, by: By, lane: DeliveryLane) -> TracerProviderBuilder {
    let exporter = || AxonPushSpanExporter::new(client).lane(lane).unwrap();
    match by {
        By::Processor => provider.with_span_processor(AxonPushSpanProcessor::new(client).lane(lane).unwrap()),
        By::Simple => provider.with_simple_exporter(exporter()),
        By::Batch => provider.with_batch_exporter(exporter()),
    }
}

/// Requests with a remote parent and without, with spans in tasks, in threads and in one another.
async fn serve() {
    for request in 0..4_u64 {
        let span = info_span!("request", request, otel.kind = "server");
        if request % 2 == 0 {
            let header = ("traceparent".to_owned(), format!("00-{:032x}-{:016x}-01", request + 1, request + 9));
            let carrier = std::collections::HashMap::from([header]);
            span.set_parent(TraceContextPropagator::new().extract(&carrier)).unwrap();
        }
        let dispatch = tracing::dispatcher::get_default(Clone::clone);
        let subscriber = dispatch.clone();
        async {
            let task = tokio::spawn(
                async { tokio::task::yield_now().instrument(info_span!("in a task")).await }
                    .instrument(info_span!("spawned"))
                    .with_subscriber(subscriber.clone()),
            );
            let parent = tracing::Span::current();
            let thread = std::thread::spawn(move || {
                tracing::dispatcher::with_default(&dispatch, || {
                    info_span!(parent: &parent, "in a thread", n = 1).in_scope(|| tracing::info!(rows = 7, "read"));
                });
            });
            task.await.unwrap();
            thread.join().unwrap();
        }
        .instrument(span)
        .await;
    }
}

/// What of a span has to be the same: its parent, name, kind, times, and the names of its events.
type Node = (Option<String>, String, u64, String, String, Vec<String>, BTreeMap<String, String>);

fn recorded(spans: &[SpanData]) -> BTreeMap<(String, String), Node> {
    let nanos = |time: std::time::SystemTime| {
        time.duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap().as_nanos().to_string()
    };
    let node = |span: &SpanData| {
        let parent = Some(span.parent_span_id).filter(|id| *id != SpanId::INVALID).map(|id| id.to_string());
        let events = span.events.iter().map(|event| event.name.to_string()).collect();
        let attributes = span.attributes.iter().map(|each| (each.key.to_string(), each.value.to_string())).collect();
        let kind = match span.span_kind {
            SpanKind::Internal => 0,
            SpanKind::Server => 1,
            _ => unreachable!("this service asks nobody"),
        };
        (parent, span.name.to_string(), kind, nanos(span.start_time), nanos(span.end_time), events, attributes)
    };
    let id = |span: &SpanData| (span.span_context.trace_id().to_string(), span.span_context.span_id().to_string());
    spans.iter().map(|span| (id(span), node(span))).collect()
}

fn stored(events: &[StoredEvent]) -> BTreeMap<(String, String), Node> {
    let node = |event: &StoredEvent| {
        let payload = &event.payload;
        let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let events = payload["events"].as_array().into_iter().flatten().map(|event| text(&event["name"])).collect();
        let attributes = payload["attributes"].as_object().unwrap().iter();
        let attributes = attributes.filter(|(key, _)| !key.starts_with("axonpush."));
        (
            event.parent_span_id.clone(),
            event.identifier.clone(),
            payload["kind"].as_u64().unwrap(),
            text(&payload["startTimeUnixNano"]),
            text(&payload["endTimeUnixNano"]),
            events,
            attributes.map(|(key, value)| (key.clone(), text(value))).collect(),
        )
    };
    events
        .iter()
        .map(|event| ((event.trace_id.clone().unwrap(), event.span_id.clone().unwrap()), node(event)))
        .collect()
}

fn check(by: By, lane: DeliveryLane, runtime: &tokio::runtime::Runtime) {
    let server = server();
    let client = channelled(&server).build().unwrap();
    let memory = InMemorySpanExporter::default();
    let provider = with(SdkTracerProvider::builder().with_simple_exporter(memory.clone()), &client, by, lane).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("shop"));
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::with_default(subscriber, || runtime.block_on(serve()));
    provider.force_flush().unwrap();
    assert!(client.blocking().flush(PATIENCE).is_complete());
    let spans = memory.get_finished_spans().unwrap();
    assert_eq!(spans.len(), 16);
    let parents: Vec<_> =
        spans.iter().filter(|span| span.parent_span_is_remote).map(|span| span.parent_span_id).collect();
    assert_eq!(parents.len(), 2, "remote parents");
    assert_eq!(stored(&server.events()), recorded(&spans), "{by:?} {lane:?}");
    assert!(client.stats().is_balanced());
}

#[test]
fn the_server_has_the_tree_that_the_sdk_recorded() {
    let current_thread = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let multi_thread = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for runtime in [current_thread, multi_thread] {
        for by in [By::Processor, By::Simple, By::Batch] {
            for lane in [DeliveryLane::Event, DeliveryLane::Otlp] {
                check(by, lane, &runtime);
            }
        }
    }
}
