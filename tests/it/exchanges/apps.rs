//! Runs either app, on a port of its own, by the serve helper of its crate.

use std::{net::SocketAddr, time::Duration};

use actix_web::{App, HttpServer};
use axonpush::{AxonPush, FlushReport};
use tokio::{net::TcpListener, sync::oneshot};

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Framework {
    Axum,
    Actix,
}

/// What the serve helper reported.
#[derive(Debug)]
pub(super) struct Served {
    pub(super) drained: bool,
    pub(super) flush: FlushReport,
}

impl Framework {
    pub(super) const ALL: [Self; 2] = [Self::Axum, Self::Actix];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Axum => "axum",
            Self::Actix => "actix-web",
        }
    }

    /// Serves until `script` is through, then stops as if a signal had come.
    pub(super) async fn serve<T>(
        self,
        client: &AxonPush,
        drain_timeout: Duration,
        script: impl AsyncFnOnce(SocketAddr, oneshot::Sender<()>) -> T,
    ) -> (Served, T) {
        let (stop, stopped) = oneshot::channel();
        let stopped = async move {
            let _stop: Result<(), _> = stopped.await;
        };
        match self {
            Self::Axum => {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let address = listener.local_addr().unwrap();
                let app = super::axum::app(client).into_make_service_with_connect_info::<SocketAddr>();
                let serve = axonpush_axum::serve(listener, app, client).with_shutdown(stopped);
                let (report, value) =
                    tokio::join!(serve.drain_timeout(drain_timeout).into_future(), script(address, stop));
                let report = report.unwrap();
                (Served { drained: report.drained(), flush: report.flush().clone() }, value)
            }
            Self::Actix => {
                let app = {
                    let client = client.clone();
                    move || {
                        let routes = super::actix::routes(&client);
                        App::new().configure(routes).wrap(axonpush_actix::AxonPush::new(&client))
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
                let serve = axonpush_actix::serve(server.run(), client).with_shutdown(stopped);
                let (report, value) =
                    tokio::join!(serve.drain_timeout(drain_timeout).into_future(), script(address, stop));
                let report = report.unwrap();
                (Served { drained: report.drained(), flush: report.flush().clone() }, value)
            }
        }
    }
}
