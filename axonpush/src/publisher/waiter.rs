//! Someone who waits for a flush or shutdown.

use std::time::Instant;

use super::{FlushReport, control::Settle};
use crate::{queue::Queue, sync::oneshot};

/// Someone who waits, from the moment the worker has heard of it.
pub(super) struct Waiter(Settle);

impl Waiter {
    pub(super) fn new(settle: Settle) -> Self {
        Self(settle)
    }

    pub(super) fn deadline(&self) -> Instant {
        self.0.deadline
    }

    /// Whether there is nothing more to wait for, no more time, or nobody who waits.
    pub(super) fn is_over(&self, queue: &Queue, now: Instant) -> bool {
        self.0.deadline <= now || self.0.done.is_closed() || queue.seen(self.0.watch).left == 0
    }

    /// Tells how it stands.
    pub(super) fn answer(self, queue: &Queue) {
        let (done, report) = self.close(queue);
        // Whoever asked may have stopped waiting.
        let _gone = done.send(report);
    }

    /// How it stands, and whom to tell.
    pub(super) fn close(self, queue: &Queue) -> (oneshot::Sender<FlushReport>, FlushReport) {
        (self.0.done, FlushReport::from(queue.unwatch(self.0.watch)))
    }
}
