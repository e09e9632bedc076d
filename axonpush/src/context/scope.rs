//! The request a task works for, found by any code it runs.
//!
//! The context is current while a future bound to it is polled, and only then. It follows the future from thread to
//! thread, needs no particular runtime, and a request never sees another's.

use std::{
    borrow::Cow,
    cell::RefCell,
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::{Baggage, RequestId, TraceParent, TraceState};
use crate::event::{AttributeValue, Attributes};

thread_local!(static CURRENT: RefCell<Option<RequestContext>> = const { RefCell::new(None) });

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
#[derive(Clone)]
pub struct RequestContext(Arc<Inner>);

struct Inner {
    request_id: RequestId,
    trace: TraceParent,
    parent: Option<TraceParent>,
    tracestate: Option<TraceState>,
    baggage: Option<Baggage>,
    attributes: Mutex<Attributes>,
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
    pub fn current() -> Option<Self> {
        CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
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

    /// Attaches an attribute to every event published in this context from now on.
    pub fn bind(&self, key: impl Into<Cow<'static, str>>, value: impl Into<AttributeValue>) {
        let (key, value) = (key.into(), value.into());
        self.attributes_mut().insert(key, value);
    }

    /// Forgets a bound attribute; says whether it was bound.
    pub fn unbind(&self, key: &str) -> bool {
        self.attributes_mut().remove(key)
    }

    /// Forgets every bound attribute.
    pub fn clear(&self) {
        self.attributes_mut().clear();
    }

    /// The attributes bound so far.
    pub fn attributes(&self) -> Attributes {
        self.attributes_mut().clone()
    }

    /// Runs a future in this context. What it spawns is not covered; spawn `context.scope(..)` instead.
    pub fn scope<F: Future>(&self, future: F) -> InContext<F> {
        InContext { context: self.clone(), inner: Some(future) }
    }

    /// Runs a closure in this context; the one before is current again afterwards, however the closure ends.
    pub fn sync_scope<T>(&self, run: impl FnOnce() -> T) -> T {
        let _guard = self.enter();
        run()
    }

    // Not public: guards that outlive each other out of order would leave a foreign context behind.
    fn enter(&self) -> ContextGuard {
        ContextGuard { previous: swap(Some(self.clone())) }
    }

    fn attributes_mut(&self) -> MutexGuard<'_, Attributes> {
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
        RequestContext(Arc::new(Inner {
            request_id: self.request_id.unwrap_or_else(RequestId::generate),
            trace: self.parent.map_or_else(TraceParent::generate, |parent| parent.child()),
            parent: self.parent,
            tracestate: self.tracestate,
            baggage: self.baggage,
            attributes: Mutex::default(),
        }))
    }
}

/// Keeps a context current for one call, and restores the one before, also when the call unwinds.
struct ContextGuard {
    previous: Option<RequestContext>,
}

impl Drop for ContextGuard {
    fn drop(&mut self) {
        swap(self.previous.take());
    }
}

fn swap(context: Option<RequestContext>) -> Option<RequestContext> {
    // While a thread ends its locals are gone, and so is whoever might look.
    CURRENT.try_with(|current| current.replace(context)).ok().flatten()
}

pin_project! {
    /// A future that runs in a context; see [`RequestContext::scope`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct InContext<F> {
        context: RequestContext,
        // Empty only while it is being dropped.
        #[pin]
        inner: Option<F>,
    }

    impl<F> PinnedDrop for InContext<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // The last words of a future that is cancelled belong to the request too.
            let _guard = this.context.enter();
            this.inner.set(None);
        }
    }
}

impl<F: Future> Future for InContext<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _guard = this.context.enter();
        match this.inner.as_pin_mut() {
            Some(inner) => inner.poll(cx),
            None => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn current_id() -> Option<String> {
        RequestContext::current().map(|context| context.request_id().to_string())
    }

    #[test]
    fn contexts_nest_and_are_restored_even_by_a_panic() {
        let (outer, inner) = (RequestContext::new(), RequestContext::new());
        outer.sync_scope(|| {
            let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                inner.sync_scope(|| {
                    assert_eq!(current_id().unwrap(), inner.request_id().as_str());
                    std::panic::resume_unwind(Box::new("out"));
                });
            }));
            assert!(panicked.is_err());
            assert_eq!(current_id().unwrap(), outer.request_id().as_str());
        });
        assert_eq!(current_id(), None);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn a_thousand_tasks_never_see_a_foreign_context() {
        let tasks: Vec<_> = (0..1000)
            .map(|_| {
                let context = RequestContext::new();
                let id = context.request_id().to_string();
                tokio::spawn(context.scope(async move {
                    for _ in 0..20 {
                        tokio::task::yield_now().await;
                        assert_eq!(current_id().unwrap(), id);
                    }
                }))
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(current_id(), None);
    }

    #[test]
    fn a_future_that_is_dropped_says_its_last_words_in_its_context() {
        struct LastWords(std::sync::mpsc::Sender<Option<String>>);
        impl Drop for LastWords {
            fn drop(&mut self) {
                self.0.send(current_id()).unwrap();
            }
        }
        let (said, heard) = std::sync::mpsc::channel();
        let (context, words) = (RequestContext::new(), LastWords(said));
        drop(context.scope(async move {
            let _words = words;
            std::future::pending::<()>().await;
        }));
        assert_eq!(heard.recv().unwrap().as_deref(), Some(context.request_id().as_str()));
        assert_eq!(current_id(), None);
    }

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

    #[test]
    fn a_thread_that_is_ending_finds_no_context_and_no_panic() {
        struct AtExit(RequestContext);
        impl Drop for AtExit {
            fn drop(&mut self) {
                self.0.sync_scope(RequestContext::current);
            }
        }
        thread_local!(static LATE: RefCell<Option<AtExit>> = const { RefCell::new(None) });
        let ended = std::thread::spawn(|| LATE.set(Some(AtExit(RequestContext::new())))).join();
        assert!(ended.is_ok());
    }
}
