//! A layer for clients that are tower services.

use std::task::{Context, Poll};

use http::{Request, header::HOST, uri::Authority};
use tower_layer::Layer;
use tower_service::Service;

use super::Propagation;
use crate::context::RequestContext;

/// Sends the context along with the requests of a client, which is any tower service of `http::Request`.
///
/// The context is the one the service is called in. Put the layer inside of those that change where a request goes, as
/// one that follows redirects does, and outside of those that put it in a queue for another task.
///
/// The host is that of the URI, or of the `host` header where the URI has none.
///
/// ```
/// use axonpush::{RequestContext, propagation::{Propagation, PropagationLayer}};
/// use http::{Request, Response};
/// use tower::{ServiceBuilder, ServiceExt as _, service_fn};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// // Stands for a client; what it is asked is what it answers.
/// let client = service_fn(async |request: Request<()>| {
///     Ok::<_, std::convert::Infallible>(Response::new(request.headers()["traceparent"].clone()))
/// });
/// let client = ServiceBuilder::new().layer(PropagationLayer::new(Propagation::new())).service(client);
///
/// let context = RequestContext::new();
/// let request = Request::get("http://stock.internal/").body(())?;
/// let response = context.scope(client.oneshot(request)).await?;
/// assert_eq!(*response.body(), context.traceparent().to_string());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Default)]
pub struct PropagationLayer {
    propagation: Propagation,
}

impl PropagationLayer {
    /// A layer that obeys `propagation`.
    pub fn new(propagation: Propagation) -> Self {
        Self { propagation }
    }
}

impl<S> Layer<S> for PropagationLayer {
    type Service = PropagationService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        PropagationService { inner, propagation: self.propagation.clone() }
    }
}

/// A client whose requests take the context along; made by [`PropagationLayer`].
#[derive(Debug, Clone)]
pub struct PropagationService<S> {
    inner: S,
    propagation: Propagation,
}

impl<S, B> Service<Request<B>> for PropagationService<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        if let Some(context) = RequestContext::current() {
            let host = host(&request);
            self.propagation.inject(&context, &host, request.headers_mut());
        }
        self.inner.call(request)
    }
}

// Owned, as what is lent of a request is in the way when its headers change.
fn host<B>(request: &Request<B>) -> String {
    if let Some(host) = request.uri().host() {
        return host.to_owned();
    }
    let named = request.headers().get(HOST).and_then(|host| Authority::try_from(host.as_bytes()).ok());
    named.map(|authority| authority.host().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, future::Ready};

    use http::HeaderMap;

    use super::*;

    /// Answers with the headers it was sent.
    struct Mirror;

    impl Service<Request<()>> for Mirror {
        type Response = HeaderMap;
        type Error = Infallible;
        type Future = Ready<Result<HeaderMap, Infallible>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, request: Request<()>) -> Self::Future {
            std::future::ready(Ok(request.headers().clone()))
        }
    }

    fn is_told(uri: &str, host: Option<&str>) -> bool {
        let propagation = Propagation::new().hosts(["a.org"]).unwrap();
        let mut service = PropagationLayer::new(propagation).layer(Mirror);
        let mut request = Request::get(uri);
        if let Some(host) = host {
            request = request.header(HOST, host);
        }
        let request = request.body(()).unwrap();
        let sent = RequestContext::new().sync_scope(|| service.call(request)).into_inner().unwrap();
        sent.contains_key("traceparent")
    }

    #[test]
    fn the_host_is_that_of_the_uri_and_else_that_of_the_header() {
        for (uri, host, told) in [
            ("https://a.org:8443/x", None, true),
            ("https://user@A.ORG/", None, true),
            ("https://a.org@b.org/", None, false),
            ("https://b.org/", Some("a.org"), false),
            ("https://a.org/", Some("b.org"), true),
            ("/x", Some("a.org:80"), true),
            ("/x", Some("b.org"), false),
            ("/x", Some("not a host"), false),
            ("/x", None, false),
        ] {
            assert_eq!(is_told(uri, host), told, "{uri} {host:?}");
        }
    }

    #[test]
    fn nothing_is_sent_without_a_context() {
        let mut service = PropagationLayer::default().layer(Mirror);
        let sent = service.call(Request::get("http://a.org/").body(()).unwrap()).into_inner().unwrap();
        assert!(sent.is_empty());
    }
}
