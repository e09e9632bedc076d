//! Log records by OTLP, beside `opentelemetry-otlp` with the batch log processor of its SDK.
//!
//! Either side is a process of its own that makes the same records by its own idiom and sends them to the same server:
//! a body of a hundred characters, five attributes, a severity. Queues hold 10,000, batches 512, and leave after a second
//! at the latest. What counts as delivered is what the server has counted.
//!
//! - **Flood**: one thread offers as fast as it can; whatever finds no room is lost on both sides. Records delivered in a
//!   second, shutdown included.
//! - **Paced**: 50,000 a second in bursts of 500, which both sides should deliver whole. Processor time for a million
//!   records: all threads, from the first record to the end of the shutdown.
//!
//! Theirs runs as its documentation recommends for the batch processor: `http-proto` with a blocking HTTP client.

use std::time::Duration;

use axonpush::{
    AxonPush, BatchPolicy, DeliveryLane, DeliveryPolicy, Event, LogPayload, OtlpFormat, QueuePolicy, Severity,
};
use opentelemetry::logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _, Severity as OtelSeverity};
use opentelemetry_otlp::{LogExporter, Protocol, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    logs::{BatchConfigBuilder, BatchLogProcessor, SdkLoggerProvider},
};
use support::{
    figure,
    load::offer,
    median, process,
    sink::{self, Sink},
};

const QUEUE: usize = 10_000;
const BATCH: usize = 512;
const AGE: Duration = Duration::from_secs(1);
const TURNS: usize = 3;

const BODY: &str =
    "payment of 129.95 EUR for order 1048577 was declined by the card issuer; the customer may retry it now!";

fn main() {
    match process::role() {
        None => compare(),
        Some((role, _)) if role == sink::ROLE => sink::serve(),
        Some((role, argument)) => {
            let (load, url) = argument.split_once(' ').expect("a load and a URL");
            match role.as_str() {
                "protobuf" => ours(load, url, OtlpFormat::Protobuf),
                "json" => ours(load, url, OtlpFormat::Json),
                _ => theirs(load, url),
            }
        }
    }
}

fn compare() {
    const SIDES: [&str; 3] = ["protobuf", "json", "opentelemetry"];
    let sink = Sink::start();
    let mut rates = [const { Vec::new() }; SIDES.len()];
    let mut cpus = [const { Vec::new() }; SIDES.len()];
    let mut missing = [0.0; SIDES.len()];
    for _ in 0..TURNS {
        for (side, role) in SIDES.iter().enumerate() {
            let said = process::run(role, &format!("flood {}", sink.url()));
            rates[side].push(sink.take_count() as f64 / said["seconds"]);
            let said = process::run(role, &format!("paced {}", sink.url()));
            let delivered = sink.take_count() as f64;
            cpus[side].push(said["cpu"] / delivered * 1e6);
            missing[side] += said["offered"] - delivered;
        }
    }
    for (side, role) in SIDES.iter().enumerate() {
        figure(&format!("otlp.flood.{role}"), median(std::mem::take(&mut rates[side])));
        figure(&format!("otlp.cpu.{role}"), median(std::mem::take(&mut cpus[side])));
        figure(&format!("otlp.missing.{role}"), missing[side]);
    }
}

fn ours(load: &str, url: &str, format: OtlpFormat) {
    let batch = BatchPolicy::new().max_events(BATCH).max_age(AGE);
    let client = AxonPush::builder()
        .api_key("ak_bench")
        .base_url(url)
        .channel_id("payments")
        .queue(QueuePolicy::new().max_events(QUEUE))
        .delivery(DeliveryPolicy::new().logs(DeliveryLane::Otlp).otlp_format(format).batch(batch))
        .shutdown_timeout(Duration::from_secs(10))
        .report_losses(false)
        .build()
        .expect("complete settings");
    let one = |n: u64| {
        let record = LogPayload::new(BODY)
            .severity(Severity::Error)
            .attribute("order.id", i64::try_from(n).expect("small"))
            .attribute("customer.id", "c-00918273")
            .attribute("amount", 129.95)
            .attribute("currency", "EUR")
            .attribute("retry", true);
        client.events().enqueue(Event::log("payments", record));
    };
    // The drop of the last handle delivers what waits.
    let last = client.clone();
    offer(load, one, || drop((last, client.blocking().shutdown(Duration::from_secs(10)))));
    let stats = client.stats();
    assert!(stats.is_balanced() && (load == "flood" || stats.lost().total() == 0), "{stats}");
}

fn theirs(load: &str, url: &str) {
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
    let processor = BatchLogProcessor::builder(exporter).with_batch_config(config).build();
    let provider = SdkLoggerProvider::builder()
        .with_resource(Resource::builder_empty().build())
        .with_log_processor(processor)
        .build();
    let logger = provider.logger("payments");
    let one = |n: u64| {
        let mut record = logger.create_log_record();
        record.set_timestamp(std::time::SystemTime::now());
        record.set_severity_number(OtelSeverity::Error);
        record.set_severity_text("ERROR");
        record.set_body(AnyValue::from(BODY));
        record.add_attribute("order.id", i64::try_from(n).expect("small"));
        record.add_attribute("customer.id", "c-00918273");
        record.add_attribute("amount", 129.95);
        record.add_attribute("currency", "EUR");
        record.add_attribute("retry", true);
        logger.emit(record);
    };
    offer(load, one, || provider.shutdown_with_timeout(Duration::from_secs(10)).expect("a shutdown in time"));
}
