//! Which context is in force here, and what carries it from poll to poll.
//!
//! A context is in force while a future or stream bound to it is polled or dropped, and only then. It follows them from
//! thread to thread, needs no particular runtime, and a request never sees another's.

use std::{
    cell::RefCell,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::{FusedFuture, FusedStream, Stream};
use pin_project_lite::pin_project;

use super::RequestContext;

thread_local!(static CURRENT: RefCell<Option<RequestContext>> = const { RefCell::new(None) });

/// The context in force on this thread.
pub(crate) fn in_force() -> Option<RequestContext> {
    CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
}

// Not public: guards that outlive each other out of order would leave a foreign context behind.
pub(super) fn enter(context: &RequestContext) -> ContextGuard {
    enter_with(context.clone())
}

/// As [`enter`], with a handle that [`ContextGuard::leave`] gives back.
pub(super) fn enter_with(context: RequestContext) -> ContextGuard {
    ContextGuard { previous: swap(Some(context)), left: false }
}

/// Keeps a context current for one call, and restores the one before, also when the call unwinds.
pub(crate) struct ContextGuard {
    previous: Option<RequestContext>,
    left: bool,
}

impl ContextGuard {
    /// Restores the context before; what was in force until now, unless the thread is ending.
    pub(crate) fn leave(mut self) -> Option<RequestContext> {
        self.left = true;
        swap(self.previous.take())
    }
}

impl Drop for ContextGuard {
    fn drop(&mut self) {
        if !self.left {
            swap(self.previous.take());
        }
    }
}

fn swap(context: Option<RequestContext>) -> Option<RequestContext> {
    // While a thread ends its locals are gone, and so is whoever might look.
    CURRENT.try_with(|current| current.replace(context)).ok().flatten()
}

/// Lets a future or a stream run in a context: the one in force where this is called, or a given one.
///
/// ```
/// use axonpush::{InCurrentContext, RequestContext};
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let context = RequestContext::new();
/// let task = context.sync_scope(|| {
///     let work = async { RequestContext::current().unwrap().request_id().clone() };
///     tokio::spawn(work.in_current_context())
/// });
/// assert_eq!(&task.await?, context.request_id());
/// # Ok::<(), tokio::task::JoinError>(())
/// # }).unwrap();
/// ```
///
/// A stream looks its context up at every item, whoever asks for it, and from whatever task:
///
/// ```
/// use axonpush::{InCurrentContext, RequestContext};
/// use futures_util::{StreamExt, stream};
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let context = RequestContext::new();
/// let rows = stream::iter(0..3).map(|_| RequestContext::current().is_some());
/// let rows = context.sync_scope(|| rows.in_current_context());
/// assert_eq!(rows.collect::<Vec<_>>().await, [true, true, true]);
/// # });
/// ```
pub trait InCurrentContext: Sized {
    /// Runs in the context in force here. Where none is, nothing changes: whatever is in force where this is polled
    /// stays so.
    fn in_current_context(self) -> InContext<Self> {
        InContext::new(RequestContext::current(), self)
    }

    /// Runs in `context`: what [`RequestContext::scope`] is to futures, for streams too.
    fn in_context(self, context: &RequestContext) -> InContext<Self> {
        InContext::new(Some(context.clone()), self)
    }
}

impl<T> InCurrentContext for T {}

pin_project! {
    /// A future or a stream that is polled in a context, and dropped in it; see [`RequestContext::scope`] and
    /// [`InCurrentContext`].
    ///
    /// As cancel safe as what is inside. It costs a pointer of memory, and some ten nanoseconds a poll.
    #[derive(Debug)]
    #[must_use = "futures and streams do nothing unless polled"]
    pub struct InContext<T> {
        context: Option<RequestContext>,
        // Empty only while it is being dropped.
        #[pin]
        inner: Option<T>,
    }

    impl<T> PinnedDrop for InContext<T> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // The last words of a future that is cancelled belong to the request too.
            let _guard = this.context.as_ref().map(enter);
            this.inner.set(None);
        }
    }
}

impl<T> InContext<T> {
    pub(super) fn new(context: Option<RequestContext>, inner: T) -> Self {
        Self { context, inner: Some(inner) }
    }
}

impl<F: Future> Future for InContext<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _guard = this.context.as_ref().map(enter);
        match this.inner.as_pin_mut() {
            Some(inner) => inner.poll(cx),
            None => Poll::Pending,
        }
    }
}

impl<F: FusedFuture> FusedFuture for InContext<F> {
    fn is_terminated(&self) -> bool {
        self.inner.as_ref().is_none_or(FusedFuture::is_terminated)
    }
}

impl<S: Stream> Stream for InContext<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        let _guard = this.context.as_ref().map(enter);
        match this.inner.as_pin_mut() {
            Some(inner) => inner.poll_next(cx),
            None => Poll::Ready(None),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.as_ref().map_or((0, Some(0)), Stream::size_hint)
    }
}

impl<S: FusedStream> FusedStream for InContext<S> {
    fn is_terminated(&self) -> bool {
        self.inner.as_ref().is_none_or(FusedStream::is_terminated)
    }
}

#[cfg(test)]
mod tests;
