//! The encoded form of an event, as it waits and travels.

use std::time::Instant;

use super::Severity;

/// The largest event that is handed over; larger ones are refused. A bound on each keeps the bound on all meaningful.
pub(crate) const MAX_EVENT_BYTES: usize = 256 << 10;

/// Which way a record travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) enum Lane {
    /// `POST /event`, on its own.
    #[default]
    Event,
    /// `POST /v1/logs`, in OTLP batches.
    Logs,
    /// `POST /v1/traces`, in OTLP batches.
    Spans,
}

/// One event, encoded and redacted. `body` is the exact body of `POST /event`, on every attempt, which the OTLP lanes
/// translate; or, of a log record or of a span for OTLP, a draft that either is made from.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) severity: Severity,
    pub(crate) lane: Lane,
    pub(crate) accepted_at: Instant,
    pub(crate) body: Vec<u8>,
}
