//! What a request brought along of the context it was made in.

use http::HeaderMap;

use super::{Baggage, RequestContextBuilder, RequestId, TraceParent, TraceState};

/// Looks up a header: hands each of its values, in order, to the closure. Names are asked for in lowercase.
///
/// It knows no type of headers, as frameworks have different ones.
///
/// ```
/// use axonpush::exchange::HeaderValues;
///
/// let headers = http::HeaderMap::new();
/// let lookup: HeaderValues<'_, '_> =
///     &|name, each| headers.get_all(name).iter().for_each(|value| each(value.as_bytes()));
/// ```
pub type HeaderValues<'lookup, 'headers> = &'lookup dyn Fn(&str, &mut dyn FnMut(&'headers [u8]));

impl RequestContextBuilder {
    /// Takes over what `headers` bring: `x-request-id`, `traceparent` with its `tracestate`, and `baggage`. The
    /// counterpart of [`RequestContext::inject`](super::RequestContext::inject), for messages and for servers that no
    /// layer knows.
    ///
    /// What is malformed counts as absent, and so is a request id or `traceparent` that is there twice: two parties
    /// disagree, and neither is believed. A `tracestate` means nothing without a valid `traceparent`.
    ///
    /// ```
    /// use axonpush::RequestContext;
    /// # use http::HeaderMap;
    /// let caller = RequestContext::new();
    /// let mut headers = HeaderMap::new();
    /// caller.inject(&mut headers);
    ///
    /// let context = RequestContext::builder().extract(&headers).build();
    /// assert_eq!(context.request_id(), caller.request_id());
    /// assert_eq!(context.parent_span_id(), Some(caller.span_id()));
    /// ```
    pub fn extract(self, headers: &HeaderMap) -> Self {
        let values: HeaderValues<'_, '_> = &|name, each| {
            for value in headers.get_all(name) {
                each(value.as_bytes());
            }
        };
        let request_id = single(values, "x-request-id").and_then(RequestId::parse);
        let this = self.extract_trace(values).extract_baggage(values);
        match request_id {
            Some(id) => this.request_id(id),
            None => this,
        }
    }

    /// Joins the caller's trace by `traceparent` and `tracestate`, if there is a valid one.
    pub(crate) fn extract_trace(self, values: HeaderValues<'_, '_>) -> Self {
        match single(values, "traceparent").and_then(TraceParent::parse) {
            Some(parent) => self.parent(parent).tracestate(TraceState::parse(&joined("tracestate", values))),
            None => self,
        }
    }

    /// Takes over the caller's `baggage`, if there is any.
    pub(crate) fn extract_baggage(self, values: HeaderValues<'_, '_>) -> Self {
        self.baggage(Baggage::parse(&joined("baggage", values)))
    }
}

/// The value of a header that is there exactly once.
///
/// A header that must be single and is repeated means that two parties disagree; neither is believed.
pub(crate) fn single<'a>(headers: HeaderValues<'_, 'a>, name: &str) -> Option<&'a [u8]> {
    let (mut count, mut found) = (0, None);
    headers(name, &mut |value| {
        count += 1;
        found = Some(value);
    });
    found.filter(|_| count == 1)
}

/// The values of a header that may be repeated, as one. Nothing is allocated where there are none.
fn joined(name: &str, values: HeaderValues<'_, '_>) -> Vec<u8> {
    let mut joined = Vec::new();
    values(name, &mut |value| {
        if !joined.is_empty() {
            joined.push(b',');
        }
        joined.extend_from_slice(value);
    });
    joined
}

#[cfg(test)]
mod tests {
    use crate::context::RequestContext;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn extracted(headers: &[(&'static str, &str)]) -> RequestContext {
        let headers = headers.iter().map(|(name, value)| ((*name).try_into().unwrap(), value.parse().unwrap()));
        RequestContext::builder().extract(&headers.collect()).build()
    }

    #[test]
    fn a_valid_traceparent_brings_its_tracestate_and_baggage_comes_by_itself() {
        let context = extracted(&[
            ("traceparent", PARENT),
            ("tracestate", "a=1,b=2"),
            ("tracestate", "c=3,a=4"),
            ("baggage", "user=42"),
            ("baggage", "bad member"),
            ("baggage", "plan=big;p"),
            ("x-request-id", "req-1"),
        ]);
        assert_eq!(context.parent_span_id(), Some("00f067aa0ba902b7"));
        assert_eq!(context.tracestate().unwrap().to_string(), "a=1,b=2,c=3");
        assert_eq!(context.baggage().unwrap().to_string(), "user=42,plan=big;p");
        assert_eq!(context.request_id().as_str(), "req-1");
    }

    #[test]
    fn a_tracestate_without_a_valid_traceparent_is_not_believed() {
        for parents in [vec![], vec!["00-zero-zero-01"], vec![PARENT, PARENT]] {
            let mut headers = vec![("tracestate", "a=1"), ("baggage", "user=42")];
            headers.extend(parents.into_iter().map(|parent| ("traceparent", parent)));
            let context = extracted(&headers);
            assert_eq!((context.parent_span_id(), context.tracestate()), (None, None));
            assert!(context.baggage().is_some());
        }
    }

    #[test]
    fn a_request_without_context_brings_none() {
        let context = extracted(&[("x-request-id", "not ok"), ("tracestate", ""), ("baggage", "no members")]);
        assert_eq!((context.tracestate(), context.baggage()), (None, None));
        assert_eq!(context.request_id().as_str().len(), 36, "a fresh one");
    }
}
