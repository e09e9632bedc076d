//! Finished spans.

use std::time::Duration;

use axonpush::{
    AxonPush, DeliveryLane, Error, SpanKind,
    relay::{AttributeWriter, EventWriter, LinkWriter, RelayBatch, SpanContents, SpanFacts},
};
use opentelemetry::{
    Context, KeyValue,
    trace::{SpanId, SpanKind as OtelKind, Status, TraceState},
};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{Span, SpanData, SpanExporter, SpanProcessor},
};

use crate::{
    handover::Handover,
    values::{Shown, for_each_last},
};

/// Sends finished spans to AxonPush, by whatever span processor there is.
///
/// An export hands spans over to the client's queue and returns: it never waits for the network, and needs no runtime. So
/// it works with the SDK's simple and batch processors, in any number, on any thread. Only a client in
/// [`DeliveryMode::Sync`](axonpush::DeliveryMode::Sync) has it wait until the spans are delivered.
///
/// The SDK's processors never ask an exporter to flush, so their `force_flush` ends where the spans were handed over. That of
/// an [`AxonPushSpanProcessor`] delivers them, and takes one queue less.
///
/// ```
/// use axonpush::AxonPush;
/// use axonpush_otel::{AxonPushSpanExporter, opentelemetry_sdk::trace::SdkTracerProvider};
///
/// # let client = AxonPush::disabled();
/// let tracing = SdkTracerProvider::builder().with_batch_exporter(AxonPushSpanExporter::new(&client)).build();
/// // … and when the program ends:
/// tracing.shutdown()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct AxonPushSpanExporter(Spans);

/// Sends spans to AxonPush as they end.
///
/// It does what an [`AxonPushSpanExporter`] behind a batch processor does, for less: the client has a queue and a worker of
/// its own, so the processor needs none. `force_flush` and `shutdown` return when what had ended was delivered, or say that
/// it was not.
///
/// ```
/// use axonpush::AxonPush;
/// use axonpush_otel::{AxonPushSpanProcessor, opentelemetry_sdk::trace::SdkTracerProvider};
///
/// # let client = AxonPush::disabled();
/// let tracing = SdkTracerProvider::builder().with_span_processor(AxonPushSpanProcessor::new(&client)).build();
/// tracing.force_flush()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct AxonPushSpanProcessor(Spans);

#[derive(Debug)]
struct Spans {
    handover: Handover,
    as_text: bool,
}

macro_rules! settings {
    ($type:ident, $what:literal) => {
        impl $type {
            #[doc = concat!("A span ", $what, " of `client`, which it keeps alive and never shuts down.")]
            pub fn new(client: &AxonPush) -> Self {
                Self(Spans { handover: Handover::new(client), as_text: false })
            }

            /// Whether the values of attributes become text, as the AxonPush SDKs for other languages send them; `false`
            /// unless set.
            #[must_use]
            pub fn stringify_attributes(mut self, as_text: bool) -> Self {
                self.0.as_text = as_text;
                self
            }

            /// The way spans travel, whatever the client's [`DeliveryPolicy`](axonpush::DeliveryPolicy) says.
            ///
            /// # Errors
            ///
            /// When it is [`DeliveryLane::Otlp`] and the client has no channel.
            pub fn lane(self, lane: DeliveryLane) -> Result<Self, Error> {
                Ok(Self(Spans { handover: self.0.handover.lane(lane)?, ..self.0 }))
            }

            /// How long `force_flush` takes at most; 5 s unless set.
            #[must_use]
            pub fn flush_timeout(mut self, timeout: Duration) -> Self {
                self.0.handover.flush_timeout = timeout;
                self
            }
        }
    };
}

settings!(AxonPushSpanExporter, "exporter");
settings!(AxonPushSpanProcessor, "processor");

