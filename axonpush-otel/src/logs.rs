//! Log records.

use std::time::{Duration, SystemTime};

use axonpush::{AxonPush, DeliveryLane, Error, Event, LogPayload, Severity};
use opentelemetry::{InstrumentationScope, SpanId, TraceId, logs::Severity as OtelSeverity};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    logs::{LogBatch, LogExporter, LogProcessor, SdkLogRecord},
};

use crate::{handover::Handover, values};

/// Sends log records to AxonPush, by whatever log processor there is.
///
/// As an [`AxonPushSpanExporter`](crate::AxonPushSpanExporter) it never waits for the network, and the SDK's processors
/// never ask it to flush; an [`AxonPushLogProcessor`] does flush. What the client's levels and its pipeline leave out of
/// other logs they leave out of these.
///
/// ```
/// use axonpush::AxonPush;
/// use axonpush_otel::{AxonPushLogExporter, opentelemetry_sdk::logs::SdkLoggerProvider};
///
/// # let client = AxonPush::disabled();
/// let logging = SdkLoggerProvider::builder().with_batch_exporter(AxonPushLogExporter::new(&client)).build();
/// logging.shutdown()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct AxonPushLogExporter(Handover);

/// Sends log records to AxonPush as they are emitted.
///
/// It does what an [`AxonPushLogExporter`] behind a batch processor does, for less. Handed over where it is emitted, a record
/// also knows the AxonPush [`RequestContext`](axonpush::RequestContext) it was emitted in.
#[derive(Debug)]
pub struct AxonPushLogProcessor(Handover);

macro_rules! settings {
    ($type:ident, $what:literal) => {
        impl $type {
            #[doc = concat!("A log ", $what, " of `client`, which it keeps alive and never shuts down.")]
            pub fn new(client: &AxonPush) -> Self {
                Self(Handover::new(client))
            }

            /// The way records travel, whatever the client's [`DeliveryPolicy`](axonpush::DeliveryPolicy) says.
            ///
            /// # Errors
            ///
            /// When it is [`DeliveryLane::Otlp`] and the client has no channel.
            pub fn lane(self, lane: DeliveryLane) -> Result<Self, Error> {
                self.0.lane(lane).map(Self)
            }

            /// How long `force_flush` takes at most; 5 s unless set.
            #[must_use]
            pub fn flush_timeout(mut self, timeout: Duration) -> Self {
                self.0.flush_timeout = timeout;
                self
            }
        }
    };
}

settings!(AxonPushLogExporter, "exporter");
settings!(AxonPushLogProcessor, "processor");

impl LogExporter for AxonPushLogExporter {
    fn export(&self, batch: LogBatch<'_>) -> impl Future<Output = OTelSdkResult> + Send {
        std::future::ready(self.0.hand_over(batch.iter().count(), |relay, told| {
            for (record, scope) in batch.iter() {
                told(relay.log(&event(record, scope)));
            }
        }))
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shut_down(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}

impl AxonPushLogExporter {
    /// Delivers what was exported.
    ///
    /// # Errors
    ///
    /// When not all of it could be delivered in time.
    pub fn force_flush(&self) -> OTelSdkResult {
        self.0.flush()
    }
}

impl LogProcessor for AxonPushLogProcessor {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        // Whoever logs can do nothing about it; the client's books have it.
        let _in_the_books = self.0.hand_over(1, |relay, told| told(relay.log(&event(record, scope))));
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shut_down(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}

fn event(record: &SdkLogRecord, scope: &InstrumentationScope) -> Event {
    let number = record.severity_number();
    let severity = severity(number);
    let time = record.timestamp().or(record.observed_timestamp()).unwrap_or_else(SystemTime::now);
    let mut log = LogPayload::new(values::body(record.body())).severity(severity).time(time);
    for (key, value) in record.attributes_iter() {
        log = log.attribute(key.as_str().to_owned(), values::any(value));
    }
    if let Some(name) = record.event_name() {
        log = log.attribute("otel.event_name", name);
    }
    // AxonPush has six severities. What is between them, and what they were called, is kept beside.
    if let Some(number) = number.filter(|number| *number as u8 != severity.number()) {
        log = log.attribute("otel.severity_number", number as u8);
    }
    if let Some(text) = record.severity_text().filter(|text| *text != severity.text()) {
        log = log.attribute("otel.severity_text", text);
    }
    let names = [record.target().map_or("", |target| &**target), scope.name(), record.event_name().unwrap_or_default()];
    let name = names.into_iter().find(|name| !name.trim().is_empty()).unwrap_or("log");
    let mut event = Event::log(prefix(name).to_owned(), log).occurred_at(time);
    if let Some(context) = record.trace_context() {
        if context.trace_id != TraceId::INVALID {
            event = event.trace_id(context.trace_id.to_string());
        }
        if context.span_id != SpanId::INVALID {
            event = event.span_id(context.span_id.to_string());
        }
    }
    event
}

fn severity(number: Option<OtelSeverity>) -> Severity {
    match number.map_or(9, |number| number as u8) {
        ..=4 => Severity::Trace,
        5..=8 => Severity::Debug,
        9..=12 => Severity::Info,
        13..=16 => Severity::Warn,
        17..=20 => Severity::Error,
        21.. => Severity::Fatal,
    }
}

/// As much of a name as an identifier may have.
fn prefix(name: &str) -> &str {
    let longest = name.len().min(MAX_NAME_BYTES);
    // A character has at most four bytes, so one of these ends on a boundary.
    (longest.saturating_sub(3)..=longest).rev().find_map(|end| name.get(..end)).unwrap_or_default()
}

const MAX_NAME_BYTES: usize = 1024;
