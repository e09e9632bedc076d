//! Extractors of the request's id and context.

use std::{convert::Infallible, error::Error, fmt, ops::Deref};

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    response::{IntoResponse, Response},
};
use http::{StatusCode, request::Parts};

/// The id of the request, as an extractor; `Option<RequestId>` where the layer may be missing.
///
/// Without [`AxonPushLayer`](crate::AxonPushLayer) around the handler it rejects with [`MissingLayer`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub axonpush::RequestId);

/// The context of the request, as an extractor; `Option<RequestContext>` where the layer may be missing.
///
/// It is the same as [`axonpush::RequestContext::current()`] in the handler, and may be taken along to where that
/// doesn't reach, such as a spawned task.
///
/// Without [`AxonPushLayer`](crate::AxonPushLayer) around the handler it rejects with [`MissingLayer`].
#[derive(Debug, Clone)]
pub struct RequestContext(pub axonpush::RequestContext);

impl Deref for RequestId {
    type Target = axonpush::RequestId;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Deref for RequestContext {
    type Target = axonpush::RequestContext;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<S: Sync> FromRequestParts<S> for RequestContext {
    type Rejection = MissingLayer;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, MissingLayer> {
        find(parts).ok_or(MissingLayer(()))
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for RequestContext {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Infallible> {
        Ok(find(parts))
    }
}

impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = MissingLayer;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, MissingLayer> {
        find_id(parts).ok_or(MissingLayer(()))
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for RequestId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Infallible> {
        Ok(find_id(parts))
    }
}

fn find_id(parts: &Parts) -> Option<RequestId> {
    find(parts).map(|context| RequestId(context.request_id().clone()))
}

fn find(parts: &Parts) -> Option<RequestContext> {
    parts.extensions.get().cloned().map(RequestContext)
}

/// An extractor found no request context: the app has no [`AxonPushLayer`](crate::AxonPushLayer) there. Answers 500.
#[derive(Debug, Clone, Copy)]
pub struct MissingLayer(());

impl fmt::Display for MissingLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no AxonPush request context here; does the router have `.layer(AxonPushLayer::new(&client))`?")
    }
}

impl Error for MissingLayer {}

impl IntoResponse for MissingLayer {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.to_string()).into_response()
    }
}
