//! Spans by OTLP, beside `opentelemetry-otlp` with the batch span processor of its SDK.
//!
//! All sides are instrumented alike: spans of the SDK with a parent, eight attributes and an event. Ours go by the processor
//! of `axonpush-otel`, as protobuf and as JSON, or by its exporter behind the SDK's batch processor; theirs by their exporter
//! behind that. Either side is a process of its own that sends to the same server; queues hold 10,000, batches 512, and leave
//! after a second at the latest. What counts as delivered is what the server has counted.
//!
//! - **Flood**: one thread records as fast as it can; whatever finds no room is lost on both sides. Spans delivered in a
//!   second, shutdown included.
//! - **Paced**: 50,000 a second in bursts of 500. Processor time for a million spans: all threads, from the first span to
//!   the end of the shutdown, and with it what the SDK takes to record them.
//! - **Export**: 200 batches of finished spans, made before, are given to each exporter, one every 10 ms. Processor time for a
//!   million spans, without what it took to record them.
//!
//! Theirs runs as its documentation recommends for the batch processor: `http-proto` with a blocking HTTP client.

use std::{
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context as TaskContext, Poll, Waker},
    time::{Duration, Instant},
};

use axonpush::{AxonPush, BatchPolicy, DeliveryLane, DeliveryPolicy, OtlpFormat, QueuePolicy};
use axonpush_otel::{AxonPushSpanExporter, AxonPushSpanProcessor};
use opentelemetry::{
    Context, KeyValue,
    trace::{Span as _, SpanBuilder, SpanKind, TraceContextExt as _, Tracer as _, TracerProvider as _},
};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{
        BatchConfigBuilder, BatchSpanProcessor, SdkTracer, SdkTracerProvider, Span, SpanData,
        SpanExporter as AnyExporter, SpanProcessor, TracerProviderBuilder,
    },
};
use support::{
    figure,
    load::{BURSTS, EVERY, offer, say, wait_asleep_until},
    median, process,
    sink::{self, Sink},
};

const QUEUE: usize = 10_000;
const BATCH: usize = 512;
const AGE: Duration = Duration::from_secs(1);
const TURNS: usize = 3;
const LAST: Duration = Duration::from_secs(10);

fn main() {
    match process::role() {
        None => compare(),
        Some((role, _)) if role == sink::ROLE => sink::serve(),
        Some((role, argument)) => {
            let (load, url) = argument.split_once(' ').expect("a load and a URL");
            match role.as_str() {
                "protobuf" => ours(load, url, OtlpFormat::Protobuf, false),
                "json" => ours(load, url, OtlpFormat::Json, false),
                "exporter" => ours(load, url, OtlpFormat::Protobuf, true),
                _ => theirs(load, url),
            }
        }
    }
}

fn compare() {
    const SIDES: [&str; 4] = ["protobuf", "json", "exporter", "opentelemetry"];
    let sink = Sink::start();
    let mut rates = [const { Vec::new() }; SIDES.len()];
    let mut cpus = [const { Vec::new() }; SIDES.len()];
    let mut exports = [const { Vec::new() }; SIDES.len()];
    let mut missing = [0.0; SIDES.len()];
    for _ in 0..TURNS {
        for (side, role) in SIDES.iter().enumerate() {
            let said = process::run(role, &format!("flood {}", sink.url()));
            rates[side].push(sink.take_count() as f64 / said["seconds"]);
            for (load, cpus) in [("paced", &mut cpus[side]), ("export", &mut exports[side])] {
                let said = process::run(role, &format!("{load} {}", sink.url()));
                let delivered = sink.take_count() as f64;
                cpus.push(said["cpu"] / delivered * 1e6);
                missing[side] += said["offered"] - delivered;
            }
        }
    }
    for (side, role) in SIDES.iter().enumerate() {
        figure(&format!("spans.flood.{role}"), median(std::mem::take(&mut rates[side])));
        figure(&format!("spans.cpu.{role}"), median(std::mem::take(&mut cpus[side])));
        figure(&format!("spans.export.{role}"), median(std::mem::take(&mut exports[side])));
        figure(&format!("spans.missing.{role}"), missing[side]);
    }
}

/// Gives finished spans to an exporter, and ends with `shut_down`.
fn export(exporter: &impl AnyExporter, shut_down: impl FnOnce()) {
    let batches = finished();
    let (started, cpu) = (Instant::now(), process::cpu());
    let mut offered = 0;
    for (turn, batch) in (0..).zip(batches) {
        wait_asleep_until(started + EVERY * turn);
        offered += batch.len() as u64;
        let export = pin!(exporter.export(batch));
        // Neither has anything to wait for but the system's own calls.
        let Poll::Ready(exported) = export.poll(&mut TaskContext::from_waker(Waker::noop())) else {
            panic!("an export waits");
        };
        exported.expect("an export");
    }
    shut_down();
    say(started, cpu, offered);
}

