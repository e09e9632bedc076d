//! Runs the app of any host on a port of its own: by the serve helper of its crate, or by what those are made of.

use std::{future::Ready, net::SocketAddr, time::Duration};

use actix_web::{App, HttpServer};
use axonpush::{
    AxonPush,
    exchange::{ExchangePolicy, ServeReport},
};
use axonpush_axum::AxonPushLayer;
use tokio::{net::TcpListener, sync::oneshot};

/// What serves the table's paths.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Framework {
    Axum,
    /// hyper and tower alone, with the layer of axum around a service written by hand.
    Hyper,
    Actix,
}

impl Framework {
    pub(super) const ALL: [Self; 3] = [Self::Axum, Self::Hyper, Self::Actix];

    /// As events call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Axum => "axum",
            Self::Hyper => "tower",
            Self::Actix => "actix-web",
        }
    }

    /// Whether there is a router that knows the template of a path.
    pub(super) fn knows_routes(self) -> bool {
        self != Self::Hyper
    }

    /// When a stop is over that has to cut: by its deadline, but actix's workers look up only after a second.
    /// Beyond that, what a loaded machine takes to wake up, which is less than what is kept for the last events.
    pub(super) fn ends_by(self, drain_timeout: Duration) -> Duration {
        let first = match self {
            Self::Axum | Self::Hyper => Duration::ZERO,
            Self::Actix => Duration::from_millis(1100 + 500),
        };
        drain_timeout.max(first) + Duration::from_millis(250)
    }

    /// Serves until `script` is through, then stops as if a signal had come.
    pub(super) async fn serve<T>(
        self,
        client: &AxonPush,
        drain_timeout: Duration,
        script: impl AsyncFnOnce(SocketAddr, oneshot::Sender<()>) -> T,
    ) -> (ServeReport, T) {
        self.serve_by(ExchangePolicy::new(), client, drain_timeout, script).await
    }

    /// Serves by a policy until `script` is through, then stops as if a signal had come.
    pub(super) async fn serve_by<T>(
        self,
        policy: ExchangePolicy,
        client: &AxonPush,
        drain_timeout: Duration,
        script: impl AsyncFnOnce(SocketAddr, oneshot::Sender<()>) -> T,
    ) -> (ServeReport, T) {
        let (stop, stopped) = oneshot::channel();
        let stopped = async move {
            let _stop: Result<(), _> = stopped.await;
        };
        let script = async |address| script(address, stop).await;
        self.run(policy, client, drain_timeout, Some(stopped), script).await
    }

    /// Serves until this process is told to stop.
    pub(super) async fn serve_until_signalled<T>(
        self,
        client: &AxonPush,
        drain_timeout: Duration,
        script: impl AsyncFnOnce(SocketAddr) -> T,
    ) -> (ServeReport, T) {
        self.run(ExchangePolicy::new(), client, drain_timeout, None::<Ready<()>>, script).await
    }

    async fn run<T>(
        self,
        policy: ExchangePolicy,
        client: &AxonPush,
        drain_timeout: Duration,
        stopped: Option<impl Future<Output = ()> + Send + 'static>,
        script: impl AsyncFnOnce(SocketAddr) -> T,
    ) -> (ServeReport, T) {
        match self {
            Self::Axum => {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let address = listener.local_addr().unwrap();
                let app = super::axum::app(client, AxonPushLayer::new(client).policy(policy));
                let app = app.into_make_service_with_connect_info::<SocketAddr>();
                let mut serve = axonpush_axum::serve(listener, app, client).drain_timeout(drain_timeout);
                if let Some(stopped) = stopped {
                    serve = serve.with_shutdown(stopped);
                }
                let (report, value) = tokio::join!(serve.into_future(), script(address));
                (report.unwrap(), value)
            }
            Self::Hyper => {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let address = listener.local_addr().unwrap();
                let layer = AxonPushLayer::new(client).policy(policy);
                let serve = super::hyper::serve(listener, client, layer, drain_timeout, stopped);
                tokio::join!(serve, script(address))
            }
            Self::Actix => {
                let app = {
                    let client = client.clone();
                    move || {
                        let routes = super::actix::routes(&client);
                        let middleware = axonpush_actix::AxonPush::new(&client).policy(policy.clone());
                        App::new().configure(routes).wrap(middleware)
                    }
                };
                let server = HttpServer::new(app)
                    .workers(2)
                    .disable_signals()
                    // Else actix goes on for a client that has hung up.
                    .h1_allow_half_closed(false)
                    .bind("127.0.0.1:0")
                    .unwrap();
                let address = server.addrs()[0];
                let mut serve = axonpush_actix::serve(server.run(), client).drain_timeout(drain_timeout);
                if let Some(stopped) = stopped {
                    serve = serve.with_shutdown(stopped);
                }
                let (report, value) = tokio::join!(serve.into_future(), script(address));
                (report.unwrap(), value)
            }
        }
    }
}
