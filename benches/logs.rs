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
//! - **Lines**: the same record as a line of JSON in a file, ours by a `RollingFile` without a server, beside the JSON of
//!   `tracing-subscriber` through the non-blocking writer of `tracing-appender`. After the bursts come 200,000 records in
//!   bursts of 5,000, small enough for either queue, which say what processor time lines cost in all threads. Lines are
//!   counted in the file.
//!
//! Either side is a process of its own, as a program has one default subscriber.

use std::{
    fs,
    hint::black_box,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use axonpush::{
    AxonPush, BatchPolicy, DeliveryLane, DeliveryPolicy, OtlpFormat, QueuePolicy, RequestContext, RollingFile,
};
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
const LOAD: usize = 5000;
const LOADS: usize = 40;
const LOAD_EVERY: Duration = Duration::from_millis(50);
const TURNS: usize = 3;
const REQUEST_ID: &str = "0199f3a2-7b1c-7d4e-9a55-2f6d8c3b1e70";

const NAMES: [&str; 5] = ["mean", "p50", "p99", "allocations", "disabled"];
const OF_LINES: [&str; 5] = ["mean", "p50", "p99", "allocations", "cpu"];

fn main() {
    match process::role() {
        None => compare(),
        Some((role, _)) if role == sink::ROLE => sink::serve(),
        Some((role, url)) => match role.as_str() {
            "ours" => ours(&url),
            "theirs" => theirs(&url),
            "lines" => lines(Path::new(&url)),
            "fmt_json" => fmt_json(Path::new(&url)),
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
    compare_lines();
}

fn compare_lines() {
    let mut figures = [const { [const { Vec::new() }; OF_LINES.len()] }; 2];
    let mut missing = [0.0; 2];
    for turn in 0..TURNS {
        for (side, role) in ["lines", "fmt_json"].into_iter().enumerate() {
            let file = std::env::temp_dir().join(format!("bench-{}-{role}-{turn}.log", std::process::id()));
            let said = process::run(role, file.to_str().expect("a path that is text"));
            for (name, values) in OF_LINES.iter().zip(&mut figures[side]) {
                values.push(said[*name]);
            }
            let lines = fs::read(&file).expect("a file").iter().filter(|byte| **byte == b'\n').count();
            missing[side] += (CALLS * (BURSTS + WARM) + LOAD * LOADS) as f64 - lines as f64;
            fs::remove_file(file).expect("our own file");
        }
    }
    for (side, role) in ["ours", "theirs"].into_iter().enumerate() {
        for (name, values) in OF_LINES.iter().zip(&mut figures[side]) {
            figure(&format!("logs.lines.{name}.{role}"), median(std::mem::take(values)));
        }
        assert!(role == "ours" || missing[side] == 0.0, "theirs would lose lines here, and is not to be compared with");
        figure(&format!("logs.lines.missing.{role}"), missing[side]);
    }
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
    process::say("disabled", disabled());
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
    measure(&info_span!("checkout", cart = "c-00918273", request.id = REQUEST_ID));
    process::say("disabled", disabled());
    provider.shutdown_with_timeout(Duration::from_secs(10)).expect("a shutdown in time");
}

fn lines(file: &Path) {
    let file = RollingFile::new(file).max_bytes(u64::MAX);
    let client = AxonPush::builder()
        .base_url("http://localhost")
        .channel_id("payments")
        .without_server()
        .sink("file", file)
        .build()
        .expect("complete settings");
    tracing_subscriber::registry().with(client.tracing_layer().with_filter(LevelFilter::INFO)).init();
    RequestContext::new().sync_scope(|| {
        let span = info_span!("checkout", cart = "c-00918273");
        measure(&span);
        spend(&span, || assert!(client.blocking().shutdown(Duration::from_secs(10)).is_complete()));
    });
}

fn fmt_json(file: &Path) {
    let file = fs::File::create(file).expect("a file");
    let (writer, guard) = tracing_appender::non_blocking(file);
    let json = tracing_subscriber::fmt::layer().json().with_writer(writer);
    tracing_subscriber::registry().with(json.with_filter(LevelFilter::INFO)).init();
    let span = info_span!("checkout", cart = "c-00918273", request.id = REQUEST_ID);
    measure(&span);
    spend(&span, || drop(guard));
}

/// Says what a million lines cost, in all threads, from the call to the file; `finish` waits for the last one.
fn spend(span: &tracing::Span, finish: impl FnOnce()) {
    // What is left of the bursts is none of it.
    thread::sleep(Duration::from_millis(200));
    let before = process::cpu();
    span.in_scope(|| {
        for _ in 0..LOADS {
            (0..LOAD).for_each(log);
            thread::sleep(LOAD_EVERY);
        }
    });
    finish();
    let spent = process::cpu() - before;
    process::say("cpu", spent.as_secs_f64() * 1e6 / (LOAD * LOADS) as f64);
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
