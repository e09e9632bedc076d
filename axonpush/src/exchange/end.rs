//! What is known of an exchange when it has ended.

use std::time::Duration;

use super::ExchangeOutcome;
use crate::context::RequestContext;

/// What is known of an exchange when it has ended; handed to
/// [`ExchangePolicy::enrich`](super::ExchangePolicy::enrich).
#[derive(Debug, Clone, Copy)]
pub struct ExchangeEnd<'a> {
    pub(super) context: &'a RequestContext,
    pub(super) method: &'a str,
    pub(super) route: Option<&'a str>,
    pub(super) status: Option<u16>,
    pub(super) outcome: ExchangeOutcome,
    pub(super) duration: Duration,
    pub(super) body_bytes: u64,
}

impl ExchangeEnd<'_> {
    /// The request's context, with its id, its trace and what was bound to it.
    pub fn context(&self) -> &RequestContext {
        self.context
    }

    /// The method; `_OTHER` for one that no RFC knows.
    pub fn method(&self) -> &str {
        self.method
    }

    /// The route's template, when one matched.
    pub fn route(&self) -> Option<&str> {
        self.route
    }

    /// The status of the response, if there was one.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// How it ended.
    pub fn outcome(&self) -> ExchangeOutcome {
        self.outcome
    }

    /// From the request's arrival to its end.
    pub fn duration(&self) -> Duration {
        self.duration
    }

    /// Bytes of the body that were handed to the connection.
    pub fn body_bytes(&self) -> u64 {
        self.body_bytes
    }
}
