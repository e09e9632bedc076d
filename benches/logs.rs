//! What a record costs who logs it, beside OpenTelemetry's appender for `tracing` with the batch log processor of its SDK.
//!
//! `info!` with a message and three fields, inside a span with one, inside a request: ours finds the request's context,
//! theirs has its id as a field of the span. Both ship to the same server by OTLP in protobuf, from queues of 10,000 in
//! batches of 512 that leave after a second at the latest, and neither may lose anything. Sources, lines and threads are
//! left to either side's defaults: ours tells them, theirs does not.
//!
//! - **In bursts**: 500 calls every 50 ms, the mean of whole bursts and percentiles of single calls, which hold two looks
//!   at the clock on either side.
//! - **Disabled**: `debug!` with the level off, beside the same call where there is no subscriber at all.
//!
//! Either side is a process of its own, as a program has one default subscriber.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use axonpush::{AxonPush, BatchPolicy, DeliveryLane, DeliveryPolicy, OtlpFormat, QueuePolicy, RequestContext};
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_otlp::{LogExporter, Protocol, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    logs::{BatchConfigBuilder, BatchLogProcessor, SdkLoggerProvider},
};
use support::{
    allocations, figure, median, process,
    samples::{Samples, wait_until},
    sink::{self, Sink},
};
use tracing::{debug, info, info_span};
use tracing_subscriber::{Layer as _, filter::LevelFilter, layer::SubscriberExt as _, util::SubscriberInitExt as _};

#[global_allocator]
static ALLOCATOR: allocations::Counting = allocations::Counting;

const QUEUE: usize = 10_000;
const BATCH: usize = 512;
const AGE: Duration = Duration::from_secs(1);
const CALLS: usize = 500;
const BURSTS: usize = 60;
const WARM: usize = 20;
const EVERY: Duration = Duration::from_millis(50);
const DISABLED: u32 = 4_000_000;
const TURNS: usize = 3;

const NAMES: [&str; 5] = ["mean", "p50", "p99", "allocations", "disabled"];

fn main() {
    match process::role() {
        None => compare(),
        Some((role, _)) if role == sink::ROLE => sink::serve(),
        Some((role, url)) => match role.as_str() {
            "ours" => ours(&url),
            "theirs" => theirs(&url),
            _ => nobody(),
        },
    }
}

fn compare() {
    let sink = Sink::start();
    let mut figures = [const { [const { Vec::new() }; NAMES.len()] }; 2];
    let (mut missing, mut nobody) = ([0.0; 2], Vec::new());
    for _ in 0..TURNS {
        for (side, role) in ["ours", "theirs"].into_iter().enumerate() {
            let said = process::run(role, &sink.url());
            for (name, values) in NAMES.iter().zip(&mut figures[side]) {
                values.push(said[*name]);
            }
            missing[side] += (CALLS * (BURSTS + WARM)) as f64 - sink.take_count() as f64;
        }
        nobody.push(process::run("nobody", "")["disabled"]);
    }
    for (side, role) in ["ours", "theirs"].into_iter().enumerate() {
        for (name, values) in NAMES.iter().zip(&mut figures[side]) {
            figure(&format!("logs.{name}.{role}"), median(std::mem::take(values)));
        }
        figure(&format!("logs.missing.{role}"), missing[side]);
    }
    figure("logs.disabled.nobody", median(nobody));
}

fn ours(url: &str) {
    let batch = BatchPolicy::new().max_events(BATCH).max_age(AGE);
    let delivery = DeliveryPolicy::new().logs(DeliveryLane::Otlp).otlp_format(OtlpFormat::Protobuf).batch(batch);
    let client = AxonPush::builder()
        .api_key("ak_bench")
        .base_url(url)
        .channel_id("payments")
        .queue(QueuePolicy::new().max_events(QUEUE))
        .delivery(delivery)
        .build()
        .expect("complete settings");
    tracing_subscriber::registry().with(client.tracing_layer().with_filter(LevelFilter::INFO)).init();
    RequestContext::new().sync_scope(|| measure(&info_span!("checkout", cart = "c-00918273")));
    let report = client.blocking().shutdown(Duration::from_secs(10));
    assert!(report.is_complete() && client.stats().lost().total() == 0, "{report}");
}

fn theirs(url: &str) {
    let exporter = LogExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{url}/v1/logs"))
        .build()
        .expect("an exporter");
    let config = BatchConfigBuilder::default()
        .with_max_queue_size(QUEUE)
        .with_max_export_batch_size(BATCH)
        .with_scheduled_delay(AGE)
        .build();
    let provider = SdkLoggerProvider::builder()
        .with_resource(Resource::builder_empty().build())
        .with_log_processor(BatchLogProcessor::builder(exporter).with_batch_config(config).build())
        .build();
    let bridge = OpenTelemetryTracingBridge::new(&provider);
    tracing_subscriber::registry().with(bridge.with_filter(LevelFilter::INFO)).init();
    let id = "0199f3a2-7b1c-7d4e-9a55-2f6d8c3b1e70";
    measure(&info_span!("checkout", cart = "c-00918273", request.id = id));
    provider.shutdown_with_timeout(Duration::from_secs(10)).expect("a shutdown in time");
}

fn nobody() {
    process::say("disabled", disabled());
}

fn measure(span: &tracing::Span) {
    let _span = span.enter();
    let mut samples = Samples::with_capacity(CALLS * BURSTS / 2);
    let (mut means, mut allocated) = (Vec::new(), Vec::new());
    let start = Instant::now();
    for burst in 0..WARM + BURSTS {
        wait_until(start + EVERY * u32::try_from(burst).expect("few"));
        if burst < WARM {
            (0..CALLS).for_each(log);
        } else if burst % 2 == 0 {
            let (before, began) = (allocations::of_this_thread(), Instant::now());
            (0..CALLS).for_each(log);
            means.push(began.elapsed().as_nanos() as f64 / CALLS as f64);
            allocated.push((allocations::of_this_thread() - before) as f64 / CALLS as f64);
        } else {
            (0..CALLS).for_each(|n| samples.time(|| log(n)));
        }
    }
    process::say("mean", median(means));
    process::say("p50", samples.percentile(50));
    process::say("p99", samples.percentile(99));
    process::say("allocations", median(allocated));
    process::say("disabled", disabled());
}

fn log(n: usize) {
    info!(order.id = black_box(n), amount = 129.95, currency = "EUR", "payment was declined by the card issuer");
}

fn disabled() -> f64 {
    let began = Instant::now();
    for n in 0..DISABLED {
        debug!(order.id = black_box(n), amount = 129.95, currency = "EUR", "payment was declined by the card issuer");
    }
    began.elapsed().as_nanos() as f64 / f64::from(DISABLED)
}
