//! The paths of the table without a router: a tower service written by hand, served by hyper.

use std::{convert::Infallible, io, pin::pin, time::Duration};

use axonpush::{
    AxonPush, Event, RequestContext,
    exchange::{ServeReport, Stopping},
};
use axonpush_axum::AxonPushLayer;
use bytes::Bytes;
use futures_util::{FutureExt as _, Stream, StreamExt as _, TryStreamExt as _};
use http_body_util::{BodyExt as _, Full, Limited, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Frame, Incoming},
    server::conn::http1,
};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{io::AsyncWriteExt as _, net::TcpListener, sync::watch, task::JoinSet, time::timeout};
use tower::{ServiceBuilder, service_fn, util::MapRequestLayer};

use super::bodies;

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// A serve helper for plain hyper, of what those of the web crates are made of.
pub(super) async fn serve(
    listener: TcpListener,
    client: &AxonPush,
    layer: AxonPushLayer,
    drain_timeout: Duration,
    stopped: Option<impl Future<Output = ()> + Send + 'static>,
) -> ServeReport {
    let mut stopping = Stopping::new(client, || axonpush::shutdown_signal().boxed());
    if let Some(stopped) = stopped {
        stopping = stopping.with_shutdown(stopped.boxed());
    }
    // Its sender is dropped when it is time to stop.
    let (stop, mut told) = watch::channel(());
    let server = async {
        let mut connections = JoinSet::new();
        loop {
            let (stream, peer) = tokio::select! {
                accepted = listener.accept() => accepted.unwrap(),
                _ = told.changed() => break,
            };
            let client = client.clone();
            let tell_peer = MapRequestLayer::new(move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(peer);
                request
            });
            let service = service_fn(move |request| answer(request, client.clone()));
            let service = ServiceBuilder::new().layer(tell_peer).layer(layer.clone()).service(service);
            let connection = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
                .with_upgrades();
            let mut told = told.clone();
            connections.spawn(async move {
                let mut connection = pin!(connection);
                tokio::select! {
                    _ = connection.as_mut() => return,
                    _ = told.changed() => connection.as_mut().graceful_shutdown(),
                }
                let _cut = connection.await;
            });
        }
        drop(listener);
        // Each ends as its client and its handlers have it, panics included.
        while connections.join_next().await.is_some() {}
    };
    stopping.drain_timeout(drain_timeout).run(server, || drop(stop), || {}, Duration::ZERO).await.1
}

