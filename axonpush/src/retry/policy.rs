//! How often to try again, and how long in all.

use std::time::Duration;

/// The longest wait a server can ask for with `Retry-After`.
pub(crate) const MAX_RETRY_AFTER: Duration = Duration::from_secs(300);

/// How often to try again, and how long in all.
///
/// Waits follow the contract's ladder of 250, 500, 1000, 2000 and 4000 ms, the last one repeating, each lengthened
/// by up to a quarter at random. A `Retry-After` of the server is a minimum, of at most 300 s.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    pub(crate) max_retries: u32,
    /// Whether the code said so; if not, the environment may.
    pub(crate) max_retries_set: bool,
    pub(crate) delivery_deadline: Duration,
}

impl RetryPolicy {
    /// Three retries for a call that is awaited, 300 s for an event in the queue.
    pub fn new() -> Self {
        Self { max_retries: 3, max_retries_set: false, delivery_deadline: Duration::from_secs(300) }
    }

    /// Attempts after the first one for a call that is awaited; 3 unless set, and 0 switches retries off.
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.max_retries = retries;
        self.max_retries_set = true;
        self
    }

    /// How long an event in the queue is tried for, counted from its acceptance; 300 s unless set. Its attempts are
    /// not counted: an outage is survived by time, not by number.
    pub fn delivery_deadline(mut self, deadline: Duration) -> Self {
        self.delivery_deadline = deadline;
        self
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new()
    }
}
