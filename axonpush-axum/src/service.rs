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
use http::{Extensions, HeaderMap, Request, Response, Version};
use tower_service::Service;

use crate::{ResponseBody, ResponseFuture};

/// A service whose exchanges are reported; made by [`AxonPushLayer`](crate::AxonPushLayer).
#[derive(Debug, Clone)]
pub struct AxonPushService<S> {
    inner: S,
    client: AxonPush,
    policy: ExchangePolicy,
    framework: Option<&'static str>,
}

impl<S> AxonPushService<S> {
    pub(crate) fn new(inner: S, client: AxonPush, policy: ExchangePolicy, framework: Option<&'static str>) -> Self {
        Self { inner, client, policy, framework }
    }

    /// `None` when a layer further out reports the exchange through the same client.
    fn begin<B>(&self, request: &Request<B>) -> Option<(ExchangeRecorder, ExchangeMarker)> {
        let extensions = request.extensions();
        // A nested router sees a path without its prefix; the client asked for the whole one. Every router leaves it.
        let original = extensions.get::<OriginalUri>();
        let framework = self.framework.unwrap_or(if original.is_some() { "axum" } else { "tower" });
        let uri = original.map_or(request.uri(), |original| &original.0);
        let facts = RequestFacts::new(framework, request.method().as_str(), uri.path())
            .with_query(uri.query())
            .with_scheme(uri.scheme_str().unwrap_or("http"))
            .with_route(extensions.get::<MatchedPath>().map(MatchedPath::as_str))
            .with_protocol_version(version(request.version()))
            .with_peer_address(peer(extensions).map(SocketAddr::ip));
        let headers = Headers::new(request.headers());
        self.policy.begin_inside(extensions.get(), &self.client, &facts, &|name, each| headers.values(name, each))
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

/// The other end of the connection, as axum tells it, or anybody else.
fn peer(extensions: &Extensions) -> Option<&SocketAddr> {
    let connect_info = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer);
    connect_info.or_else(|| extensions.get())
}

/// The headers of a request, of which most that are asked for are not there.
struct Headers<'a> {
    headers: &'a HeaderMap,
    /// A bit for every name, which others may share.
    present: u64,
}

impl<'a> Headers<'a> {
    fn new(headers: &'a HeaderMap) -> Self {
        Self { headers, present: headers.keys().fold(0, |present, name| present | bit(name.as_str())) }
    }

    fn values(&self, name: &str, each: &mut dyn FnMut(&'a [u8])) {
        if self.present & bit(name) != 0 {
            values(self.headers, name, each);
        }
    }
}

/// One of 64, the same for both cases.
fn bit(name: &str) -> u64 {
    let letter = |letter: Option<&u8>| letter.map_or(0, |letter| usize::from(letter & 0x1f));
    let name = name.as_bytes();
    1 << ((letter(name.first()) + 5 * letter(name.last()) + 7 * name.len()) % 64)
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
