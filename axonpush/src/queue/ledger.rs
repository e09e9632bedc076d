//! The books.

use super::Outcome;
use crate::loss::Losses;

/// Totals since the queue was made.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ledger {
    pub(super) accepted: u64,
    pub(super) delivered: u64,
    pub(super) lost: Losses,
}

impl Ledger {
    pub(super) fn enter(&mut self, outcome: Outcome, count: u64) {
        match outcome {
            Outcome::Delivered => self.delivered += count,
            Outcome::Lost(reason) => self.lost.add(reason, count),
        }
    }
}

/// Everything accepted up to some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) before: u64,
    /// How many of them had not left at that moment.
    pub(crate) pending: u64,
}

/// The books and what is still here, as of one instant:
/// `accepted = delivered + lost.total() + queued + in_flight`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    pub(crate) accepted: u64,
    pub(crate) delivered: u64,
    pub(crate) lost: Losses,
    pub(crate) queued: u64,
    pub(crate) queued_bytes: u64,
    pub(crate) in_flight: u64,
}
