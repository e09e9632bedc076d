//! Contexts of tracing spans: what finds its request where nothing but a span was carried along.

use std::{
    array,
    collections::BTreeMap,
    fmt,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use tracing::{Subscriber, dispatcher, span};
use tracing_subscriber::layer::{Context, Layer};

use super::{RequestContext, carry};

/// Spans of different threads seldom meet at one lock.
const SHARDS: usize = 16;

/// A layer for `tracing-subscriber`, after which a span knows the context it was created in.
///
/// A task that was spawned with `tokio::spawn` is in no context, but often in a span of the request's. With this layer
/// [`RequestContext::current`] falls back on that span:
///
/// ```
/// use axonpush::{ContextLayer, RequestContext};
/// use tracing::Instrument as _;
/// use tracing_subscriber::layer::SubscriberExt as _;
///
/// let subscriber = tracing_subscriber::registry().with(ContextLayer::new());
/// # let _default = tracing::subscriber::set_default(subscriber);
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let context = RequestContext::new();
/// let task = context.sync_scope(|| {
///     let span = tracing::info_span!("work");
///     tokio::spawn(async { RequestContext::current().unwrap().request_id().clone() }.instrument(span))
/// });
/// assert_eq!(&task.await?, context.request_id());
/// # Ok::<(), tokio::task::JoinError>(())
/// # }).unwrap();
/// ```
///
/// - A span gets the context in force where it is created, or else that of its parent, and keeps it until it closes.
///   What is spawned without a span, and without [`task::spawn`](crate::task::spawn), is in no context.
/// - A context in force always wins over that of a span.
/// - A span that is disabled, or that a filter hides from this layer, carries nothing.
/// - The layer is found inside of filters, options, boxes and vectors of layers, but not of a `reload::Layer`.
/// - The subscriber asked is the one that is the default where `current` is called. While another layer of a
///   subscriber that is no global default handles an event, `tracing` tells of no default; such a layer asks
///   [`context_of`](Self::context_of).
///
/// Spans outside of any context cost a look at a thread-local and at a counter; those in a context, about as much as
/// a lock and a small map. Entering and leaving spans costs nothing. The layer holds one handle of a context for every
/// open span that has one. (A registry keeps a span open for good when its child closes where the registry is not the
/// default subscriber.)
///
/// A layer without a filter has `tracing` enable every span. Where the other layers have filters of their own, give
/// this one a filter too: `ContextLayer::new().with_filter(LevelFilter::INFO)`.
pub struct ContextLayer {
    shards: [Shard; SHARDS],
}

/// Contexts by span id. Apart from its neighbours, so that counters don't share a cache line.
#[derive(Default)]
#[repr(align(64))]
struct Shard {
    /// At least as many as there are in the map, so that a look can be spared.
    held: AtomicUsize,
    contexts: Mutex<BTreeMap<u64, RequestContext>>,
}

impl ContextLayer {
    /// A layer to be added to a subscriber.
    pub fn new() -> Self {
        Self { shards: array::from_fn(|_| Shard::default()) }
    }

    /// The context of an open span of the subscriber this layer is part of.
    ///
    /// ```
    /// use axonpush::{ContextLayer, RequestContext};
    /// use tracing_subscriber::layer::SubscriberExt as _;
    ///
    /// let dispatch = tracing::Dispatch::new(tracing_subscriber::registry().with(ContextLayer::new()));
    /// let context = RequestContext::new();
    /// let span = tracing::dispatcher::with_default(&dispatch, || context.sync_scope(|| tracing::info_span!("work")));
    /// let layer: &ContextLayer = dispatch.downcast_ref().unwrap();
    /// let found = layer.context_of(&span.id().unwrap()).unwrap();
    /// assert_eq!(found.request_id(), context.request_id());
    /// ```
    pub fn context_of(&self, span: &span::Id) -> Option<RequestContext> {
        let shard = self.shard(span)?;
        // Whoever knows the id knows of the span's creation, and so sees its own count at least.
        if shard.held.load(Ordering::Relaxed) == 0 {
            return None;
        }
        shard.contexts().get(&span.into_u64()).cloned()
    }

    fn hold(&self, span: &span::Id, context: RequestContext) {
        let Some(shard) = self.shard(span) else { return };
        shard.held.fetch_add(1, Ordering::Relaxed);
        let replaced = shard.contexts().insert(span.into_u64(), context);
        if replaced.is_some() {
            shard.held.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn release(&self, span: &span::Id) {
        let Some(shard) = self.shard(span) else { return };
        if shard.held.load(Ordering::Relaxed) == 0 {
            return;
        }
        // Dropped when the lock is free again.
        let released = shard.contexts().remove(&span.into_u64());
        if released.is_some() {
            shard.held.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn shard(&self, span: &span::Id) -> Option<&Shard> {
        // Ids are counted up, and in their upper bits by thread: both are mixed into the bits that choose.
        let mixed = span.into_u64().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        self.shards.get(usize::try_from(mixed).unwrap_or_default() % SHARDS)
    }

    fn held(&self) -> usize {
        self.shards.iter().map(|shard| shard.contexts().len()).sum()
    }
}

impl Shard {
    fn contexts(&self) -> MutexGuard<'_, BTreeMap<u64, RequestContext>> {
        self.contexts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Subscriber> Layer<S> for ContextLayer {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, subscriber: Context<'_, S>) {
        // Not `RequestContext::current`: inside of a layer the default subscriber may be another one, or none.
        let context = carry::in_force().or_else(|| {
            if attributes.is_contextual() {
                self.context_of(subscriber.current_span().id()?)
            } else {
                self.context_of(attributes.parent()?)
            }
        });
        if let Some(context) = context {
            self.hold(id, context);
        }
    }

    fn on_close(&self, id: span::Id, _: Context<'_, S>) {
        self.release(&id);
    }
}

impl Default for ContextLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ContextLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContextLayer").field("spans", &self.held()).finish_non_exhaustive()
    }
}

/// The context of the span that is current on this thread, where a [`ContextLayer`] knows one.
pub(super) fn context_of_current_span() -> Option<RequestContext> {
    dispatcher::get_default(|subscriber| {
        let layer = subscriber.downcast_ref::<ContextLayer>()?;
        layer.context_of(subscriber.current_span().id()?)
    })
}

#[cfg(test)]
mod tests;