impl SpanExporter for AxonPushSpanExporter {
    fn export(&self, batch: Vec<SpanData>) -> impl Future<Output = OTelSdkResult> + Send {
        std::future::ready(self.0.hand_over(&batch))
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.handover.shut_down(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.handover.flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.handover.set_resource(resource);
    }
}

impl SpanProcessor for AxonPushSpanProcessor {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() {
            // Whoever ends a span can do nothing about it; the client's books have it.
            let _in_the_books = self.0.hand_over(std::slice::from_ref(&span));
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.handover.flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.handover.shut_down(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.handover.set_resource(resource);
    }
}

impl Spans {
    fn hand_over(&self, spans: &[SpanData]) -> OTelSdkResult {
        self.handover.hand_over(spans.len(), |batch, told| {
            for span in spans {
                told(self.relay(span, batch));
            }
        })
    }

    fn relay(&self, span: &SpanData, batch: &RelayBatch<'_>) -> Result<(), Error> {
        let context = &span.span_context;
        let state = header(context.trace_state());
        let mut facts = SpanFacts::new(
            &span.name,
            trace_number(context.trace_id()),
            number(context.span_id()),
            span.start_time,
            span.end_time,
        )
        .kind(kind(&span.span_kind))
        .scope(span.instrumentation_scope.name(), span.instrumentation_scope.version().unwrap_or_default())
        .trace_state(&state)
        .flags(flags(context.trace_flags().to_u8(), span.parent_span_is_remote))
        .dropped(span.dropped_attributes_count, span.events.dropped_count, span.links.dropped_count);
        if span.parent_span_id != SpanId::INVALID {
            facts = facts.parent_span_id(number(span.parent_span_id));
        }
        facts = match &span.status {
            Status::Unset => facts,
            Status::Ok => facts.ok(),
            Status::Error { description } => facts.error(description),
        };
        batch.span(&facts, &Contents { span, as_text: self.as_text })
    }
}

struct Contents<'a> {
    span: &'a SpanData,
    as_text: bool,
}

impl Contents<'_> {
    fn write(&self, attributes: &[KeyValue], to: &mut AttributeWriter<'_>) {
        for_each_last(attributes, |attribute| {
            to.add(attribute.key.as_str(), &Shown { value: &attribute.value, as_text: self.as_text });
        });
    }
}

impl SpanContents for Contents<'_> {
    fn attributes(&self, to: &mut AttributeWriter<'_>) {
        self.write(&self.span.attributes, to);
    }

    fn events(&self, to: &mut EventWriter<'_>) {
        for event in self.span.events.iter() {
            let write = |to: &mut AttributeWriter<'_>| self.write(&event.attributes, to);
            to.add(&event.name, event.timestamp, event.dropped_attributes_count, write);
        }
    }

    fn links(&self, to: &mut LinkWriter<'_>) {
        for link in self.span.links.iter() {
            let context = &link.span_context;
            let (trace, span) = (trace_number(context.trace_id()), number(context.span_id()));
            let write = |to: &mut AttributeWriter<'_>| self.write(&link.attributes, to);
            to.add(trace, span, &header(context.trace_state()), link.dropped_attributes_count, write);
        }
    }
}

fn kind(kind: &OtelKind) -> SpanKind {
    match kind {
        OtelKind::Internal => SpanKind::Internal,
        OtelKind::Server => SpanKind::Server,
        OtelKind::Client => SpanKind::Client,
        OtelKind::Producer => SpanKind::Producer,
        OtelKind::Consumer => SpanKind::Consumer,
    }
}

fn trace_number(id: opentelemetry::trace::TraceId) -> u128 {
    u128::from_be_bytes(id.to_bytes())
}

fn number(id: SpanId) -> u64 {
    u64::from_be_bytes(id.to_bytes())
}

/// The trace state as its header has it; hardly any trace has one.
fn header(state: &TraceState) -> String {
    if *state == TraceState::NONE { String::new() } else { state.header() }
}

/// OTLP's flags: those of W3C, that the next bit means something, and whether the parent was remote.
fn flags(w3c: u8, parent_is_remote: bool) -> u32 {
    const KNOWS: u32 = 0x100;
    const IS_REMOTE: u32 = 0x200;

    u32::from(w3c) | KNOWS | if parent_is_remote { IS_REMOTE } else { 0 }
}
