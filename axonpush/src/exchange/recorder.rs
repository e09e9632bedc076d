//! Reports one exchange, exactly once.

use std::{
    any::Any,
    borrow::Cow,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    task::Poll,
    time::Instant,
};

use super::{HeaderValues, WebSocketRecorder, outcome::Outcome, pending::Pending};
use crate::context::{RequestContext, RequestId};

/// The header that tells a client its request's id, on every response.
pub const REQUEST_ID_HEADER: &str = "x-request-id";

/// Reports one HTTP exchange exactly once, however it ends.
///
/// When it is dropped before [`complete`](Self::complete) or one of the failures was told, the exchange was cancelled:
/// when a client hangs up, the framework drops what it was doing and nothing else will say so.
pub struct ExchangeRecorder {
    context: RequestContext,
    // Another handle of it, to be put in force and taken back, where a clone would be made and dropped each time.
    handle: Option<RequestContext>,
    // `None` when the exchange has ended, or nobody wants to know.
    // In a box, since the recorder moves from future to body.
    pending: Option<Box<Pending>>,
}

impl ExchangeRecorder {
    pub(super) fn new(context: RequestContext, pending: Option<Box<Pending>>) -> Self {
        Self { context, handle: None, pending }
    }

    pub(super) fn started(&self, now: Instant) {
        if let Some(pending) = &self.pending {
            pending.start(&self.context, now);
        }
    }

    /// The context to run the handler and its body in.
    pub fn context(&self) -> &RequestContext {
        &self.context
    }

    /// The id to send back in [`REQUEST_ID_HEADER`].
    pub fn request_id(&self) -> &RequestId {
        self.context.request_id()
    }

    /// Runs a step of the handler or of the body in the exchange's context. A panic is told, and goes on.
    pub fn run<T>(&mut self, step: impl FnOnce() -> T) -> T {
        let handle = self.handle.take().unwrap_or_else(|| self.context.clone());
        let in_force = handle.enter();
        let result = catch_unwind(AssertUnwindSafe(step));
        self.handle = in_force.leave();
        result.unwrap_or_else(|payload| {
            self.panicked(&*payload);
            resume_unwind(payload)
        })
    }

    /// Asks a body for its next piece, in the exchange's context, and tells what came: a piece, of which `size` says
    /// how many bytes it is, an error, or the end.
    pub fn poll_body<T, E: fmt::Display>(
        &mut self,
        poll: impl FnOnce() -> Poll<Option<Result<T, E>>>,
        size: impl FnOnce(&T) -> usize,
    ) -> Poll<Option<Result<T, E>>> {
        let polled = self.run(poll);
        match &polled {
            Poll::Pending => {}
            Poll::Ready(Some(Ok(piece))) => self.body_sent(size(piece)),
            Poll::Ready(Some(Err(error))) => self.body_failed(error),
            Poll::Ready(None) => self.complete(),
        }
        polled
    }

    /// Tells that the handler answered, with these headers; the body is still to come. A response that can have none, to
    /// `HEAD` or of status 1xx, 204 or 304, is complete with this.
    pub fn headers_sent(&mut self, status: u16, headers: HeaderValues<'_, '_>) {
        let Some(pending) = &mut self.pending else { return };
        pending.headers_sent(status, headers);
        if pending.method() == "HEAD" || matches!(status, 100..200 | 204 | 304) {
            self.complete();
        }
    }

    /// The recorder of the WebSocket that this exchange is about to become, for an adapter that sees what is sent on it.
    /// To be asked for before [`headers_sent`](Self::headers_sent) tells of the `101`.
    pub fn websocket(&self) -> Option<WebSocketRecorder> {
        self.pending.as_ref().map(|pending| pending.websocket())
    }

    /// Tells why the handler answered as it did; reported when the status makes the exchange a failure.
    pub fn cause(&mut self, error: &dyn fmt::Display) {
        if let Some(pending) = &mut self.pending {
            pending.cause = Some(error.to_string());
        }
    }

    /// Tells how many bytes the body is announced to have. A server stops reading it when they are out, so a recorder
    /// dropped after that many is [`complete`](Self::complete); a body that ends before has failed.
    pub fn body_length(&mut self, bytes: u64) {
        if let Some(pending) = &mut self.pending {
            pending.body_length = Some(bytes);
        }
    }

    /// Tells the [`body_length`](Self::body_length) as a `content-length` header says it; says whether that is a
    /// number.
    pub fn content_length(&mut self, header: &[u8]) -> bool {
        let length = std::str::from_utf8(header).ok().and_then(|text| text.parse().ok());
        if let Some(length) = length {
            self.body_length(length);
        }
        length.is_some()
    }

    /// Tells that `bytes` more of the body were handed to the connection, which is not to say that they left it.
    pub fn body_sent(&mut self, bytes: usize) {
        if let Some(pending) = &mut self.pending {
            pending.body_bytes += bytes as u64;
        }
    }

    /// The body is through. A status of 500 or above makes the exchange a failure, and so does a body shorter than its
    /// [announced length](Self::body_length).
    pub fn complete(&mut self) {
        let Some(pending) = &mut self.pending else { return };
        let outcome = pending.outcome();
        self.end(&outcome);
    }

    /// The response's body broke.
    pub fn body_failed(&mut self, error: &dyn fmt::Display) {
        if self.pending.is_some() {
            self.end(&Outcome::broken_body(error.to_string()));
        }
    }

    /// The handler failed with an error that became no response.
    pub fn failed(&mut self, error: &dyn fmt::Display) {
        if self.pending.is_some() {
            self.end(&Outcome::Failed { error_type: Cow::Borrowed("service"), message: Some(error.to_string()) });
        }
    }

    fn panicked(&mut self, payload: &(dyn Any + Send)) {
        let message = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned());
        self.end(&Outcome::Failed { error_type: Cow::Borrowed("panic"), message });
    }

    fn end(&mut self, outcome: &Outcome) {
        if let Some(pending) = self.pending.take() {
            pending.end(outcome, &self.context);
        }
    }
}

impl Drop for ExchangeRecorder {
    fn drop(&mut self) {
        if self.pending.as_ref().is_some_and(|pending| pending.has_announced_length()) {
            self.complete();
        } else {
            self.end(&Outcome::Cancelled);
        }
    }
}

impl fmt::Debug for ExchangeRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExchangeRecorder")
            .field("request_id", self.request_id())
            .field("open", &self.pending.is_some())
            .finish_non_exhaustive()
    }
}
