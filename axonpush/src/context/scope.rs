//! The request a task works for, found by any code it runs.

use std::{
    borrow::Cow,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{
    Baggage, RequestId, TraceParent, TraceState,
    binding::{Bindings, BoundAttribute},
    carry::{self, ContextGuard, InContext},
    hold::Held,
    open::Opened,
};
use crate::event::{AttributeValue, Attributes};

/// The request in progress: its id, its place in a trace, and attributes bound along the way.
///
/// The web layers make one for every request. Jobs, consumers and command lines make their own:
///
/// ```
/// use axonpush::RequestContext;
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let context = RequestContext::new();
/// context
///     .scope(async {
///         RequestContext::current().unwrap().bind("job", "nightly-report");
///         // Events published and lines logged here carry the request id, the trace and `job`.
///     })
///     .await;
/// assert!(RequestContext::current().is_none());
/// # });
/// ```
///
/// # What it follows
///
/// - Futures and streams bound to it, by [`scope`](Self::scope), or by [`InCurrentContext`](crate::InCurrentContext) for
///   those that leave the task: to whatever thread or task polls them, and until they are dropped. So `join!` and
///   `select!` need nothing.
/// - What [`task`](crate::task) spawns.
/// - With the feature `tracing-context`, what runs in a tracing span created in it: see `ContextLayer`.
///
/// Nothing else: what `tokio::spawn`, `spawn_blocking` or `std::thread::spawn` begin without any of these is in no
/// context.
#[derive(Clone)]
pub struct RequestContext(Arc<Inner>);

struct Inner {
    request_id: RequestId,
    trace: TraceParent,
    parent: Option<TraceParent>,
    tracestate: Option<TraceState>,
    baggage: Option<Baggage>,
    attributes: Mutex<Bindings>,
    /// Those of the request's end event alone.
    end_attributes: Mutex<Attributes>,
    /// Whether there ever was an attribute of either kind, so that most requests need no lock to see that there is none.
    has_had_attributes: AtomicBool,
    held: Held,
    /// Of an HTTP request alone.
    opened: Option<Opened>,
}

impl RequestContext {
    /// A context with a fresh request id, at the root of a new trace.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A context with an id or parent from elsewhere.
    pub fn builder() -> RequestContextBuilder {
        RequestContextBuilder::default()
    }

    /// The context in force here, if any.
    ///
    /// That is the one of the innermost [`scope`](Self::scope) this code runs in.
    #[cfg_attr(
        feature = "tracing-context",
        doc = "Outside of any, it is the one the current tracing span was created in, where the subscriber has a",
        doc = "[`ContextLayer`](crate::ContextLayer)."
    )]
    pub fn current() -> Option<Self> {
        let current = carry::in_force();
        #[cfg(feature = "tracing-context")]
        let current = current.or_else(super::spans::context_of_current_span);
        current
    }

    /// The id of the request.
    pub fn request_id(&self) -> &RequestId {
        &self.0.request_id
    }

    /// The trace the request belongs to: 32 lowercase hex digits.
    pub fn trace_id(&self) -> &str {
        self.0.trace.trace_id()
    }

    /// The request's own span: 16 lowercase hex digits.
    pub fn span_id(&self) -> &str {
        self.0.trace.span_id()
    }

    /// The caller's span, when the request came with a `traceparent`.
    pub fn parent_span_id(&self) -> Option<&str> {
        self.0.parent.as_ref().map(TraceParent::span_id)
    }

    /// The ids of trace, span and parent.
    pub(crate) fn digits(&self) -> [Option<&[u8]>; 3] {
        let (trace, parent) = (&self.0.trace, &self.0.parent);
        [Some(trace.trace_id_digits()), Some(trace.span_id_digits()), parent.as_ref().map(TraceParent::span_id_digits)]
    }

    /// The `traceparent` to send with requests made on behalf of this one.
    pub fn traceparent(&self) -> TraceParent {
        self.0.trace
    }

    /// What tracing systems told of the trace, if they did; to be sent along with the [`traceparent`](Self::traceparent).
    pub fn tracestate(&self) -> Option<&TraceState> {
        self.0.tracestate.as_ref()
    }

    /// What the application sends along to every service the request leads to, if anything.
    pub fn baggage(&self) -> Option<&Baggage> {
        self.0.baggage.as_ref()
    }

    /// Attaches an attribute to every event published in this context from now on: text, a number, a list, or any
    /// other JSON value.
    ///
    /// ```
    /// # use axonpush::RequestContext;
    /// let context = RequestContext::new();
    /// context.bind("user.id", "u-1");
    /// context.bind("attempt", 2);
    /// context.bind("cart", serde_json::json!({"items": 3, "coupon": null}));
    /// assert_eq!(context.attributes().len(), 3);
    /// ```
    pub fn bind(&self, key: impl Into<Cow<'static, str>>, value: impl Into<AttributeValue>) {
        let (key, value) = (key.into(), value.into());
        self.will_have_attributes();
        self.bindings().set(key, value);
    }

    /// As [`bind`](Self::bind), until the guard is dropped: then the key has the value of before again, or none.
    ///
    /// While several guards of one key are alive the latest shows, in whatever order they are dropped. What `bind` and
    /// [`unbind`](Self::unbind) do to the key meanwhile is undone with the guard; after a [`clear`](Self::clear) there
    /// is nothing left to restore.
    ///
    /// ```
    /// # use axonpush::RequestContext;
    /// let context = RequestContext::new();
    /// context.bind("step", "check");
    /// {
    ///     let _bound = context.bind_scoped("step", "charge");
    ///     assert_eq!(context.attributes().get("step"), Some(&"charge".into()));
    /// }
    /// assert_eq!(context.attributes().get("step"), Some(&"check".into()));
    /// ```
    pub fn bind_scoped(&self, key: impl Into<Cow<'static, str>>, value: impl Into<AttributeValue>) -> BoundAttribute {
        let (key, value) = (key.into(), value.into());
        self.will_have_attributes();
        let token = self.bindings().shadow(key, value);
        BoundAttribute::new(self.clone(), token)
    }

    /// Forgets a bound attribute; says whether it was bound.
    pub fn unbind(&self, key: &str) -> bool {
        self.bindings().unset(key)
    }

    /// Forgets every bound attribute.
    pub fn clear(&self) {
        self.bindings().clear();
    }

    /// The attributes bound so far.
    pub fn attributes(&self) -> Attributes {
        self.bindings().attributes().clone()
    }

    /// Attaches an attribute to the event that reports the request's end, and to its server span; setting a key again
    /// replaces its value. The place for what only becomes known on the way: the order's number, a cache's hit.
    pub fn set(&self, key: impl Into<Cow<'static, str>>, value: impl Into<AttributeValue>) {
        let (key, value) = (key.into(), value.into());
        self.will_have_attributes();
        self.0.end_attributes.lock().unwrap_or_else(PoisonError::into_inner).insert(key, value);
    }

    /// Lends the bound attributes, and those of the end event, to `with`, which runs no code of the application. It is
    /// not called where there never were any.
    pub(crate) fn with_attributes(&self, with: impl FnOnce(&Attributes, &Attributes)) {
        if self.0.has_had_attributes.load(Ordering::Acquire) {
            let end = self.0.end_attributes.lock().unwrap_or_else(PoisonError::into_inner);
            with(self.bindings().attributes(), &end);
        }
    }

    fn will_have_attributes(&self) {
        self.0.has_had_attributes.store(true, Ordering::Release);
    }

    /// What waits for how the request ends.
    pub(super) fn held(&self) -> &Held {
        &self.0.held
    }

    /// What is known of the HTTP request this was made for.
    pub(super) fn opened(&self) -> Option<&Opened> {
        self.0.opened.as_ref()
    }

    /// Runs a future in this context, and drops it there. What it spawns is not covered, unless by
    /// [`task::spawn`](crate::task::spawn).
    pub fn scope<F: Future>(&self, future: F) -> InContext<F> {
        InContext::new(Some(self.clone()), future)
    }

    /// Runs a closure in this context; the one before is current again afterwards, however the closure ends.
    pub fn sync_scope<T>(&self, run: impl FnOnce() -> T) -> T {
        let _guard = carry::enter(self);
        run()
    }

    /// Puts this handle in force until the guard is dropped, or gives it back.
    pub(crate) fn enter(self) -> ContextGuard {
        carry::enter_with(self)
    }

    /// How many handles of this context there are.
    #[cfg(all(test, feature = "tracing-context"))]
    pub(super) fn handles(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    pub(super) fn bindings(&self) -> MutexGuard<'_, Bindings> {
        self.0.attributes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for RequestContext {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for RequestContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestContext")
            .field("request_id", &self.0.request_id)
            .field("trace", &self.0.trace)
            .field("parent_span_id", &self.parent_span_id())
            .finish_non_exhaustive()
    }
}

