//! Detail that is only wanted of requests that fail.

use std::sync::{Arc, atomic::AtomicUsize};

use crate::{context::HoldLimits, event::Severity};

/// Holds the detail of each request back until it is known whether the request fails.
///
/// ```
/// use axonpush::{AxonPush, KeepOnError, Levels, Severity};
///
/// // DEBUG of every request is logged, and sent of those that fail.
/// let builder = AxonPush::builder()
///     .levels(Levels::new(Severity::Debug))
///     .keep_on_error(KeepOnError::below(Severity::Info));
/// ```
///
/// A log record below the severity, logged in a [`RequestContext`](crate::RequestContext), is held in memory with the
/// request. When the request fails, what is held is handed over in its order, and what follows passes at once. A request
/// fails when a record of `ERROR` or above is logged in its context, whatever becomes of that record in the pipeline, and
/// when its exchange ends with a status of 500 or above, a panic or a broken body; not when the client goes away.
///
/// When it ends otherwise, or the last handle of its context is dropped, what is held vanishes and is counted as
/// [`filtered`](crate::Stats::filtered). It was never accepted.
///
/// - Records outside of any context pass.
/// - What is held has taken the steps of the [`Pipeline`](crate::Pipeline) and is redacted, but it is neither sampled nor
///   deduplicated: the detail of a request is there whole or not at all.
/// - After a [`reload`](crate::AxonPush::reload) it is redacted once more before it is handed over, by the new settings.
/// - With [`OverflowPolicy::Block`](crate::OverflowPolicy::Block) each waits for room, unless a panic is being reported.
/// - Of each request the latest 64 KiB and 1000 records are held, of all together 16 MiB, unless set. What is beyond gives
///   way, the oldest first, and is counted as filtered.
#[derive(Debug, Clone)]
#[must_use = "it does nothing until it is passed to `AxonPushBuilder::keep_on_error`"]
pub struct KeepOnError {
    below: Severity,
    limits: HoldLimits,
}

impl KeepOnError {
    /// Holds records below `severity`.
    pub fn below(severity: Severity) -> Self {
        let limits = HoldLimits {
            max_bytes: 64 << 10,
            max_records: 1000,
            max_bytes_of_all: 16 << 20,
            used: Arc::new(AtomicUsize::new(0)),
        };
        Self { below: severity, limits }
    }

    /// Bytes held of one request at most; 64 KiB unless set.
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.limits.max_bytes = bytes;
        self
    }

    /// Records held of one request at most; 1000 unless set.
    pub fn max_records(mut self, records: usize) -> Self {
        self.limits.max_records = records;
        self
    }

    /// Bytes held of all requests together at most; 16 MiB unless set.
    pub fn max_bytes_of_all(mut self, bytes: usize) -> Self {
        self.limits.max_bytes_of_all = bytes;
        self
    }

    pub(crate) fn limits(&self) -> &HoldLimits {
        &self.limits
    }

    /// Whether a record belongs to the detail of a request.
    pub(crate) fn is_detail(&self, severity: Severity) -> bool {
        severity < self.below
    }
}
