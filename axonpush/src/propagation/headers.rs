//! The context as headers.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::context::RequestContext;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
const BAGGAGE: HeaderName = HeaderName::from_static("baggage");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What may be told besides the trace.
#[derive(Debug, Clone, Copy)]
pub(super) struct Besides {
    pub(super) request_id: bool,
    pub(super) baggage: bool,
}

impl RequestContext {
    /// Adds all of this context to the headers of a request made on its behalf: `traceparent`, with the request's own
    /// span as the parent, `tracestate`, `baggage` and `x-request-id`.
    ///
    /// Headers that are there already stay; a `traceparent` that is keeps ours and its `tracestate` away. This is for
    /// receivers that may know everything; [`Propagation::inject`](crate::propagation::Propagation::inject) asks who
    /// they are. [`extract`](crate::RequestContextBuilder::extract) is the other end.
    ///
    /// ```
    /// use axonpush::RequestContext;
    ///
    /// let context = RequestContext::new();
    /// let mut headers = http::HeaderMap::new();
    /// context.inject(&mut headers);
    /// assert_eq!(headers["traceparent"], context.traceparent().to_string());
    /// ```
    pub fn inject(&self, headers: &mut HeaderMap) {
        write(self, Besides { request_id: true, baggage: true }, headers);
    }
}

pub(super) fn write(context: &RequestContext, besides: Besides, headers: &mut HeaderMap) {
    // The two belong together: our state says nothing about a parent somebody else chose.
    if !headers.contains_key(TRACEPARENT) {
        add(headers, TRACEPARENT, || context.traceparent().to_string());
        if let Some(state) = context.tracestate() {
            add(headers, TRACESTATE, || state.to_string());
        }
    }
    if besides.baggage
        && let Some(baggage) = context.baggage()
    {
        add(headers, BAGGAGE, || baggage.to_string());
    }
    if besides.request_id {
        add(headers, REQUEST_ID, || context.request_id().to_string());
    }
}

fn add(headers: &mut HeaderMap, name: HeaderName, value: impl FnOnce() -> String) {
    // All of these types hold nothing that a header could not.
    if !headers.contains_key(&name)
        && let Ok(value) = HeaderValue::try_from(value())
    {
        // A map can be full, at 32768 headers; the request is worth more than its context.
        let _full = headers.try_insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::{Baggage, TraceState};

    fn context() -> RequestContext {
        RequestContext::builder()
            .request_id("req-1".parse().unwrap())
            .parent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00".parse().unwrap())
            .tracestate("a=1,b=2".parse().unwrap())
            .baggage("user=42;p".parse().unwrap())
            .build()
    }

    #[test]
    fn the_whole_context_becomes_headers_with_its_own_span_as_the_parent() {
        let (context, mut headers) = (context(), HeaderMap::new());
        context.inject(&mut headers);
        assert_eq!(headers["traceparent"], format!("00-{}-{}-00", context.trace_id(), context.span_id()));
        assert_eq!(headers["tracestate"], "a=1,b=2");
        assert_eq!(headers["baggage"], "user=42;p");
        assert_eq!(headers["x-request-id"], "req-1");
        assert_eq!(headers.len(), 4);
    }

    #[test]
    fn what_a_context_does_not_have_is_not_sent() {
        let mut headers = HeaderMap::new();
        RequestContext::new().inject(&mut headers);
        assert!(headers.contains_key("traceparent") && headers.contains_key("x-request-id"));
        assert_eq!(headers.len(), 2);
    }

    #[test]
    fn headers_of_the_caller_stay() {
        for (name, left_out) in
            [("traceparent", Some("tracestate")), ("tracestate", None), ("baggage", None), ("x-request-id", None)]
        {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static("mine"));
            context().inject(&mut headers);
            assert_eq!(headers.get_all(name).iter().collect::<Vec<_>>(), ["mine"]);
            assert_eq!(headers.len(), if left_out.is_some() { 3 } else { 4 }, "{headers:?}");
            assert!(left_out.is_none_or(|name| !headers.contains_key(name)));
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_injected_is_extracted_again(
            state in "([a-z]{1,4}=[!-+]{1,9},?){0,40}",
            value: String,
            id in "[A-Za-z0-9._-]{1,128}",
        ) {
            let context = RequestContext::builder()
                .request_id(id.parse().unwrap())
                .tracestate(TraceState::parse(state.as_bytes()))
                .baggage(Baggage::new().with("key", &value).unwrap_or_default())
                .build();
            let mut headers = HeaderMap::new();
            context.inject(&mut headers);
            let callee = RequestContext::builder().extract(&headers).build();
            proptest::prop_assert_eq!(callee.request_id(), context.request_id());
            proptest::prop_assert_eq!(callee.trace_id(), context.trace_id());
            proptest::prop_assert_eq!(callee.parent_span_id(), Some(context.span_id()));
            proptest::prop_assert_eq!(callee.tracestate(), context.tracestate());
            proptest::prop_assert_eq!(callee.baggage(), context.baggage());
        }
    }
}
