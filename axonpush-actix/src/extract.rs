//! Extractors of the request's id and context.

use std::{
    fmt,
    future::{Ready, ready},
    ops::Deref,
};

use actix_web::{FromRequest, HttpMessage as _, HttpRequest, ResponseError, dev::Payload};

/// The id of the request, as an extractor; `Option<RequestId>` where the middleware may be missing.
///
/// Without [`AxonPush`](crate::AxonPush) around the handler it fails with [`MissingMiddleware`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub axonpush::RequestId);

/// The context of the request, as an extractor; `Option<RequestContext>` where the middleware may be missing.
///
/// It is the same as [`axonpush::RequestContext::current()`] in the handler, and may be taken along to where that
/// doesn't reach, such as a spawned task.
///
/// Without [`AxonPush`](crate::AxonPush) around the handler it fails with [`MissingMiddleware`].
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

impl FromRequest for RequestContext {
    type Error = MissingMiddleware;
    type Future = Ready<Result<Self, MissingMiddleware>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(find(request))
    }
}

impl FromRequest for RequestId {
    type Error = MissingMiddleware;
    type Future = Ready<Result<Self, MissingMiddleware>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(find(request).map(|context| Self(context.request_id().clone())))
    }
}

fn find(request: &HttpRequest) -> Result<RequestContext, MissingMiddleware> {
    request.extensions().get().cloned().map(RequestContext).ok_or(MissingMiddleware(()))
}

/// An extractor found no request context: neither the app nor a scope around the handler is wrapped in
/// [`AxonPush`](crate::AxonPush). Answers 500.
#[derive(Debug, Clone, Copy)]
pub struct MissingMiddleware(());

impl fmt::Display for MissingMiddleware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no AxonPush request context here; does the app have `.wrap(AxonPush::new(&client))`?")
    }
}

impl std::error::Error for MissingMiddleware {}

// The default of the trait: 500, with the text above.
impl ResponseError for MissingMiddleware {}
