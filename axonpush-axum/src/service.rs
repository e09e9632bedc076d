//! The service: where an exchange begins.

use std::{
    fmt,
    net::SocketAddr,
    task::{Context, Poll},
};

use axonpush::{
    AxonPush,
    exchange::{ExchangeMarker, ExchangePolicy, ExchangeRecorder, RequestFacts},
};
use axum::extract::{ConnectInfo, MatchedPath, OriginalUri};
use http::{HeaderMap, Request, Response, Version};
use tower_service::Service;

use crate::{ResponseBody, ResponseFuture};

/// A service whose exchanges are reported; made by [`AxonPushLayer`](crate::AxonPushLayer).
#[derive(Debug, Clone)]
pub struct AxonPushService<S> {
    inner: S,
    client: AxonPush,
    policy: ExchangePolicy,
}

impl<S> AxonPushService<S> {
    pub(crate) fn new(inner: S, client: AxonPush, policy: ExchangePolicy) -> Self {
        Self { inner, client, policy }
    }

    /// `None` when a layer further out reports the exchange through the same client.
    fn begin<B>(&self, request: &Request<B>) -> Option<(ExchangeRecorder, ExchangeMarker)> {
        let extensions = request.extensions();
        // A nested router sees a path without its prefix; the client asked for the whole one.
        let uri = extensions.get::<OriginalUri>().map_or(request.uri(), |original| &original.0);
        let facts = RequestFacts::new("axum", request.method().as_str(), uri.path())
            .with_query(uri.query())
            .with_scheme(uri.scheme_str().unwrap_or("http"))
            .with_route(extensions.get::<MatchedPath>().map(MatchedPath::as_str))
            .with_protocol_version(version(request.version()))
            .with_peer_address(extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip()));
        let headers = request.headers();
        self.policy.begin_inside(extensions.get(), &self.client, &facts, &|name, each| values(headers, name, each))
    }
}

impl<S, RequestBody, B> Service<Request<RequestBody>> for AxonPushService<S>
where
    S: Service<Request<RequestBody>, Response = Response<B>>,
    S::Error: fmt::Display,
    B: http_body::Body,
{
    type Response = Response<ResponseBody<B>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<RequestBody>) -> Self::Future {
        let Some((mut recorder, marker)) = self.begin(&request) else {
            return ResponseFuture::new(self.inner.call(request), None);
        };
        request.extensions_mut().insert(recorder.context().clone());
        request.extensions_mut().insert(marker);
        let future = recorder.run(|| self.inner.call(request));
        ResponseFuture::new(future, Some(recorder))
    }
}

/// Headers that are looked through one by one.
const FEW: usize = 24;

/// Hands every value of a header to `each`.
pub(crate) fn values<'a>(headers: &'a HeaderMap, name: &str, each: &mut dyn FnMut(&'a [u8])) {
    // To look at every header costs less than to hash the name, unless there are a great many.
    if headers.len() > FEW {
        return headers.get_all(name).iter().for_each(|value| each(value.as_bytes()));
    }
    let same = headers.iter().filter(|(known, _)| known.as_str().eq_ignore_ascii_case(name));
    same.for_each(|(_, value)| each(value.as_bytes()));
}

fn version(version: Version) -> Option<&'static str> {
    match version {
        Version::HTTP_10 => Some("1.0"),
        Version::HTTP_11 => Some("1.1"),
        Version::HTTP_2 => Some("2"),
        Version::HTTP_3 => Some("3"),
        _ => None,
    }
}
