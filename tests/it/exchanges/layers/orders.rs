//! Beside other middleware, in whatever order.

use std::{convert::Infallible, time::Duration};

use actix_web::{
    App, Error, HttpResponse,
    body::MessageBody,
    dev::{Service, ServiceResponse},
    middleware, test as actix, web,
};
use axonpush::AxonPush;
use axonpush_axum::AxonPushLayer;
use axonpush_dev::DevServer;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, Response, StatusCode},
    routing::get,
};
use tower::{ServiceBuilder, ServiceExt as _, service_fn};
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer, timeout::TimeoutLayer};

use super::only_end;

const LONG: Duration = Duration::from_secs(60);

/// Long enough that it is worth compressing.
fn text() -> String {
    "all work and no play ".repeat(100)
}

/// All orders of `items`.
fn orders<T: Copy>(items: &[T]) -> Vec<Vec<T>> {
    let Some((first, rest)) = items.split_first() else { return vec![Vec::new()] };
    let shorter = orders(rest);
    let places = |order: Vec<T>| {
        (0..=order.len()).map(move |at| [&order[..at], &[*first], &order[at..]].concat()).collect::<Vec<_>>()
    };
    shorter.into_iter().flat_map(places).collect()
}

#[derive(Debug, Clone, Copy)]
enum Other {
    AxonPush,
    CatchPanic,
    Timeout,
    Compression,
}

impl Other {
    fn around(self, app: Router, layer: &AxonPushLayer) -> Router {
        match self {
            Self::AxonPush => app.layer(layer.clone()),
            Self::CatchPanic => app.layer(CatchPanicLayer::new()),
            Self::Timeout => app.layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, LONG)),
            Self::Compression => app.layer(CompressionLayer::new()),
        }
    }
}

fn request() -> Request<Body> {
    let request = Request::get("/text/1").header("x-request-id", "req-1").header("accept-encoding", "gzip");
    request.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn the_layer_works_in_any_order_with_those_of_tower_http() {
    let all = orders(&[Other::AxonPush, Other::CatchPanic, Other::Timeout, Other::Compression]);
    assert_eq!(all.len(), 24);
    for order in all {
        let server = rig::server();
        let client = rig::client(&server);
        let layer = AxonPushLayer::new(&client);
        let app = Router::new().route("/text/{n}", get(|| async { text() }));
        let app = order.iter().fold(app, |app, other| other.around(app, &layer));
        let response = app.oneshot(request()).await.unwrap();
        assert_eq!(response.headers()["x-request-id"], "req-1", "{order:?}");
        assert_eq!(response.headers()["content-encoding"], "gzip", "{order:?}");
        let sent = to_bytes(response.into_body(), usize::MAX).await.unwrap().len();
        assert!(sent < text().len(), "{order:?}");
        let end = only_end(&client, &server).await;
        assert_eq!(end.identifier, "http.request.completed", "{order:?}");
        assert_eq!(end.attribute("http.route"), Some(&"/text/{n}".into()), "{order:?}");
        // It tells what went through where it stands.
        let place = |wanted: &str| order.iter().position(|other| format!("{other:?}") == wanted);
        let outside = place("AxonPush") > place("Compression");
        let size = if outside { sent } else { text().len() };
        assert_eq!(end.attribute("http.response.body.size"), Some(&size.into()), "{order:?}");
    }
}

#[tokio::test]
async fn layers_of_tower_http_fit_around_it_and_inside_it_with_their_own_bodies() {
    let server = rig::server();
    let client = rig::client(&server);
    // The body of the request stays what it is, here that of no framework.
    let text = service_fn(async |_: Request<&'static str>| Ok::<_, Infallible>(Response::new(text())));
    let timeout = || TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, LONG);
    let layer = AxonPushLayer::new(&client);
    let service = ServiceBuilder::new()
        .layer(CompressionLayer::new())
        .layer(timeout())
        .layer(&layer)
        .layer(CatchPanicLayer::new())
        .layer(&layer)
        .layer(timeout())
        .layer(CompressionLayer::new())
        .service(text);
    let response = service.oneshot(request().map(|_| "a body")).await.unwrap();
    assert_eq!(response.headers()["x-request-id"], "req-1");
    to_bytes(Body::new(response.into_body()), usize::MAX).await.unwrap();
    assert_eq!(only_end(&client, &server).await.identifier, "http.request.completed");
}

#[tokio::test]
async fn a_timeout_inside_is_an_answer_and_one_outside_a_cancellation() {
    for inside in [true, false] {
        let server = rig::server();
        let client = rig::client(&server);
        let layer = AxonPushLayer::new(&client);
        let timeout = TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, Duration::from_millis(20));
        let app = Router::new().route("/text/{n}", get(std::future::pending::<()>));
        let app = if inside { app.layer(timeout).layer(layer) } else { app.layer(layer).layer(timeout) };
        let response = app.oneshot(request()).await.unwrap();
        assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
        assert_eq!(response.headers().contains_key("x-request-id"), inside);
        drop(response);
        let end = only_end(&client, &server).await;
        let expected = if inside { "http.request.completed" } else { "http.request.cancelled" };
        assert_eq!(end.identifier, expected);
        assert_eq!(end.attribute("http.response.status_code"), inside.then(|| 408.into()).as_ref());
    }
}

