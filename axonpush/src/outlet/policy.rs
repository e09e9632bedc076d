//! What a sink is told.

use std::{fmt, ops::RangeBounds, sync::Arc};

use super::filter::Filter;
use crate::{
    error::Error,
    event::Severity,
    queue::{LostEvents, OverflowPolicy, QueuePolicy},
    setting::is_same,
    sink::{BatchPolicy, SinkRecord},
};

/// Which records reach a sink, how many may wait for it, how many it gets at once, and who hears of those it loses.
///
/// A record reaches every sink whose policy wants it: by its severity, its target, its type and a function, all of them.
///
/// ```
/// use axonpush::{OverflowPolicy, QueuePolicy, Severity, SinkPolicy};
///
/// // What operators are woken for, and nothing of one noisy module.
/// let policy = SinkPolicy::new()
///     .severities(Severity::Error..)
///     .filter(|record| record.identifier() != "shop::thumbnails")
///     .queue(QueuePolicy::new().max_events(50_000).overflow(OverflowPolicy::DropOldest));
///
/// // What only developers read.
/// let debug = SinkPolicy::new().severities(Severity::Trace..=Severity::Debug).targets(["shop", "*::sql"]);
/// ```
#[derive(Clone)]
#[must_use = "a policy does nothing until a sink is added with it"]
pub struct SinkPolicy {
    pub(super) filter: Filter,
    pub(super) queue: QueuePolicy,
    pub(super) batch: BatchPolicy,
    pub(super) on_loss: Option<LossHook>,
}

/// Told what a sink loses.
pub(super) type LossHook = Arc<dyn Fn(&LostEvents) + Send + Sync>;

impl SinkPolicy {
    /// Everything, a queue of 10,000 events and 16 MiB that sheds the lowest severity first, and batches as the sink likes
    /// them.
    pub fn new() -> Self {
        Self { filter: Filter::all(), queue: QueuePolicy::new(), batch: BatchPolicy::new(), on_loss: None }
    }

    /// The severities that reach the sink, by any range: `Severity::Info..` is the least one and all above it,
    /// `..=Severity::Debug` the most verbose ones, `Severity::Info..=Severity::Warn` both ends and what lies between. All
    /// unless set. Of an event that is no log it is the one that [`Event::severity`](crate::Event::severity) sets.
    pub fn severities(mut self, range: impl RangeBounds<Severity>) -> Self {
        self.filter.set_severities(&range);
        self
    }

    /// The targets that reach the sink: of a log record the module or logger it is of, of any other event its identifier. A
    /// name stands for itself and for the modules within, as `shop` for `shop::cart`; each `*` in it for anything, and
    /// then it has to be the whole. All unless set, or if there are none.
    pub fn targets<P: Into<String>>(mut self, patterns: impl IntoIterator<Item = P>) -> Self {
        self.filter.set_targets(patterns);
        self
    }

    /// The event types that reach the sink, by their names on the wire: `app.log`, `app.span`, `custom`, or with a `*`
    /// for anything, as `agent.*`. All unless set, or if there are none.
    pub fn event_types<P: Into<String>>(mut self, patterns: impl IntoIterator<Item = P>) -> Self {
        self.filter.set_event_types(patterns);
        self
    }

    /// Asks a function whether a record is wanted that is so by all else.
    ///
    /// It runs on the thread of whoever hands the record over, who waits for it: it should look, and no more. A record
    /// reaches the sink as well if the function panics, or if a panic is being reported, where no code of the application's
    /// may run.
    pub fn filter(mut self, wants: impl Fn(&SinkRecord<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.filter.set_custom(wants);
        self
    }

    /// How much waits while the sink is slow or fails, and who goes when that is full. A sink never holds callers up, so
    /// [`OverflowPolicy::Block`] is refused.
    pub fn queue(mut self, policy: QueuePolicy) -> Self {
        self.queue = policy;
        self
    }

    /// When a batch is complete. What is not set is as the sink likes it: local ones get 128 records at once and let none
    /// wait for others.
    pub fn batch(mut self, batch: BatchPolicy) -> Self {
        self.batch = batch;
        self
    }

    /// Tells what this sink loses: for want of room, because it will never take it, or in the end because the time is up.
    /// The events themselves are there as far as [`LostEvents::events`] says, as sinks see them: with `occurredAt` where it
    /// was set, whether the server is told or not.
    ///
    /// It is called on the sink's thread, and by whoever waits for its end; a panic in it is contained.
    pub fn on_loss(mut self, hook: impl Fn(&LostEvents) + Send + Sync + 'static) -> Self {
        self.on_loss = Some(Arc::new(hook));
        self
    }

    pub(super) fn validate(&self, name: &str) -> Result<(), Error> {
        if matches!(*self.queue.overflow, OverflowPolicy::Block { .. }) {
            return Err(Error::config(format!(
                "the queue of sink `{name}` has OverflowPolicy::Block, which would let a slow sink hold up the \
                 application; choose ShedLowestSeverity, DropOldest or DropNewest"
            )));
        }
        if self.filter.is_nothing() {
            return Err(Error::config(format!(
                "the severities of sink `{name}` are a range that holds none; its start must be the lower end"
            )));
        }
        if *self.batch.max_events == 0 {
            return Err(Error::config(format!(
                "the batches of sink `{name}` have BatchPolicy::max_events 0; a batch must hold at least one event"
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

impl PartialEq for SinkPolicy {
    fn eq(&self, other: &Self) -> bool {
        is_same(self.on_loss.as_ref(), other.on_loss.as_ref())
            && self.filter == other.filter
            && self.queue == other.queue
            && self.batch == other.batch
    }
}

impl Eq for SinkPolicy {}

impl fmt::Debug for SinkPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SinkPolicy")
            .field("filter", &self.filter)
            .field("queue", &self.queue)
            .field("batch", &self.batch)
            .finish_non_exhaustive()
    }
}
