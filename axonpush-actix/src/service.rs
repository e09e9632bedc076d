//! The service: where an exchange begins.

use std::task::{Context, Poll};

use actix_web::{
    Error, HttpMessage as _,
    body::MessageBody,
    dev::{Service, ServiceRequest, ServiceResponse},
    http::{Version, header::HeaderMap},
};
use axonpush::exchange::{ExchangeMarker, ExchangePolicy, ExchangeRecorder, RequestFacts};

use crate::{ResponseBody, ResponseFuture};

/// A service whose exchanges are reported; made by [`AxonPush`](crate::AxonPush).
#[derive(Debug)]
pub struct AxonPushService<S> {
    inner: S,
    client: axonpush::AxonPush,
    policy: ExchangePolicy,
}

impl<S> AxonPushService<S> {
    pub(crate) fn new(inner: S, client: axonpush::AxonPush, policy: ExchangePolicy) -> Self {
        Self { inner, client, policy }
    }

    /// `None` when a middleware further out reports the exchange through the same client.
    fn begin(&self, request: &ServiceRequest) -> Option<(ExchangeRecorder, ExchangeMarker)> {
        // `connection_info` would believe the client's own word on this.
        let secure = request.app_config().secure();
        let scheme = request.uri().scheme_str().unwrap_or(if secure { "https" } else { "http" });
        let route = request.match_pattern();
        let facts = RequestFacts::new("actix-web", request.method().as_str(), request.uri().path())
            .with_query(request.uri().query())
            .with_scheme(scheme)
            .with_route(route.as_deref())
            .with_protocol_version(version(request.version()))
            .with_peer_address(request.peer_addr().map(|peer| peer.ip()));
        let (marker, headers) = (request.extensions(), request.headers());
        self.policy.begin_inside(marker.get(), &self.client, &facts, &|name, each| values(headers, name, each))
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