/// One span as an instrumented HTTP server has it.
fn record(tracer: &SdkTracer, parent: &Context, n: u64) {
    let n = i64::try_from(n).expect("small");
    let builder = SpanBuilder::from_name("POST /orders/{id}").with_kind(SpanKind::Server).with_attributes([
        KeyValue::new("http.request.method", "POST"),
        KeyValue::new("http.route", "/orders/{id}"),
        KeyValue::new("url.path", format!("/orders/{n}")),
        KeyValue::new("http.response.status_code", 201),
        KeyValue::new("server.address", "orders.internal"),
        KeyValue::new("order.id", n),
        KeyValue::new("order.amount", 129.95),
        KeyValue::new("order.retry", false),
    ]);
    let mut span = tracer.build_with_context(builder, parent);
    span.add_event("stock reserved", vec![KeyValue::new("warehouse", "north")]);
    span.end();
}

/// The batches of the load `export`.
fn finished() -> Vec<Vec<SpanData>> {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let provider = SdkTracerProvider::builder().with_span_processor(Keep(Arc::clone(&kept))).build();
    let (tracer, parent) = (provider.tracer("shop"), parent());
    (0..u64::from(BURSTS))
        .map(|batch| {
            (0..BATCH as u64).for_each(|n| record(&tracer, &parent, batch * BATCH as u64 + n));
            std::mem::take(&mut *kept.lock().expect("nobody panics"))
        })
        .collect()
}

#[derive(Debug)]
struct Keep(Arc<Mutex<Vec<SpanData>>>);

impl SpanProcessor for Keep {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        self.0.lock().expect("nobody panics").push(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

fn parent() -> Context {
    use opentelemetry::trace::{SpanContext, TraceFlags, TraceState};
    let remote = SpanContext::new(7_u128.into(), 9_u64.into(), TraceFlags::SAMPLED, true, TraceState::NONE);
    Context::new().with_remote_span_context(remote)
}

fn provider(add: impl FnOnce(TracerProviderBuilder) -> TracerProviderBuilder) -> SdkTracerProvider {
    let resource = Resource::builder_empty().with_service_name("orders").build();
    add(SdkTracerProvider::builder().with_resource(resource)).build()
}

fn batched(exporter: impl AnyExporter + 'static) -> BatchSpanProcessor {
    let config = BatchConfigBuilder::default()
        .with_max_queue_size(QUEUE)
        .with_max_export_batch_size(BATCH)
        .with_scheduled_delay(AGE)
        .build();
    BatchSpanProcessor::builder(exporter).with_batch_config(config).build()
}

fn ours(load: &str, url: &str, format: OtlpFormat, behind_a_batch: bool) {
    let batch = BatchPolicy::new().max_events(BATCH).max_age(AGE);
    let client = AxonPush::builder()
        .api_key("ak_bench")
        .base_url(url)
        .channel_id("payments")
        .queue(QueuePolicy::new().max_events(QUEUE))
        .delivery(DeliveryPolicy::new().spans(DeliveryLane::Otlp).otlp_format(format).batch(batch))
        .report_losses(false)
        .build()
        .expect("complete settings");
    let end = || drop(client.blocking().shutdown(LAST));
    if load == "export" {
        return export(&AxonPushSpanExporter::new(&client), end);
    }
    let provider = provider(|builder| {
        if behind_a_batch {
            builder.with_span_processor(batched(AxonPushSpanExporter::new(&client)))
        } else {
            builder.with_span_processor(AxonPushSpanProcessor::new(&client))
        }
    });
    let (tracer, parent) = (provider.tracer("shop"), parent());
    offer(
        load,
        |n| record(&tracer, &parent, n),
        || {
            let _losses_are_counted = provider.shutdown_with_timeout(LAST);
            end();
        },
    );
    let stats = client.stats();
    assert!(stats.is_balanced(), "{stats}");
}

fn theirs(load: &str, url: &str) {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{url}/v1/traces"))
        .build()
        .expect("an exporter");
    if load == "export" {
        return export(&exporter, || ());
    }
    let provider = provider(|builder| builder.with_span_processor(batched(exporter)));
    let (tracer, parent) = (provider.tracer("shop"), parent());
    let end = || provider.shutdown_with_timeout(LAST).expect("a shutdown in time");
    offer(load, |n| record(&tracer, &parent, n), end);
}
