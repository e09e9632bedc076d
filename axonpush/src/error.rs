//! The one error of this crate: opaque, one pointer wide, and answered by questions instead of variants.

use std::{error::Error as StdError, fmt, time::Duration};

/// What went wrong, with questions to ask of it.
///
/// The message names the setting, field or request concerned, the shape of the value that was refused, and the way
/// out. It never carries a key, a token or the value of a setting.
///
/// ```
/// let error = axonpush::AxonPush::builder().build().unwrap_err();
/// assert!(error.is_config());
/// assert!(error.to_string().contains("AXONPUSH_API_KEY"));
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: Kind,
    message: String,
    answer: Option<Box<Answer>>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What a server said when it refused a request.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) code: Option<String>,
    pub(crate) hint: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) retry_after: Option<Duration>,
}

/// The coarse sort of an error; callers see it through the questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A setting is missing or malformed.
    Config,
    /// The caller's event or query can't be sent as it is.
    Invalid,
    /// No connection, so that nothing was sent.
    Connect,
    /// The connection broke under way.
    Broken,
    /// No connection in time, so that nothing was sent.
    ConnectTimeout,
    /// A deadline passed.
    Timeout,
    /// The server answered with something other than success.
    Status,
    /// The server answered success, with a body that confirms nothing.
    Response,
    /// The event queue is full.
    QueueFull,
    /// The client was shut down, or never had a worker.
    Closed,
}

impl Error {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, message: message.into(), answer: None, source: None }))
    }

    pub(crate) fn config(message: impl Into<String>) -> Self {
        Self::new(Kind::Config, message)
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, message)
    }

    pub(crate) fn closed() -> Self {
        Self::new(Kind::Closed, "this client has been shut down; build a new one to publish again")
    }

    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub(crate) fn with_answer(mut self, answer: Answer) -> Self {
        self.0.answer = Some(Box::new(answer));
        self
    }

    /// The same error with `what` was under way in front of its message.
    pub(crate) fn while_doing(mut self, what: &str) -> Self {
        self.0.message = format!("{what}: {}", self.0.message);
        self
    }

    /// A setting (argument or environment variable) is missing or malformed.
    pub fn is_config(&self) -> bool {
        self.0.kind == Kind::Config
    }

    /// The event or query was refused as malformed, here before sending, or by the server with 400 or 422.
    pub fn is_invalid(&self) -> bool {
        self.0.kind == Kind::Invalid
            || matches!(self.status(), Some(400 | 422))
            || self.code() == Some("validation_error")
    }

    /// The server could not be reached: DNS, refused, TLS, reset.
    pub fn is_connect(&self) -> bool {
        matches!(self.0.kind, Kind::Connect | Kind::Broken)
    }

    /// A connect, attempt or total deadline passed, or the server answered 408.
    pub fn is_timeout(&self) -> bool {
        matches!(self.0.kind, Kind::Timeout | Kind::ConnectTimeout) || self.status() == Some(408)
    }

    /// The key was refused: 401 or 403.
    pub fn is_unauthorized(&self) -> bool {
        matches!(self.status(), Some(401 | 403))
    }

    /// The server asks for fewer requests: 429. See [`Error::retry_after`].
    pub fn is_rate_limited(&self) -> bool {
        self.status() == Some(429)
    }

    /// The server said success in a way that confirms nothing (HTML from a proxy, say), so the event may not be stored.
    pub fn is_unconfirmed(&self) -> bool {
        self.0.kind == Kind::Response
    }

    /// The event queue is full and its policy refuses new events.
    pub fn is_queue_full(&self) -> bool {
        self.0.kind == Kind::QueueFull
    }

    /// The client was shut down before this call.
    pub fn is_closed(&self) -> bool {
        self.0.kind == Kind::Closed
    }

    /// The same request may succeed later without any change.
    pub fn is_retryable(&self) -> bool {
        match self.0.kind {
            Kind::Connect | Kind::ConnectTimeout | Kind::Broken | Kind::Timeout | Kind::Response | Kind::QueueFull => {
                true
            }
            Kind::Config | Kind::Invalid | Kind::Closed => false,
            Kind::Status => self.status().is_some_and(is_transient),
        }
    }

    /// Whether the server surely did nothing of what it was asked for: it was not reached, or says that it did not read
    /// the request or let it in.
    pub(crate) fn is_untouched(&self) -> bool {
        matches!(self.0.kind, Kind::Connect | Kind::ConnectTimeout) || matches!(self.status(), Some(408 | 425 | 429))
    }

    /// The HTTP status, when a server answered.
    pub fn status(&self) -> Option<u16> {
        self.0.answer.as_ref().map(|a| a.status)
    }

    /// The server's machine-readable code, when it sent one.
    pub fn code(&self) -> Option<&str> {
        self.0.answer.as_ref()?.code.as_deref()
    }

    /// The server's advice on what to do, when it sent one.
    pub fn hint(&self) -> Option<&str> {
        self.0.answer.as_ref()?.hint.as_deref()
    }

    /// The server's id of the refused request, for a support ticket.
    pub fn request_id(&self) -> Option<&str> {
        self.0.answer.as_ref()?.request_id.as_deref()
    }

    /// How long the server asked to wait, when it did; at most 300 s.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.answer.as_ref()?.retry_after
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if let Some(hint) = self.hint() {
            write!(f, " (hint: {hint})")?;
        }
        if let Some(id) = self.request_id() {
            write!(f, " [request id {id}]")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Error");
        out.field("kind", &self.0.kind).field("message", &self.0.message);
        if let Some(answer) = &self.0.answer {
            out.field("answer", answer);
        }
        if let Some(source) = &self.0.source {
            out.field("source", source);
        }
        out.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|s| &**s as &(dyn StdError + 'static))
    }
}

/// Whether a status describes a condition that passes by itself. This is the one table of statuses; what the retry
/// machine does with it stands in `retry`.
pub(crate) fn is_transient(status: u16) -> bool {
    match status {
        408 | 425 | 429 => true,
        // Not implemented and version not supported: no amount of waiting teaches a server new tricks.
        501 | 505 => false,
        _ => status >= 500,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_pointer_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
        assert_eq!(size_of::<Result<(), Error>>(), size_of::<usize>());
    }

    #[test]
    fn retryable_statuses_are_those_that_pass() {
        let with = |status| Error::new(Kind::Status, "x").with_answer(Answer { status, ..Answer::default() });
        for status in [408, 425, 429, 500, 502, 503, 504, 520, 529] {
            assert!(with(status).is_retryable(), "{status}");
        }
        for status in [301, 400, 401, 403, 404, 409, 413, 422, 501, 505] {
            assert!(!with(status).is_retryable(), "{status}");
        }
    }
}
