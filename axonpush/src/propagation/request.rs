//! Requests of reqwest.

use reqwest::{Request, RequestBuilder};

use super::Propagation;
use crate::context::RequestContext;

/// Sends the context along, for requests of `reqwest` 0.13.
///
/// It is read when [`propagate`](Self::propagate) is called. Call it last, when the request has its headers: those are
/// not replaced, but headers set afterwards stand beside or instead of ours.
///
/// A redirect that the client follows takes all headers along, but for credentials, to wherever it leads. Where that
/// must not be, build the client with a `redirect::Policy` of your own.
///
/// ```
/// use axonpush::{RequestContext, propagation::{Propagate as _, Propagation}};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
/// # runtime.block_on(async {
/// # let server = axonpush_dev::DevServer::start().await.unwrap();
/// # let url = server.url();
/// let (http, propagation) = (reqwest::Client::new(), Propagation::new());
/// // In a handler the layers have done this part.
/// let context = RequestContext::new();
/// context
///     .scope(async {
///         let response = http.get(url).header("x-mine", "1").propagate(&propagation)?.send().await?;
/// #       drop(response);
/// #       Ok::<(), reqwest::Error>(())
///     })
///     .await?;
/// # let requests = server.requests();
/// assert_eq!(requests[0].header("traceparent"), Some(context.traceparent().to_string().as_str()));
/// # Ok::<(), reqwest::Error>(())
/// # }).unwrap();
/// ```
pub trait Propagate: Sized + sealed::Sealed {
    /// Adds headers that tell the [context in force](RequestContext::current), as far as its host may know; none
    /// without a context.
    ///
    /// # Errors
    ///
    /// The builder's own, if it can't make a request: else only sending would tell it. A `Request` has none.
    fn propagate(self, propagation: &Propagation) -> reqwest::Result<Self>;
}

impl Propagate for Request {
    fn propagate(mut self, propagation: &Propagation) -> reqwest::Result<Self> {
        inject(propagation, &mut self);
        Ok(self)
    }
}

impl Propagate for RequestBuilder {
    fn propagate(self, propagation: &Propagation) -> reqwest::Result<Self> {
        let (client, request) = self.build_split();
        Ok(Self::from_parts(client, request?.propagate(propagation)?))
    }
}

pub(super) fn inject(propagation: &Propagation, request: &mut Request) {
    if let Some(context) = RequestContext::current() {
        // The URL can't be lent while the headers are changed.
        let host = request.url().host_str().unwrap_or_default().to_owned();
        propagation.inject(&context, &host, request.headers_mut());
    }
}

mod sealed {
    pub trait Sealed {}

    impl Sealed for reqwest::Request {}

    impl Sealed for reqwest::RequestBuilder {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> reqwest::Client {
        reqwest::Client::builder().tls_certs_only([]).build().unwrap()
    }

    #[test]
    fn a_request_without_a_context_stays_as_it_is() {
        let propagation = Propagation::new();
        let request = client().get("http://a.org/").propagate(&propagation).unwrap().build().unwrap();
        assert!(request.headers().is_empty());
    }

    #[test]
    fn a_builder_keeps_what_it_was_told() {
        let context = RequestContext::new();
        let timeout = std::time::Duration::from_secs(7);
        let builder = client().post("http://a.org/x?y=1").header("traceparent", "mine").body("body").timeout(timeout);
        let request =
            context.sync_scope(|| builder.propagate(&Propagation::new().request_id(true))).unwrap().build().unwrap();
        assert_eq!((request.method().as_str(), request.url().as_str()), ("POST", "http://a.org/x?y=1"));
        assert_eq!(request.timeout(), Some(&timeout));
        assert_eq!(request.body().unwrap().as_bytes(), Some(&b"body"[..]));
        assert_eq!(request.headers()["traceparent"], "mine");
        assert_eq!(request.headers()["x-request-id"], context.request_id().as_str());
    }

    #[test]
    fn a_builder_that_can_make_no_request_says_so() {
        let error = client().get("no url").propagate(&Propagation::new()).unwrap_err();
        assert!(error.is_builder(), "{error}");
    }

    #[test]
    fn an_address_in_brackets_is_a_host_like_others() {
        let propagation = Propagation::new().hosts(["::1"]).unwrap();
        let request = client().get("http://[::1]:8080/").build().unwrap();
        let request = RequestContext::new().sync_scope(|| request.propagate(&propagation)).unwrap();
        assert!(request.headers().contains_key("traceparent"));
    }
}
