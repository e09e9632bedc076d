//! The end of serving: requests first, then the last events, by one deadline.

use std::{
    fmt,
    time::{Duration, Instant},
};

use crate::{client::AxonPush, clock, publisher::FlushReport};

/// How long requests and events have together once the signal came, unless a serve helper is told otherwise.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// What events get even when requests used up the whole deadline: one round trip to a server that is well.
const MIN_FLUSH: Duration = Duration::from_millis(500);

/// How serving ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a report may say that requests were cut or events left behind"]
pub struct ServeReport {
    drained: bool,
    flush: FlushReport,
}

impl ServeReport {
    /// What a serve helper does when its server has stopped, `drained` or cut: waits at most `settle` for every
    /// exchange to tell its end, and shuts `client` down by `deadline`, but not before half a second.
    ///
    /// Needs a tokio runtime with time.
    pub async fn finish(client: &AxonPush, drained: bool, settle: Duration, deadline: Instant) -> Self {
        let _late = tokio::time::timeout(settle, client.exchanges_ended()).await;
        let left = deadline.saturating_duration_since(clock::now());
        let flush = client.shutdown(left.max(MIN_FLUSH)).await;
        Self { drained, flush }
    }

    /// Whether every request finished by itself. If not, the rest was cut at the deadline.
    pub fn drained(&self) -> bool {
        self.drained
    }

    /// What became of the last events.
    pub fn flush(&self) -> &FlushReport {
        &self.flush
    }

    /// Whether every request finished and every event was delivered.
    pub fn is_complete(&self) -> bool {
        self.drained && self.flush.is_complete()
    }
}

impl fmt::Display for ServeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let requests = if self.drained { "finished" } else { "cut at the deadline" };
        write!(f, "requests {requests}; events: {}", self.flush)
    }
}
