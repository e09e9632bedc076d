//! What flush, shutdown and `stats()` answer.

use std::{fmt, time::Duration};

use crate::{
    loss::Losses,
    queue::{Seen, Tally},
    retry::BreakerState,
};

/// What became of the events that had been accepted when a flush or shutdown began.
///
/// `delivered + lost + left` is their number.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use = "a report may say that events were left behind"]
pub struct FlushReport {
    pub(super) delivered: u64,
    pub(super) lost: Losses,
    pub(super) left: u64,
}

impl FlushReport {
    /// The report of someone who could not wait.
    pub(crate) fn left_behind(left: u64) -> Self {
        Self { left, ..Self::default() }
    }

    /// Events the server confirmed.
    pub fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Events lost meanwhile, by reason.
    pub fn lost(&self) -> &Losses {
        &self.lost
    }

    /// Events still here when the deadline passed. After a flush the worker goes on with them; after a shutdown they
    /// are counted in [`Stats::lost`] as [`LossReason::Shutdown`](crate::LossReason::Shutdown).
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Whether every event was delivered.
    pub fn is_complete(&self) -> bool {
        self.left == 0 && self.lost.total() == 0
    }
}

impl From<Seen> for FlushReport {
    fn from(Seen { delivered, lost, left }: Seen) -> Self {
        Self { delivered, lost, left }
    }
}

impl fmt::Display for FlushReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if (self.delivered, self.lost.total(), self.left) == (0, 0, 0) {
            return f.write_str("nothing was left to deliver");
        }
        write!(f, "delivered {}, lost {}, left {}", self.delivered, self.lost, self.left)
    }
}

/// The books of a client, as of one instant.
///
/// At any moment `accepted = delivered + lost + queued + in_flight`, exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    pub(super) tally: Tally,
    pub(super) refused: u64,
    pub(super) suppressed: u64,
    pub(super) filtered: u64,
    pub(super) retried: u64,
    pub(super) restarts: u64,
    /// Events and bytes.
    pub(super) capacity: (u64, u64),
    pub(super) oldest_age: Option<Duration>,
    /// The 50th and 99th percentile.
    pub(super) latency: (Duration, Duration),
    pub(super) breaker: BreakerState,
}

impl Stats {
    /// Events the queue took in. Events published with an awaited receipt are not among them, unless they were
    /// deferred.
    pub fn accepted(&self) -> u64 {
        self.tally.accepted
    }

    /// Accepted events the server confirmed.
    pub fn delivered(&self) -> u64 {
        self.tally.delivered
    }

    /// Accepted events that will not be delivered, by reason.
    pub fn lost(&self) -> &Losses {
        &self.tally.lost
    }

    /// Accepted events waiting in the queue.
    pub fn queued(&self) -> u64 {
        self.tally.queued
    }

    /// Their encoded size in bytes.
    pub fn queued_bytes(&self) -> u64 {
        self.tally.queued_bytes
    }

    /// Accepted events being sent, at most 32 requests at a time, or in the worker's hands for their first or another
    /// attempt.
    pub fn in_flight(&self) -> u64 {
        self.tally.in_flight
    }

    /// Events that were handed over and not accepted: malformed, too large, or after shutdown. See
    /// [`AxonPush::last_error`](crate::AxonPush::last_error).
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Events that the SDK's own work gave rise to, ignored so that they don't feed on themselves.
    pub fn suppressed(&self) -> u64 {
        self.suppressed
    }

    /// Log records that were left out on purpose: by [`Levels`](crate::Levels), a step of the
    /// [`Pipeline`](crate::Pipeline), or as the detail of a request that did not fail. They were never accepted, and
    /// are no losses.
    pub fn filtered(&self) -> u64 {
        self.filtered
    }

    /// Events the queue holds at most.
    pub fn capacity(&self) -> u64 {
        self.capacity.0
    }

    /// Bytes the queue holds at most.
    pub fn capacity_bytes(&self) -> u64 {
        self.capacity.1
    }

    /// Attempts beyond the first, counted by event.
    pub fn retried(&self) -> u64 {
        self.retried
    }

    /// How long ago the oldest event that is still here was accepted.
    pub fn oldest_age(&self) -> Option<Duration> {
        self.oldest_age
    }

    /// The time from acceptance to delivery that half of all delivered events stayed below, to within a quarter.
    pub fn latency_p50(&self) -> Duration {
        self.latency.0
    }

    /// The time from acceptance to delivery that 99 % of all delivered events stayed below, to within a quarter.
    pub fn latency_p99(&self) -> Duration {
        self.latency.1
    }

    /// Whether requests flow.
    pub fn breaker(&self) -> BreakerState {
        self.breaker
    }

    /// How often the worker had to be started again; more than none is a bug to report.
    pub fn worker_restarts(&self) -> u64 {
        self.restarts
    }

    /// The same in one word.
    pub fn health(&self) -> Health {
        let nearly_full =
            self.queued() * 10 >= self.capacity() * 9 || self.queued_bytes() * 10 >= self.capacity_bytes() * 9;
        match self.breaker {
            BreakerState::Held => Health::Unauthorized,
            BreakerState::Open | BreakerState::HalfOpen => Health::Unreachable,
            BreakerState::Closed if nearly_full && self.capacity() > 0 => Health::Overloaded,
            BreakerState::Closed => Health::Healthy,
        }
    }

    /// Whether the books balance; they always do.
    pub fn is_balanced(&self) -> bool {
        self.accepted() == self.delivered() + self.lost().total() + self.queued() + self.in_flight()
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "accepted {} = delivered {} + lost {} + queued {} + in flight {}",
            self.accepted(),
            self.delivered(),
            self.lost(),
            self.queued(),
            self.in_flight(),
        )
    }
}

/// How a client is, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Health {
    /// Events flow.
    Healthy,
    /// The queue is nearly full: events come faster than they leave.
    Overloaded,
    /// The server can't be reached, fails, or asked for a pause. The queue is kept, and the server probed.
    Unreachable,
    /// The server refuses the key. The queue is kept, and the key tried once a minute.
    Unauthorized,
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Healthy => "healthy: events flow",
            Self::Overloaded => "overloaded: the queue is nearly full",
            Self::Unreachable => "unreachable: the server fails or can't be reached; events wait",
            Self::Unauthorized => "unauthorized: the server refuses the key; events wait. Is AXONPUSH_API_KEY current?",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_of_nothing_does_not_read_like_a_failure() {
        assert_eq!(FlushReport::default().to_string(), "nothing was left to deliver");
        let report = FlushReport { delivered: 2, left: 1, ..FlushReport::default() };
        assert_eq!(report.to_string(), "delivered 2, lost 0, left 1");
    }
}
