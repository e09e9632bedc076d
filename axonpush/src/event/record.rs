//! The encoded form of an event, as it waits and travels.

use std::time::Instant;

use super::Severity;

/// The largest event that is handed over; larger ones are refused. A bound on each keeps the bound on all meaningful.
pub(crate) const MAX_EVENT_BYTES: usize = 256 << 10;

/// One event, encoded and redacted. `body` is the exact request body of every attempt.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) severity: Severity,
    pub(crate) accepted_at: Instant,
    pub(crate) body: Vec<u8>,
}
