//! How an exchange ended.

use std::borrow::Cow;

use crate::event::Severity;

/// How an exchange ended, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExchangeOutcome {
    /// The response went out whole, with a status below 500.
    Completed,
    /// A status of 500 or above, a panic, or a body that broke.
    Failed,
    /// The client went away, or something around the handler gave up on it.
    Cancelled,
}

/// How an exchange ended, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Completed,
    Failed {
        /// `error.type`: the status, `panic` or `body`.
        error_type: Cow<'static, str>,
        /// What is known about the cause.
        message: Option<String>,
    },
    Cancelled,
}

impl Outcome {
    /// The outcome of a response that went out whole, and what led to it.
    pub(super) fn of_status(status: u16, cause: Option<String>) -> Self {
        if status >= 500 {
            Self::Failed { error_type: Cow::Owned(status.to_string()), message: cause }
        } else {
            Self::Completed
        }
    }

    /// The outcome of a response whose body is not what was announced.
    pub(super) fn broken_body(message: String) -> Self {
        Self::Failed { error_type: Cow::Borrowed("body"), message: Some(message) }
    }

    pub(super) fn in_one_word(&self) -> ExchangeOutcome {
        match self {
            Self::Completed => ExchangeOutcome::Completed,
            Self::Failed { .. } => ExchangeOutcome::Failed,
            Self::Cancelled => ExchangeOutcome::Cancelled,
        }
    }

    /// The identifier of the end event.
    pub(super) fn identifier(&self) -> &'static str {
        match self {
            Self::Completed => "http.request.completed",
            Self::Failed { .. } => "http.request.failed",
            Self::Cancelled => "http.request.cancelled",
        }
    }

    /// How bad it is. A 4xx is the client's mistake, which may be ours to explain.
    pub(super) fn severity(&self, status: Option<u16>) -> Severity {
        match self {
            Self::Completed if status.is_some_and(|status| status >= 400) => Severity::Warn,
            Self::Completed => Severity::Info,
            Self::Failed { .. } => Severity::Error,
            Self::Cancelled => Severity::Warn,
        }
    }
}
