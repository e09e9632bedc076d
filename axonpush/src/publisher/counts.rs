//! Events that never got as far as the queue.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Stats;

/// How many there were.
#[derive(Debug, Default)]
pub(super) struct Counts {
    refused: AtomicU64,
    suppressed: AtomicU64,
    filtered: AtomicU64,
}

impl Counts {
    /// One that could not be accepted.
    pub(super) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// One that the SDK's own work had led to.
    pub(super) fn suppressed(&self) {
        self.suppressed.fetch_add(1, Ordering::Relaxed);
    }

    /// Some that were left out on purpose.
    pub(super) fn filtered(&self, count: u64) {
        self.filtered.fetch_add(count, Ordering::Relaxed);
    }

    /// Enters them in the books.
    pub(super) fn enter(&self, stats: Stats) -> Stats {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let (refused, suppressed) = (read(&self.refused), read(&self.suppressed));
        Stats { refused, suppressed, filtered: read(&self.filtered), ..stats }
    }
}
