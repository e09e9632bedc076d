//! What callers read who hold one lock and need to know of what the others guard.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::inbox::Amount;
use crate::sync::AtomicUsize;

/// What stands in the lines, and whether the worker is to be woken.
pub(super) struct Board {
    count: AtomicUsize,
    bytes: AtomicUsize,
    wake_at: AtomicUsize,
}

/// Nobody is to wake the worker.
const AWAKE: usize = usize::MAX;

impl Board {
    pub(super) fn new() -> Self {
        Self { count: AtomicUsize::new(0), bytes: AtomicUsize::new(0), wake_at: AtomicUsize::new(1) }
    }

    /// What stands in the lines, or more.
    ///
    /// It grows under the locks of all inboxes. So under one of them a caller reads what it is or what it was before
    /// somebody took from it, and nobody who finds room is wrong. In a queue that is full by count the bytes grow under the
    /// lines' lock alone: whoever reads a count that tells of room reads the bytes that go with it, or later ones.
    pub(super) fn sorted(&self) -> Amount {
        let count = self.count.load(Acquire);
        Amount { count, bytes: self.bytes.load(Relaxed) }
    }

    /// Under the lines' lock.
    pub(super) fn set_sorted(&self, amount: Amount) {
        self.bytes.store(amount.bytes, Relaxed);
        self.count.store(amount.count, Release);
    }

    /// Asks for a wake-up once `count` wait; `None`: for none. Under all locks.
    pub(super) fn arm(&self, count: Option<usize>) {
        self.wake_at.store(count.unwrap_or(AWAKE), Relaxed);
    }

    /// Whether a caller is to wake the worker, as `count` wait, or as it is high time. One caller is.
    pub(super) fn wakes(&self, count: usize, high_time: bool) -> bool {
        let wake_at = self.wake_at.load(Relaxed);
        wake_at != AWAKE && (count >= wake_at || high_time) && self.wake_at.swap(AWAKE, Relaxed) != AWAKE
    }
}

/// On cache lines of its own, as threads on different cores write to its neighbours. Processors fetch them in pairs.
#[repr(align(128))]
pub(super) struct Apart<T>(pub(super) T);

impl<T> AsRef<T> for Apart<T> {
    fn as_ref(&self) -> &T {
        &self.0
    }
}
