//! The middleware: what an app is given once, and every worker shares.

use std::future::{Ready, ready};

use actix_web::{
    Error,
    body::MessageBody,
    dev::{Service, ServiceRequest, ServiceResponse, Transform},
};
use axonpush::exchange::ExchangePolicy;

use crate::{AxonPushService, ResponseBody};

/// Reports every HTTP exchange of the app or scope it wraps. See the [front page](crate) for where to put it.
///
/// It sets `x-request-id` on every response, runs the handler and the response's body in the request's
/// [context](axonpush::RequestContext), and publishes `http.request.started` and one of `http.request.completed`,
/// `http.request.failed` and `http.request.cancelled`.
///
/// ```
/// use actix_web::{App, web};
/// use axonpush::exchange::{ExchangePolicy, LifecyclePolicy, RequestIdPolicy};
/// use axonpush_actix::AxonPush;
///
/// let policy = ExchangePolicy::new()
///     .lifecycle(LifecyclePolicy::new().start_events(false))
///     .request_id(RequestIdPolicy::new().trust(false))
///     .filter(|request| request.path() != "/healthz");
/// let middleware = AxonPush::new(&axonpush::AxonPush::disabled()).policy(policy);
/// let app = App::new().route("/", web::get().to(|| async { "hello" })).wrap(middleware);
/// ```
#[derive(Debug, Clone)]
pub struct AxonPush {
    client: axonpush::AxonPush,
    policy: ExchangePolicy,
}

impl AxonPush {
    /// A middleware that publishes through `client`.
    pub fn new(client: &axonpush::AxonPush) -> Self {
        Self { client: client.clone(), policy: ExchangePolicy::new() }
    }

    /// What to report, and whose ids to believe.
    pub fn policy(mut self, policy: ExchangePolicy) -> Self {
        self.policy = policy;
        self
    }
}

impl<S, B> Transform<S, ServiceRequest> for AxonPush
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<ResponseBody<B>>;
    type Error = Error;
    type Transform = AxonPushService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(AxonPushService::new(inner, self.client.clone(), self.policy.clone())))
    }
}
