//! What `axonpush_actix::AxonPush` adds to a request of an actix app, beside what tracing-actix-web adds.
//!
//! App, loads and the black hole are those of `middleware_axum`. *Loopback* goes to an `HttpServer` with one worker.
//! Theirs is `TracingLogger::default()` with the subscriber its documentation sets up: records in Bunyan's format, level
//! `INFO`. It writes to nowhere, and nothing is shipped.

use std::{future::poll_fn, net::SocketAddr, pin::pin, sync::mpsc, thread};

use actix_http::Request;
use actix_web::{
    App, Error, HttpServer,
    body::MessageBody,
    dev::{Service, ServiceResponse},
    rt::{Runtime, System},
    test::{self, TestRequest},
    web,
};
use axonpush_actix::AxonPush;
use support::{
    allocations,
    middleware::{self, ANSWER, BARE, BLACK_HOLE, HEADERS, OURS, PATH, Side},
};
use tracing_actix_web::TracingLogger;
use tracing_bunyan_formatter::{BunyanFormattingLayer, JsonStorageLayer};
use tracing_subscriber::{EnvFilter, Registry, layer::SubscriberExt as _};

#[global_allocator]
static ALLOCATOR: allocations::Counting = allocations::Counting;

const TRACING: &str = "tracing_actix_web";

macro_rules! serve {
    ($app:expr) => {{
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            System::new().block_on(async {
                let server = HttpServer::new($app).workers(1).disable_signals();
                let server = server.bind("127.0.0.1:0").expect("a free port");
                tell.send(server.addrs()[0]).expect("somebody waits");
                server.run().await.expect("no end");
            });
        });
        told.recv().expect("a server")
    }};
}

/// Measures an app, which is no type that could be named.
macro_rules! measure {
    ($client:expr $(, $middleware:expr)?) => {{
        let app = move || App::new()$(.wrap($middleware))?.route("/orders/{id}", web::get().to(|| async { ANSWER }));
        let runtime = Runtime::new().expect("a runtime");
        let service = runtime.block_on(test::init_service(app()));
        let bare = || App::new().route("/orders/{id}", web::get().to(|| async { ANSWER }));
        let serve = || [serve!(app), serve!(bare)];
        middleware::measure(InProcess { runtime: &runtime, service, serve: Some(serve) }, $client);
    }};
}

fn main() {
    let Some((role, url)) = middleware::role() else {
        return middleware::compare("actix", &[TRACING]);
    };
    match role.as_str() {
        BARE => measure!(None),
        OURS | BLACK_HOLE => {
            let client = middleware::client(&url);
            let ours = AxonPush::new(&client);
            measure!(Some((&client, role == BLACK_HOLE)), ours.clone());
        }
        TRACING => {
            let formatting = BunyanFormattingLayer::new("bench".to_owned(), std::io::sink);
            let subscriber = Registry::default().with(EnvFilter::new("info")).with(JsonStorageLayer).with(formatting);
            tracing::subscriber::set_global_default(subscriber).expect("the first one");
            measure!(None, TracingLogger::default());
        }
        other => panic!("nothing is called {other}"),
    }
}

struct InProcess<'a, S, F> {
    runtime: &'a Runtime,
    service: S,
    serve: Option<F>,
}

impl<S, B, F> Side for InProcess<'_, S, F>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
    F: FnOnce() -> [SocketAddr; 2],
{
    fn call(&mut self) {
        let request =
            HEADERS.iter().fold(TestRequest::get().uri(PATH), |request, header| request.insert_header(*header));
        let request = request.to_request();
        self.runtime.block_on(async {
            let Ok(answer) = self.service.call(request).await else { panic!("an answer") };
            assert!(answer.status().is_success());
            assert_eq!(read(answer.into_body()).await, ANSWER.len());
        });
    }

    fn serve(&mut self) -> [SocketAddr; 2] {
        self.serve.take().expect("served once")()
    }
}

/// Reads a body as a server does: until as much has come as was announced.
async fn read(body: impl MessageBody) -> usize {
    let (mut bytes, mut body) = (0, pin!(body));
    while bytes < ANSWER.len() {
        let Some(chunk) = poll_fn(|cx| body.as_mut().poll_next(cx)).await else { break };
        let Ok(chunk) = chunk else { panic!("no error") };
        bytes += chunk.len();
    }
    bytes
}
