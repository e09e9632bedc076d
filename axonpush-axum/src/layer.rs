//! The layer: what an app is given once, and every service shares.

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
/// use axonpush::{AxonPush, exchange::{ExchangePolicy, LifecyclePolicy, RequestIdPolicy}};
/// use axonpush_axum::AxonPushLayer;
/// use axum::{Router, routing::get};
///
/// let policy = ExchangePolicy::new()
///     .lifecycle(LifecyclePolicy::new().start_events(false))
///     .request_id(RequestIdPolicy::new().trust(false))
///     .filter(|request| request.path() != "/healthz");
/// let layer = AxonPushLayer::new(&AxonPush::disabled()).policy(policy);
/// let app: Router = Router::new().route("/", get(|| async { "hello" })).layer(layer);
/// ```
#[derive(Debug, Clone)]
pub struct AxonPushLayer {
    client: AxonPush,
    policy: ExchangePolicy,
    framework: Option<&'static str>,
}

impl AxonPushLayer {
    /// A layer that publishes through `client`.
    pub fn new(client: &AxonPush) -> Self {
        Self { client: client.clone(), policy: ExchangePolicy::new(), framework: None }
    }

    /// What to report, and whose ids to believe.
    pub fn policy(mut self, policy: ExchangePolicy) -> Self {
        self.policy = policy;
        self
    }

    /// What events call the framework that the app is made with, such as `tonic`. Unless set it is `axum` where a
    /// [`Router`](axum::Router) is around the layer, as with [`Router::layer`](axum::Router::layer), and `tower` anywhere
    /// else.
    pub fn framework(mut self, name: &'static str) -> Self {
        self.framework = Some(name);
        self
    }
}

impl<S> Layer<S> for AxonPushLayer {
    type Service = AxonPushService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AxonPushService::new(inner, self.client.clone(), self.policy.clone(), self.framework)
    }
}