/// Assembles a [`RequestContext`].
#[derive(Debug, Default, Clone)]
#[must_use]
pub struct RequestContextBuilder {
    request_id: Option<RequestId>,
    parent: Option<TraceParent>,
    tracestate: Option<TraceState>,
    baggage: Option<Baggage>,
}

impl RequestContextBuilder {
    /// The id of the request; a fresh one unless set.
    pub fn request_id(mut self, id: RequestId) -> Self {
        self.request_id = Some(id);
        self
    }

    /// The caller's span: the request joins its trace, as its child.
    pub fn parent(mut self, parent: TraceParent) -> Self {
        self.parent = Some(parent);
        self
    }

    /// What tracing systems told of the trace; none unless set. An empty one is none.
    pub fn tracestate(mut self, state: TraceState) -> Self {
        self.tracestate = Some(state).filter(|state| !state.is_empty());
        self
    }

    /// What to send along to every service the request leads to; nothing unless set. Where it really goes is up to
    /// [`Propagation`](crate::propagation::Propagation). Events do not carry it.
    pub fn baggage(mut self, baggage: Baggage) -> Self {
        self.baggage = Some(baggage).filter(|baggage| !baggage.is_empty());
        self
    }

    /// The context.
    pub fn build(self) -> RequestContext {
        self.build_with(None)
    }

