//! Exchanges under way, for whoever wants to look.

use std::{
    fmt,
    time::{Duration, Instant},
};

use crate::{
    client::AxonPush,
    clock,
    context::{OpenRequest, OpenRequests, RequestContext, RequestId},
};

/// An exchange under way, as it stood when it was listed by [`AxonPush::list_open_exchanges`].
#[derive(Debug, Clone)]
pub struct OpenExchange {
    context: RequestContext,
    method: &'static str,
    route: Option<Box<str>>,
    status: Option<u16>,
    age: Duration,
}

impl OpenExchange {
    fn of(request: &OpenRequest, now: Instant) -> Self {
        Self {
            context: request.context().clone(),
            method: request.method(),
            route: request.route().map(Box::from),
            status: request.status(),
            age: now.saturating_duration_since(request.started()),
        }
    }

    /// The id of the request.
    pub fn request_id(&self) -> &RequestId {
        self.context.request_id()
    }

    /// The request's context.
    pub fn context(&self) -> &RequestContext {
        &self.context
    }

    /// The method; `_OTHER` for one that no RFC knows.
    pub fn method(&self) -> &str {
        self.method
    }

    /// The route's template, when one matched.
    pub fn route(&self) -> Option<&str> {
        self.route.as_deref()
    }

    /// The status of the response, once its headers went out; its body is still under way then.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// How long ago the request arrived.
    pub fn age(&self) -> Duration {
        self.age
    }
}

impl fmt::Display for OpenExchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.route().unwrap_or("(no route)"))?;
        if let Some(status) = self.status {
            write!(f, " {status}")?;
        }
        write!(f, " {} for {:.1} s", self.request_id(), self.age.as_secs_f64())
    }
}

impl AxonPush {
    /// The HTTP exchanges under way, oldest first. Those of this moment: others may begin and end meanwhile.
    pub fn list_open_exchanges(&self) -> Vec<OpenExchange> {
        let now = clock::now();
        let open = self.open_requests().map(OpenRequests::list).unwrap_or_default();
        open.iter().map(|request| OpenExchange::of(request, now)).collect()
    }
}
