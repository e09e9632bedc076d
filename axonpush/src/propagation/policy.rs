//! Who may learn what of the context.

use std::sync::Arc;

use http::HeaderMap;

use super::{
    headers::{self, Besides},
    hosts::Hosts,
};
use crate::{context::RequestContext, error::Error};

/// Who may learn what of the context a request is made in. Cheap to clone.
///
/// | | `traceparent`, `tracestate` | `x-request-id`, `baggage` |
/// |---|---|---|
/// | unless [hosts](Self::hosts) are named: every host | sent | not sent |
/// | hosts that are named | sent | sent |
/// | hosts that are not | not sent | not sent |
///
/// The ids of a trace are random and tell a stranger nothing, so that any host may have them. A request id may come
/// from a client, and baggage is whatever callers and the application put there: users, plans, tenants. These leave
/// for hosts you name, and no others. [`request_id`](Self::request_id) and [`baggage`](Self::baggage) change it.
///
/// ```
/// use axonpush::propagation::Propagation;
///
/// // The services of our own may know the request id, but have no use for baggage.
/// let propagation = Propagation::new().hosts(["stock.internal", "*.svc.cluster.local"])?.baggage(false);
/// # Ok::<(), axonpush::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct Propagation {
    hosts: Option<Arc<[Hosts]>>,
    request_id: Option<bool>,
    baggage: Option<bool>,
}

impl Propagation {
    /// The trace to every host, and nothing else to any.
    pub fn new() -> Self {
        Self::default()
    }

    /// The only hosts that are told anything: names, IP addresses, and `*.example.com` for every name below
    /// `example.com`, at any depth and without itself. With none in the list nothing is sent.
    ///
    /// Ports and schemes make no difference. The list replaces an earlier one.
    ///
    /// # Errors
    ///
    /// When an entry is none of these.
    pub fn hosts<H: AsRef<str>>(mut self, hosts: impl IntoIterator<Item = H>) -> Result<Self, Error> {
        let hosts: Result<_, _> = hosts.into_iter().map(|entry| Hosts::parse(entry.as_ref())).collect();
        self.hosts = Some(hosts?);
        Ok(self)
    }

    /// Whether the request id is sent; unless set, when [hosts](Self::hosts) are named. Set, it applies without them
    /// too, which is to every host.
    pub fn request_id(mut self, send: bool) -> Self {
        self.request_id = Some(send);
        self
    }

    /// Whether baggage is sent; unless set, when [hosts](Self::hosts) are named. Set, it applies without them too,
    /// which is to every host.
    pub fn baggage(mut self, send: bool) -> Self {
        self.baggage = Some(send);
        self
    }

    /// Adds to the headers of a request to `host` what it may learn of `context`. Headers that are there already stay;
    /// a `traceparent` that is keeps ours and its `tracestate` away.
    ///
    /// The host is as in the URL, without the port. An empty one, where it is not known, is none of those named.
    pub fn inject(&self, context: &RequestContext, host: &str, headers: &mut HeaderMap) {
        if let Some(hosts) = &self.hosts
            && !hosts.iter().any(|hosts| hosts.contain(host))
        {
            return;
        }
        let unless_set = self.hosts.is_some();
        let besides =
            Besides { request_id: self.request_id.unwrap_or(unless_set), baggage: self.baggage.unwrap_or(unless_set) };
        headers::write(context, besides, headers);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of what `host` is told.
    fn told(propagation: &Propagation, host: &str) -> Vec<String> {
        let context =
            RequestContext::builder().tracestate("a=1".parse().unwrap()).baggage("user=42".parse().unwrap()).build();
        let mut headers = HeaderMap::new();
        propagation.inject(&context, host, &mut headers);
        let mut names: Vec<_> = headers.keys().map(|name| name.as_str().to_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn strangers_learn_the_trace_and_nothing_else() {
        let propagation = Propagation::new();
        assert_eq!(told(&propagation, "example.org"), ["traceparent", "tracestate"]);
        assert_eq!(told(&propagation, ""), ["traceparent", "tracestate"]);
        assert_eq!(told(&propagation.clone().request_id(true), "a.org"), ["traceparent", "tracestate", "x-request-id"]);
        assert_eq!(told(&propagation.baggage(true), "a.org"), ["baggage", "traceparent", "tracestate"]);
    }

    #[test]
    fn hosts_that_are_named_learn_everything_and_others_nothing() {
        let propagation = Propagation::new().hosts(["a.org", "*.b.org"]).unwrap();
        for host in ["a.org", "x.b.org"] {
            assert_eq!(told(&propagation, host), ["baggage", "traceparent", "tracestate", "x-request-id"]);
        }
        for host in ["b.org", "c.org", ""] {
            assert!(told(&propagation, host).is_empty() && told(&propagation.clone().baggage(true), host).is_empty());
        }
        let less = propagation.clone().request_id(false).baggage(false);
        assert_eq!(told(&less, "a.org"), ["traceparent", "tracestate"]);
        let none: [&str; 0] = [];
        assert!(told(&propagation.hosts(none).unwrap(), "a.org").is_empty());
    }

    #[test]
    fn one_malformed_host_refuses_the_list() {
        assert!(Propagation::new().hosts(["a.org", "https://b.org"]).unwrap_err().is_config());
    }
}