    /// The context of an HTTP request.
    pub(super) fn build_for(self, opened: Opened) -> RequestContext {
        self.build_with(Some(opened))
    }

    fn build_with(self, opened: Option<Opened>) -> RequestContext {
        RequestContext(Arc::new(Inner {
            request_id: self.request_id.unwrap_or_else(RequestId::generate),
            trace: self.parent.map_or_else(TraceParent::generate, |parent| parent.child()),
            parent: self.parent,
            tracestate: self.tracestate,
            baggage: self.baggage,
            attributes: Mutex::default(),
            end_attributes: Mutex::default(),
            has_had_attributes: AtomicBool::new(false),
            held: Held::default(),
            opened,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_request_joins_the_callers_trace() {
        let parent = TraceParent::generate();
        let context = RequestContext::builder().parent(parent).build();
        assert_eq!(context.trace_id(), parent.trace_id());
        assert_eq!(context.parent_span_id(), Some(parent.span_id()));
        assert_ne!(context.span_id(), parent.span_id());
    }

    #[test]
    fn bound_attributes_are_shared_by_all_handles_of_one_context() {
        let context = RequestContext::new();
        let other = context.clone();
        context.bind("user", "u1");
        context.bind("user", "u2");
        other.bind("n", 1);
        assert_eq!(context.attributes().len(), 2);
        assert!(other.unbind("user") && !other.unbind("user"));
        context.clear();
        assert!(other.attributes().is_empty());
    }
}
