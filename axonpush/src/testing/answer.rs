//! What a sink says to an attempt.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::transport::Reply;

/// How one attempt to deliver ends.
///
/// ```
/// use axonpush::testing::Answer;
/// use std::time::Duration;
///
/// let busy = Answer::status(429).header("retry-after", "5");
/// let slow = Answer::accept().after(Duration::from_secs(2));
/// let lost = Answer::accept().then_disconnect();
/// ```
#[derive(Debug, Clone)]
pub struct Answer {
    /// Whether the sink keeps the events.
    pub(super) takes: bool,
    pub(super) after: Duration,
    pub(super) ending: Ending,
}

#[derive(Debug, Clone)]
pub(super) enum Ending {
    /// What a server says that took everything.
    Receipt,
    Reply(Reply),
    Never,
}

impl Answer {
    /// Takes the events and says so.
    pub fn accept() -> Self {
        Self { takes: true, after: Duration::ZERO, ending: Ending::Receipt }
    }

    /// An HTTP status; nothing is taken. One that is no status is a 500.
    pub fn status(status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let reply = Reply::Answer { status, headers: HeaderMap::new(), body: Bytes::new() };
        Self { takes: false, after: Duration::ZERO, ending: Ending::Reply(reply) }
    }

    /// As though nobody listened.
    pub fn no_connection() -> Self {
        Self { takes: false, after: Duration::ZERO, ending: Ending::Reply(Reply::NoConnection) }
    }

    /// No answer, ever: the attempt ends by its timeout.
    pub fn never() -> Self {
        Self { takes: false, after: Duration::ZERO, ending: Ending::Never }
    }

    /// The same, but the events are taken or not, and then the connection breaks: whoever sent them does not know.
    pub fn then_disconnect(mut self) -> Self {
        self.ending = Ending::Reply(Reply::NoConnection);
        self
    }

    /// The same, `delay` later. Events are taken when the answer is given.
    pub fn after(mut self, delay: Duration) -> Self {
        self.after = delay;
        self
    }

    /// Adds a header to a [`status`](Self::status); one that is no header is left out.
    pub fn header(mut self, name: &'static str, value: impl AsRef<str>) -> Self {
        if let Ending::Reply(Reply::Answer { headers, .. }) = &mut self.ending
            && let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value.as_ref()))
        {
            headers.append(name, value);
        }
        self
    }

    /// The body of a [`status`](Self::status).
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        if let Ending::Reply(Reply::Answer { body: empty, .. }) = &mut self.ending {
            *empty = body.into();
        }
        self
    }
}
