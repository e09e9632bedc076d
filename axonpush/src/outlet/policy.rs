//! What a sink is told.

use crate::{
    error::Error,
    event::Severity,
    queue::{OverflowPolicy, QueuePolicy},
};

/// What reaches a sink, and how much may wait for it.
///
/// ```
/// use axonpush::{OverflowPolicy, QueuePolicy, Severity, SinkPolicy};
/// let policy = SinkPolicy::new()
///     .least_severity(Severity::Info)
///     .queue(QueuePolicy::new().max_events(50_000).overflow(OverflowPolicy::DropOldest));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkPolicy {
    pub(super) least: Severity,
    pub(super) queue: QueuePolicy,
}

impl SinkPolicy {
    /// Everything, and a queue of 10,000 events and 16 MiB that sheds the lowest severity first.
    pub fn new() -> Self {
        Self { least: Severity::Trace, queue: QueuePolicy::new() }
    }

    /// The least severity that reaches the sink, which does itself; [`Severity::Trace`] unless set.
    pub fn least_severity(mut self, least: Severity) -> Self {
        self.least = least;
        self
    }

    /// How much waits while the sink is slow or fails, and who goes when that is full. A sink never holds callers up, so
    /// [`OverflowPolicy::Block`] is refused.
    pub fn queue(mut self, policy: QueuePolicy) -> Self {
        self.queue = policy;
        self
    }

    pub(super) fn validate(&self, name: &str) -> Result<(), Error> {
        if matches!(*self.queue.overflow, OverflowPolicy::Block { .. }) {
            return Err(Error::config(format!(
                "the queue of sink `{name}` has OverflowPolicy::Block, which would let a slow sink hold up the \
                 application; choose ShedLowestSeverity, DropOldest or DropNewest"
            )));
        }
        self.queue.validate()
    }
}

impl Default for SinkPolicy {
    fn default() -> Self {
        Self::new()
    }
}
