//! The layer: what an app is given once, and every service shares.

use std::sync::Arc;

use axonpush::{AxonPush, exchange::ExchangePolicy};
use tower_layer::Layer;

use crate::AxonPushService;

/// Reports every HTTP exchange of the services it wraps. See the [front page](crate) for what it does where.
///
/// It sets `x-request-id` on every response, runs the handler and the response's body in the request's
/// [context](axonpush::RequestContext), and publishes `http.request.started` and one of `http.request.completed`,
/// `http.request.failed` and `http.request.cancelled`.
///
/// ```
/// use axonpush::{AxonPush, exchange::ExchangePolicy};
/// use axonpush_axum::AxonPushLayer;
/// use axum::{Router, routing::get};
///
/// let policy = ExchangePolicy::new().start_events(false).trust_request_id(false);
/// let layer = AxonPushLayer::new(&AxonPush::disabled()).policy(policy);
/// let app: Router = Router::new().route("/", get(|| async { "hello" })).layer(layer);
/// ```
#[derive(Debug, Clone)]
pub struct AxonPushLayer {
    client: AxonPush,
    policy: Arc<ExchangePolicy>,
}

impl AxonPushLayer {
    /// A layer that publishes through `client`.
    pub fn new(client: &AxonPush) -> Self {
        Self { client: client.clone(), policy: Arc::default() }
    }

    /// What to report, and whose ids to believe.
    pub fn policy(mut self, policy: ExchangePolicy) -> Self {
        self.policy = Arc::new(policy);
        self
    }
}

impl<S> Layer<S> for AxonPushLayer {
    type Service = AxonPushService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AxonPushService::new(inner, self.client.clone(), Arc::clone(&self.policy))
    }
}
