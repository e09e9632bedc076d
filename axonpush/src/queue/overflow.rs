//! How much the queue holds, and who goes when it is full.

use std::time::Duration;

use crate::{error::Error, setting::Setting};

/// Who gives way when the queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum OverflowPolicy {
    /// The oldest waiting event of the lowest severity; the new event when everything waiting matters more. A flood of
    /// `DEBUG` costs no `ERROR`. Among events of one severity it is the oldest that goes: the newest may describe the
    /// failure under way; the oldest has had its chance to leave.
    #[default]
    ShedLowestSeverity,
    /// The oldest waiting event, whatever its severity.
    DropOldest,
    /// The new event.
    DropNewest,
    /// Nobody at first: the caller waits for room, up to `timeout`. Then the new event.
    ///
    /// This is for threads and scripts. In async code it blocks the executor's thread.
    Block {
        /// How long to wait.
        timeout: Duration,
    },
}

/// How much the queue holds: 10,000 events and 16 MiB unless set, whichever is reached first.
///
/// ```
/// use axonpush::{OverflowPolicy, QueuePolicy};
/// let policy = QueuePolicy::new().max_events(50_000).max_bytes(64 << 20).overflow(OverflowPolicy::DropNewest);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuePolicy {
    pub(crate) max_events: Setting<usize>,
    pub(crate) max_bytes: Setting<usize>,
    pub(crate) overflow: Setting<OverflowPolicy>,
}

impl QueuePolicy {
    /// 10,000 events, 16 MiB, [`OverflowPolicy::ShedLowestSeverity`].
    pub fn new() -> Self {
        Self {
            max_events: Setting::unset(10_000),
            max_bytes: Setting::unset(16 << 20),
            overflow: Setting::unset(OverflowPolicy::default()),
        }
    }

    /// Events that may wait; at least 1.
    pub fn max_events(mut self, events: usize) -> Self {
        self.max_events.set(events);
        self
    }

    /// Encoded bytes that may wait; at least 262,144, the size of the largest event.
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes.set(bytes);
        self
    }

    /// Who gives way when the queue is full.
    pub fn overflow(mut self, overflow: OverflowPolicy) -> Self {
        self.overflow.set(overflow);
        self
    }

    /// This policy, with `other` for what is not set in it.
    pub(crate) fn or(self, other: &Self) -> Self {
        Self {
            max_events: self.max_events.or(other.max_events),
            max_bytes: self.max_bytes.or(other.max_bytes),
            overflow: self.overflow.or(other.overflow),
        }
    }

    pub(crate) fn validate(&self) -> Result<(), Error> {
        let least = crate::event::record::MAX_EVENT_BYTES;
        if *self.max_events == 0 {
            return Err(Error::config("QueuePolicy::max_events is 0; the queue must hold at least one event"));
        }
        if *self.max_bytes < least {
            return Err(Error::config(format!(
                "QueuePolicy::max_bytes is {}; it must be at least {least}, the size of the largest event",
                *self.max_bytes,
            )));
        }
        Ok(())
    }
}

impl Default for QueuePolicy {
    fn default() -> Self {
        Self::new()
    }
}
