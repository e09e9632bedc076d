//! How often to try again, and how long in all.

use std::time::Duration;

use crate::setting::Setting;

/// The longest wait a server can ask for with `Retry-After`.
pub(crate) const MAX_RETRY_AFTER: Duration = Duration::from_secs(300);

/// How often to try again, and how long in all.
///
/// Waits follow the contract's ladder of 250, 500, 1000, 2000 and 4000 ms, the last one repeating, each lengthened
/// by up to a quarter at random. A `Retry-After` of the server is a minimum, of at most 300 s.
///
/// A success that can't be read, such as a proxy's page, is tried again only for events, up to three times: their dedup keys
/// let the server know them again. What else was asked for was most likely done, so that is told at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    pub(crate) max_retries: Setting<u32>,
    pub(crate) delivery_deadline: Setting<Duration>,
}

impl RetryPolicy {
    /// Three retries for a call that is awaited, 300 s for an event in the queue.
    pub fn new() -> Self {
        Self { max_retries: Setting::unset(3), delivery_deadline: Setting::unset(Duration::from_secs(300)) }
    }

    /// Attempts after the first one for a call that is awaited; 3 unless set, and 0 switches retries off.
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.max_retries.set(retries);
        self
    }

    /// How long an event in the queue is tried for, counted from its acceptance; 300 s unless set. Its attempts are
    /// not counted: an outage is survived by time, not by number.
    pub fn delivery_deadline(mut self, deadline: Duration) -> Self {
        self.delivery_deadline.set(deadline);
        self
    }

    /// This policy, with `other` for what is not set in it.
    pub(crate) fn or(self, other: &Self) -> Self {
        Self {
            max_retries: self.max_retries.or(other.max_retries),
            delivery_deadline: self.delivery_deadline.or(other.delivery_deadline),
        }
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new()
    }
}
