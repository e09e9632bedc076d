//! The books of a sink, for the application.

use std::{fmt, io, sync::Arc};

use crate::{loss::Losses, queue::Tally, retry::BreakerState};

/// The books of one sink, as of one instant: `accepted = written + lost + queued`, exactly.
#[derive(Debug, Clone)]
pub struct SinkStats {
    pub(super) name: Arc<str>,
    pub(super) tally: Tally,
    pub(super) breaker: BreakerState,
    pub(super) last_error: Option<Arc<io::Error>>,
}

impl SinkStats {
    /// The sink's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Records that reached the sink's queue.
    pub fn accepted(&self) -> u64 {
        self.tally.accepted
    }

    /// Records the sink has taken.
    pub fn written(&self) -> u64 {
        self.tally.delivered
    }

    /// Records that were lost, by reason: `queue_full` while the sink was slow or failed, `rejected` if it said that it
    /// never takes them, `internal` when its writer panicked, `shutdown` when the time was up.
    pub fn lost(&self) -> Losses {
        self.tally.lost
    }

    /// Records that wait or are being written.
    pub fn queued(&self) -> u64 {
        self.tally.queued + self.tally.in_flight
    }

    /// Whether the sink is written to: `Open` while it rests after a failure, `HalfOpen` once it is tried again, and `Closed`
    /// while all is well.
    pub fn breaker(&self) -> BreakerState {
        self.breaker
    }

    /// Why the sink failed last, if it did. It stays when the sink has recovered.
    pub fn last_error(&self) -> Option<&Arc<io::Error>> {
        self.last_error.as_ref()
    }
}

impl fmt::Display for SinkStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (written, lost, queued) = (self.written(), self.lost(), self.queued());
        write!(f, "sink `{}`: written {written}, lost {lost}, queued {queued}", self.name)
    }
}
