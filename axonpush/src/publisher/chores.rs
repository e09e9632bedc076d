//! What others want done from time to time, for want of a thread of their own.

use std::{fmt, sync::Arc, time::Instant};

use super::contain::contain;
use crate::{
    event::{Severity, record::Lane},
    queue::{Queue, WhenFull},
};

/// Hands over what has become due, and says when there may be more. Asked at every turn of the worker.
type Chore = dyn Fn(Instant, &mut dyn FnMut(Severity, &[u8])) -> Option<Instant> + Send + Sync;

/// Log records that become due without anybody's logging one.
#[derive(Clone, Default)]
pub(crate) struct Chores(Option<Arc<Chore>>);

impl Chores {
    pub(crate) fn new(
        chore: impl Fn(Instant, &mut dyn FnMut(Severity, &[u8])) -> Option<Instant> + Send + Sync + 'static,
    ) -> Self {
        Self(Some(Arc::new(chore)))
    }

    /// Queues what has become due.
    pub(super) fn run(&self, queue: &Queue, lane: Lane, now: Instant) -> Option<Instant> {
        let chore = self.0.as_ref()?;
        let mut next = None;
        contain(|| {
            next = chore(now, &mut |severity, record| {
                // Whoever is refused for want of room is counted as lost; nobody waits for the worker here.
                queue.offer(severity, lane, now, record, WhenFull::ApplyPolicyAtOnce);
            });
        });
        next
    }
}

impl fmt::Debug for Chores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Chores").field(&self.0.is_some()).finish()
    }
}
