//! How events leave: one by one or in batches, in the background or while the caller waits.

use crate::{
    error::Error,
    event::record::Lane,
    setting::Setting,
    sink::{BatchPolicy, Compression, OtlpEncoding, OtlpFormat},
};

/// Whether handing an event over waits for its delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum DeliveryMode {
    /// `enqueue` returns at once; the worker delivers.
    #[default]
    Background,
    /// `enqueue` returns when the event was delivered or lost, or the client's
    /// [`timeout`](crate::AxonPushBuilder::timeout) has passed. For scripts and tests.
    Sync,
}

/// Which way log and span events travel. All other events go one by one, always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum DeliveryLane {
    /// `POST /event`, one event a request. Nothing of an event is lost on this way, and the server's own
    /// deduplication covers every retry.
    #[default]
    Event,
    /// `POST /v1/logs` and `/v1/traces`, hundreds to a request. Log and span fields keep their place; what OTLP has no
    /// place for (agent, dedup key, metadata, the `agent.log` type) travels as attributes named `axonpush.*`. Needs a
    /// [`channel_id`](crate::AxonPushBuilder::channel_id).
    Otlp,
}

/// How events leave.
///
/// ```
/// use axonpush::{BatchPolicy, DeliveryLane, DeliveryPolicy};
/// use std::time::Duration;
///
/// let policy = DeliveryPolicy::new()
///     .logs(DeliveryLane::Otlp)
///     .spans(DeliveryLane::Otlp)
///     .batch(BatchPolicy::new().max_events(1000).max_age(Duration::from_millis(500)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeliveryPolicy {
    pub(crate) mode: Setting<DeliveryMode>,
    pub(crate) logs: Setting<DeliveryLane>,
    pub(crate) spans: Setting<DeliveryLane>,
    otlp_format: Setting<OtlpFormat>,
    otlp_compression: Setting<Compression>,
    pub(crate) batch: BatchPolicy,
}

impl DeliveryPolicy {
    /// In the background, one by one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether handing an event over waits for its delivery; [`DeliveryMode::Background`] unless set.
    pub fn mode(mut self, mode: DeliveryMode) -> Self {
        self.mode.set(mode);
        self
    }

    /// How `app.log` and `agent.log` events travel; [`DeliveryLane::Event`] unless set.
    pub fn logs(mut self, lane: DeliveryLane) -> Self {
        self.logs.set(lane);
        self
    }

    /// How `app.span` events travel; [`DeliveryLane::Event`] unless set.
    pub fn spans(mut self, lane: DeliveryLane) -> Self {
        self.spans.set(lane);
        self
    }

    /// How OTLP batches are encoded; [`OtlpFormat::Json`] unless set.
    pub fn otlp_format(mut self, format: OtlpFormat) -> Self {
        self.otlp_format.set(format);
        self
    }

    /// How OTLP batches are compressed; [`Compression::None`] unless set.
    pub fn otlp_compression(mut self, compression: Compression) -> Self {
        self.otlp_compression.set(compression);
        self
    }

    /// When an OTLP batch is full.
    pub fn batch(mut self, batch: BatchPolicy) -> Self {
        self.batch = batch;
        self
    }

    pub(crate) fn otlp(&self) -> OtlpEncoding {
        OtlpEncoding { format: *self.otlp_format, compression: *self.otlp_compression }
    }

    /// This policy, with `other` for what is not set in it.
    pub(crate) fn or(self, other: &Self) -> Self {
        Self {
            mode: self.mode.or(other.mode),
            logs: self.logs.or(other.logs),
            spans: self.spans.or(other.spans),
            otlp_format: self.otlp_format.or(other.otlp_format),
            otlp_compression: self.otlp_compression.or(other.otlp_compression),
            batch: self.batch.or(&other.batch),
        }
    }

    /// Which way events of a type travel.
    pub(crate) fn lane(&self, is_log: bool, is_span: bool) -> Lane {
        match (is_log, is_span) {
            (true, _) if *self.logs == DeliveryLane::Otlp => Lane::Logs,
            (_, true) if *self.spans == DeliveryLane::Otlp => Lane::Spans,
            _ => Lane::Event,
        }
    }

    pub(crate) fn validate(&self, has_channel: bool) -> Result<(), Error> {
        if !has_channel && (*self.logs == DeliveryLane::Otlp || *self.spans == DeliveryLane::Otlp) {
            return Err(Error::config(
                "DeliveryLane::Otlp needs a channel: set AXONPUSH_CHANNEL_ID, or call .channel_id(..)",
            ));
        }
        if *self.batch.max_events == 0 {
            return Err(Error::config("BatchPolicy::max_events is 0; a batch must hold at least one event"));
        }
        Ok(())
    }
}