async fn answer(request: Request<Incoming>, client: AxonPush) -> Result<Response<Body>, Infallible> {
    let path = request.uri().path().to_owned();
    let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
    Ok(match (method.as_str(), path.as_str()) {
        ("GET", "/hello") => text("hello"),
        ("GET", "/empty") => text(""),
        ("GET", "/no-content") => with_status(204, ""),
        ("GET", "/no-content-body") => with_status(204, "ignored"),
        ("GET", "/not-modified") => with_status(304, ""),
        ("GET", "/not-modified-body") => with_status(304, "ignored"),
        ("GET", "/moved") => with_header(with_status(303, ""), "location", "/hello"),
        ("GET", "/teapot") => with_status(418, "short and stout"),
        ("GET", "/fails") => with_status(500, "sorry"),
        ("GET", "/panics") => std::panic::panic_any("out of cheese"),
        ("GET", "/panics-in-numbers") => std::panic::panic_any(42),
        ("GET", "/hangs") => std::future::pending().await,
        ("GET", "/times-out") => match timeout(bodies::SOON, std::future::pending()).await {
            Ok(response) => response,
            Err(_elapsed) => with_status(504, "too late"),
        },
        ("GET", "/own-id") => with_header(text("hello"), "x-request-id", "mine"),
        ("GET", "/echo-id") => text(request.extensions().get::<RequestContext>().unwrap().request_id().to_string()),
        ("GET", "/notes") => {
            client.events().enqueue(Event::new("app.note"));
            text("noted")
        }
        ("GET", "/told") => {
            bodies::tell(&client, &RequestContext::current().unwrap());
            with_header(text("told"), "x-shelf", "7")
        }
        ("GET", "/upgrade") => {
            tokio::spawn(async {
                let mut upgraded = TokioIo::new(hyper::upgrade::on(request).await.unwrap());
                upgraded.write_all(b"no longer HTTP").await.unwrap();
            });
            let response = with_header(with_status(101, ""), "connection", "upgrade");
            with_header(response, "upgrade", "raw")
        }
        ("GET", "/large") => text(bodies::large()),
        ("GET", "/large-stream") => streamed(bodies::large_in_pieces()),
        ("GET", "/stream") => streamed(bodies::whole()),
        ("GET", "/slow") => streamed(bodies::slow()),
        ("GET", "/empty-stream") => streamed(futures_util::stream::empty()),
        ("GET", "/exact") => with_header(streamed(bodies::whole()), "content-length", "11"),
        ("GET", "/short") => with_header(streamed(bodies::short()), "content-length", "10"),
        ("GET", "/long") => with_header(streamed(bodies::long()), "content-length", "4"),
        ("GET", "/blocks") => text(bodies::blocking()),
        ("GET", "/drips") => streamed(bodies::dripping()),
        ("GET", "/sse") => with_header(streamed(bodies::ticking()), "content-type", "text/event-stream"),
        ("GET", "/sse-for-ever") => {
            let for_ever = bodies::ticking().chain(futures_util::stream::pending());
            with_header(streamed(for_ever), "content-type", "text/event-stream")
        }
        ("GET", "/breaks") => streamed(bodies::breaking()),
        ("GET", "/breaks-at-once") => streamed(bodies::breaking_at_once()),
        ("GET", "/stream-panics") => streamed(bodies::panicking()),
        ("GET", "/stream-panics-at-once") => streamed(bodies::panicking_at_once()),
        ("GET", "/stream-notes") => streamed(bodies::telling(client)),
        ("GET", "/trailers") => {
            let body = StreamBody::new(futures_util::stream::iter(bodies::with_trailers()));
            with_header(Response::new(body.boxed_unsync()), "trailer", "x-checksum")
        }
        ("POST", "/echo") => text(request.into_body().collect().await.unwrap().to_bytes()),
        ("POST", "/ignores") => text("not read"),
        ("POST", "/small") => match Limited::new(request.into_body(), 16).collect().await {
            Ok(body) => text(body.to_bytes()),
            Err(_too_long) => with_status(413, "length limit exceeded"),
        },
        ("POST", "/form") => match request.headers().get("content-type") {
            Some(form) if form == "application/x-www-form-urlencoded" => text("read"),
            _ => with_status(415, "expected a form"),
        },
        (_, "/hello" | "/echo") => with_status(405, ""),
        ("GET", path) => match path.strip_prefix("/users/").or_else(|| path.strip_prefix("/api/orders/")) {
            Some(id) => text(percent_encoding::percent_decode_str(id).decode_utf8_lossy().into_owned()),
            None => with_status(404, ""),
        },
        _ => with_status(404, ""),
    })
}

fn text(text: impl Into<Bytes>) -> Response<Body> {
    Response::new(Full::new(text.into()).map_err(|never| match never {}).boxed_unsync())
}

fn with_status(status: u16, body: &'static str) -> Response<Body> {
    let mut response = text(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}

fn with_header(mut response: Response<Body>, name: &'static str, value: &'static str) -> Response<Body> {
    response.headers_mut().insert(name, value.parse().unwrap());
    response
}

fn streamed(chunks: impl Stream<Item = Result<Bytes, io::Error>> + Send + 'static) -> Response<Body> {
    Response::new(StreamBody::new(chunks.map_ok(Frame::data)).boxed_unsync())
}
