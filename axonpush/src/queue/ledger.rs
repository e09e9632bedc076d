//! The books.

use crate::loss::Losses;

/// Totals since the queue was made.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ledger {
    /// Accepted and lost at once, without a number in the order of acceptance.
    pub(super) turned_away: u64,
    pub(super) delivered: u64,
    pub(super) lost: Losses,
}

/// What became of the events that were here at some moment. `delivered + lost + left` is their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Seen {
    pub(crate) delivered: u64,
    pub(crate) lost: Losses,
    pub(crate) left: u64,
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
