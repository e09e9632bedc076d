//! The service: where an exchange begins.

use std::task::{Context, Poll};

use actix_web::{
    Error, HttpMessage as _,
    body::MessageBody,
    dev::{Service, ServiceRequest, ServiceResponse},
    http::{Version, header::HeaderMap},
};
use axonpush::exchange::{ExchangeMarker, ExchangePolicy, ExchangeRecorder, RequestFacts};

use crate::{ResponseBody, ResponseFuture, routes::Routes};

/// A service whose exchanges are reported; made by [`AxonPush`](crate::AxonPush).
#[derive(Debug)]
pub struct AxonPushService<S> {
    inner: S,
    client: axonpush::AxonPush,
    policy: ExchangePolicy,
    routes: Routes,
}

impl<S> AxonPushService<S> {
    pub(crate) fn new(inner: S, client: axonpush::AxonPush, policy: ExchangePolicy) -> Self {
        Self { inner, client, policy, routes: Routes::default() }
    }

    /// `None` when a middleware further out reports the exchange through the same client.
    fn begin(&self, request: &ServiceRequest) -> Option<(ExchangeRecorder, ExchangeMarker)> {
        // `connection_info` would believe the client's own word on this.
        let secure = request.app_config().secure();
        let scheme = request.uri().scheme_str().unwrap_or(if secure { "https" } else { "http" });
        let route = self.routes.of(request);
        let facts = RequestFacts::new("actix-web", request.method().as_str(), request.uri().path())
            .with_query(request.uri().query())
            .with_scheme(scheme)
            .with_route(route.as_deref())
            .with_protocol_version(version(request.version()))
            .with_peer_address(request.peer_addr().map(|peer| peer.ip()));
        let (marker, headers) = (request.extensions(), Headers::new(request.headers()));
        self.policy.begin_inside(marker.get(), &self.client, &facts, &|name, each| headers.values(name, each))
    }
}

impl<S, B> Service<ServiceRequest> for AxonPushService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<ResponseBody<B>>;
    type Error = Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let Some((mut recorder, marker)) = self.begin(&request) else {
            return ResponseFuture::new(self.inner.call(request), None);
        };
        request.extensions_mut().insert(recorder.context().clone());
        request.extensions_mut().insert(marker);
        let future = recorder.run(|| self.inner.call(request));
        ResponseFuture::new(future, Some(recorder))
    }
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
        return headers.get_all(name).for_each(|value| each(value.as_bytes()));
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
