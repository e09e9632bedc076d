//! What `AxonPushLayer` adds to a request of an axum app, beside what tower-http's layers and axum-tracing-opentelemetry
//! add.
//!
//! The app has one route, whose handler answers at once with fifty bytes of JSON. Sides:
//!
//! - **Ours**: the layer as it comes, with a client whose worker delivers the start and the end event of every request to
//!   a server that answers at once. The *black hole* is a server that takes connections and never answers, with the queue
//!   full before anything is measured.
//! - **tower-http**: `SetRequestIdLayer` with its random UUIDs, `TraceLayer::new_for_http()`, `PropagateRequestIdLayer`.
//!   They ship nothing. The subscriber is `tracing_subscriber::fmt` at `DEBUG`, the level of TraceLayer's spans and events
//!   unless it is told otherwise; it writes to nowhere. At `INFO` nothing at all would come of them.
//! - **OpenTelemetry**: `OtelAxumLayer` and `OtelInResponseLayer`, as the README of axum-tracing-opentelemetry has it, over
//!   the SDK's tracer and its batch processor. The exporter drops what it gets, and nothing is formatted.
//!
//! Loads: *bursts* of 250 calls of the service in this process, one after the other, every 60 ms, so that no queue runs
//! full; the mean of a burst. *Paced*: calls of the service at 2,000 a second, timed one by one. *Loopback*: the same pace
//! over one connection to `axum::serve` on a thread of its own, timed by the client. Times of single calls hold two looks
//! at the clock. The response's body is read to its end and dropped, since that is where a request ends.

use std::{convert::Infallible, future::poll_fn, net::SocketAddr, pin::Pin, thread, time::Duration};

use axonpush_axum::AxonPushLayer;
use axum::{
    Router,
    body::{Body, HttpBody},
    extract::Request,
    response::Response,
    routing::get,
};
use axum_tracing_opentelemetry::middleware::{OtelAxumLayer, OtelInResponseLayer};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{SdkTracerProvider, SpanData, SpanExporter},
};
use support::{
    allocations,
    middleware::{self, ANSWER, BARE, BLACK_HOLE, HEADERS, OURS, PATH, Side},
};
use tokio::runtime::{Builder, Runtime};
use tower::Service;
use tower_http::{
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    trace::TraceLayer,
};
use tracing_subscriber::layer::SubscriberExt as _;

#[global_allocator]
static ALLOCATOR: allocations::Counting = allocations::Counting;

const TOWER_HTTP: &str = "tower_http";
const OPENTELEMETRY: &str = "opentelemetry";

fn main() {
    let Some((role, url)) = middleware::role() else {
        return middleware::compare("axum", &[TOWER_HTTP, OPENTELEMETRY]);
    };
    let app = bare();
    match role.as_str() {
        BARE => middleware::measure(App::new(app), None),
        OURS | BLACK_HOLE => {
            let client = middleware::client(&url);
            let app = App::new(app.layer(AxonPushLayer::new(&client)));
            middleware::measure(app, Some((&client, role == BLACK_HOLE)));
        }
        TOWER_HTTP => {
            let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).with_writer(std::io::sink);
            tracing::subscriber::set_global_default(subscriber.finish()).expect("the first one");
            let app = app
                .layer(PropagateRequestIdLayer::x_request_id())
                .layer(TraceLayer::new_for_http())
                .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid));
            middleware::measure(App::new(app), None);
        }
        OPENTELEMETRY => {
            let provider = SdkTracerProvider::builder().with_batch_exporter(Nowhere).build();
            let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("bench"));
            let subscriber = tracing_subscriber::registry().with(layer);
            tracing::subscriber::set_global_default(subscriber).expect("the first one");
            let app = app.layer(OtelInResponseLayer).layer(OtelAxumLayer::default());
            middleware::measure(App::new(app), None);
            provider.shutdown_with_timeout(Duration::from_secs(1)).expect("a shutdown in time");
        }
        other => panic!("nothing is called {other}"),
    }
}

struct App {
    router: Router,
    runtime: Runtime,
}

impl App {
    fn new(router: Router) -> Self {
        Self { router, runtime: runtime() }
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

impl Side for App {
    fn call(&mut self) {
        let request = request();
        self.runtime.block_on(async {
            let answer: Result<Response, Infallible> = self.router.call(request).await;
            let Ok(answer) = answer;
            assert!(answer.status().is_success());
            assert_eq!(read(answer.into_body()).await, ANSWER.len());
        });
    }

    fn serve(&mut self) -> [SocketAddr; 2] {
        [serve(self.router.clone()), serve(bare())]
    }
}

fn serve(router: Router) -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("TCP");
    let address = listener.local_addr().expect("bound");
    thread::spawn(move || {
        runtime().block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            axum::serve(listener, router).await.expect("no end");
        });
    });
    address
}

fn bare() -> Router {
    Router::new().route("/orders/{id}", get(|| async { ANSWER }))
}

fn request() -> Request {
    let request = HEADERS.iter().fold(Request::get(PATH), |request, (name, value)| request.header(*name, *value));
    request.body(Body::empty()).expect("a request")
}

/// Reads a body as a server does: until it says that it is at its end.
async fn read(mut body: Body) -> usize {
    let mut bytes = 0;
    while !body.is_end_stream() {
        let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await else { break };
        bytes += frame.expect("no error").data_ref().map_or(0, |data| data.len());
    }
    bytes
}

#[derive(Debug)]
struct Nowhere;

impl SpanExporter for Nowhere {
    async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
        Ok(())
    }
}