/// Puts the same middleware around a scope and around an app. What is around them is in their types, so they can't be
/// made of a list.
macro_rules! check_order {
    ($compressed:expr; $($wrap:expr),+ $(,)?) => {{
        let order = stringify!($($wrap),+);
        let server = rig::server();
        let client = rig::client(&server);
        let scope = web::scope("/text").route("/{n}", web::get().to(|| async { HttpResponse::Ok().body(text()) }));
        let app = App::new().service(scope$(.wrap($wrap(&client)))+).wrap(middleware::NormalizePath::trim());
        let app = actix::init_service(app).await;
        let of_scope = check_response(&app, to_text().to_request(), order).await;
        check_told(&client, &server, $compressed.then_some(of_scope), order).await;

        let server = rig::server();
        let client = rig::client(&server);
        let app = App::new().route("/text/{n}", web::get().to(|| async { HttpResponse::Ok().body(text()) }));
        let app = actix::init_service(app$(.wrap($wrap(&client)))+.wrap(middleware::NormalizePath::trim())).await;
        let of_app = check_response(&app, to_text().to_request(), order).await;
        check_told(&client, &server, $compressed.then_some(of_app), order).await;
    }};
}

fn to_text() -> actix::TestRequest {
    // A slash too many at the end.
    let request = actix::TestRequest::get().uri("/text/1/").insert_header(("x-request-id", "req-1"));
    request.insert_header(("accept-encoding", "gzip"))
}

/// The size of the response, which is compressed.
async fn check_response<S, R, B>(app: &S, request: R, order: &str) -> usize
where
    S: Service<R, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    let response = actix::call_service(app, request).await;
    assert_eq!(response.headers().get("x-request-id").unwrap(), "req-1", "{order}");
    assert_eq!(response.headers().get("content-encoding").unwrap(), "gzip", "{order}");
    actix::read_body(response).await.len()
}

/// Told is what went through where the outermost middleware of ours stands.
async fn check_told(client: &AxonPush, server: &DevServer, compressed: Option<usize>, order: &str) {
    let end = only_end(client, server).await;
    assert_eq!(end.identifier, "http.request.completed", "{order}");
    assert_eq!(end.attribute("http.route"), Some(&"/text/{n}".into()), "{order}");
    let size = compressed.unwrap_or_else(|| text().len());
    assert_eq!(end.attribute("http.response.body.size"), Some(&size.into()), "{order}");
}

#[actix_web::test]
async fn the_middleware_works_in_any_order_with_those_of_actix() {
    let axonpush = axonpush_actix::AxonPush::new;
    let normalize = |_: &AxonPush| middleware::NormalizePath::trim();
    let compress = |_: &AxonPush| middleware::Compress::default();
    let log = |_: &AxonPush| middleware::Logger::new("%r %s %b");
    let headers = |_: &AxonPush| middleware::DefaultHeaders::new().add(("x-shelf", "7"));
    // The first is the innermost.
    check_order!(false; axonpush, compress, normalize, log, headers);
    check_order!(false; normalize, axonpush, log, compress, headers);
    check_order!(true; compress, normalize, log, axonpush, headers);
    check_order!(true; log, headers, compress, normalize, axonpush);
    check_order!(true; axonpush, headers, compress, axonpush, normalize, log);
}
