//! Every place axum, tower and hyper have for a layer.

use std::{convert::Infallible, net::SocketAddr};

use axonpush::{
    AxonPush,
    exchange::{ExchangePolicy, RequestIdPolicy},
};
use axonpush_axum::{AxonPushLayer, RequestContext, RequestId};
use axum::{
    Extension, Router,
    body::{Body, to_bytes},
    extract::{ConnectInfo, Path},
    http::{HeaderValue, Request, StatusCode},
    response::Response,
    routing::{any_service, get},
};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tower::{ServiceBuilder, ServiceExt as _, service_fn};
use tower_http::catch_panic::CatchPanicLayer;

use super::{only_end, told, two_ends};

async fn user(Path(id): Path<String>) -> String {
    id
}

fn request() -> Request<Body> {
    Request::get("/api/users/7").header("x-request-id", "req-1").body(Body::empty()).unwrap()
}

/// Reads the response to its end and checks its id.
async fn read(response: Response) -> (StatusCode, String) {
    assert_eq!(response.headers()["x-request-id"], "req-1");
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// Which route is told when the layer stands where `app` puts it.
async fn check_place(place: &str, app: impl FnOnce(AxonPushLayer) -> Router, route: Option<&str>) {
    let server = rig::server();
    let client = rig::client(&server);
    let response = app(AxonPushLayer::new(&client)).oneshot(request()).await.unwrap();
    assert_eq!(read(response).await, (StatusCode::OK, "7".to_owned()), "{place}");
    let end = only_end(&client, &server).await;
    assert_eq!(end.identifier, "http.request.completed", "{place}");
    assert_eq!(end.attribute("http.route"), route.map(Into::into).as_ref(), "{place}");
    assert_eq!(end.attribute("url.path"), Some(&"/api/users/7".into()), "{place}");
}

#[tokio::test]
async fn the_layer_fits_everywhere_in_axum() {
    let nested = |layer| Router::new().nest("/api", Router::new().route("/users/{id}", get(user))).layer(layer);
    let route = Some("/api/users/{id}");
    check_place("Router::layer over nest", nested, route).await;
    let inner = |layer| Router::new().nest("/api", Router::new().route("/users/{id}", get(user)).layer(layer));
    check_place("Router::layer inside nest", inner, route).await;
    let method = |layer| Router::new().route("/api/users/{id}", get(user).layer(layer));
    check_place("MethodRouter::layer", method, route).await;
    let route_layer = |layer| Router::new().route("/api/users/{id}", get(user)).route_layer(layer);
    check_place("Router::route_layer", route_layer, route).await;
    let merged = |layer| Router::new().merge(Router::new().route("/api/users/{id}", get(user)).layer(layer));
    check_place("merge", merged, route).await;
    let service = |layer| {
        let users = Router::new().route("/users/{id}", get(user)).layer(layer);
        Router::new().nest_service("/api", users)
    };
    check_place("inside nest_service", service, route).await;
    let built = |layer| {
        let service = ServiceBuilder::new().layer(layer).service(service_fn(seven));
        Router::new().route("/api/users/{id}", any_service(service))
    };
    check_place("ServiceBuilder in a route", built, route).await;
    let twice = |layer: AxonPushLayer| {
        let users = Router::new().route("/users/{id}", get(user).layer(layer.clone())).layer(layer.clone());
        Router::new().nest("/api", users).layer(layer)
    };
    check_place("three times", twice, route).await;
    let fallback =
        |layer| Router::new().fallback_service(Router::new().route("/api/users/{id}", get(user)).layer(layer));
    check_place("inside fallback_service", fallback, route).await;
    let over_merge = |layer| {
        let users = Router::new().route("/api/users/{id}", get(user));
        Router::new().merge(users).fallback(|| async { "nobody" }).layer(layer)
    };
    check_place("Router::layer over merge and a fallback", over_merge, route).await;
    let over_service = |layer| {
        let users = Router::new().route("/users/{id}", get(user));
        Router::new().nest_service("/api", users).layer(layer)
    };
    check_place("over nest_service, which routes later", over_service, None).await;
    let outside = |layer| {
        let whole = Router::new().route("/api/users/{id}", get(user));
        Router::new().fallback_service(ServiceBuilder::new().layer(layer).service(whole))
    };
    check_place("around a whole router, before it has routed", outside, None).await;
}

#[tokio::test]
async fn a_layer_around_a_whole_router_is_told_the_route_by_one_inside() {
    let (server, unheard) = (rig::server(), rig::server());
    let (client, other) = (rig::client(&server), rig::client(&unheard));
    for layer in [AxonPushLayer::new(&client), AxonPushLayer::new(&other)] {
        let whole = Router::new().route("/api/users/{id}", get(user)).layer(layer);
        let outside = ServiceBuilder::new().layer(AxonPushLayer::new(&client)).service(whole);
        read(outside.oneshot(request()).await.unwrap().map(Body::new)).await;
    }
    let mut events = told(&client, &server).await;
    events.retain(|event| event.identifier == "http.request.completed");
    let routes: Vec<_> = events.iter().map(|end| end.attribute("http.route")).collect();
    assert_eq!(routes, [Some(&"/api/users/{id}".into()); 2]);
}

#[tokio::test]
async fn only_the_same_client_silences_an_inner_layer() {
    let layers = |outer: &AxonPush, inner: &AxonPush| {
        Router::new()
            .route("/api/users/{id}", get(user))
            .layer(
                AxonPushLayer::new(inner).policy(ExchangePolicy::new().request_id(RequestIdPolicy::new().trust(false))),
            )
            .layer(AxonPushLayer::new(outer))
    };
    let servers = [rig::server(), rig::server()];
    let [one, another] = servers.each_ref().map(rig::client);
    // Three layers, of which the innermost belongs to the outermost.
    let app = layers(&another, &one).layer(AxonPushLayer::new(&one));
    read(app.oneshot(request()).await.unwrap()).await;
    two_ends([&one, &another], servers.each_ref()).await;

    let server = rig::server();
    let client = rig::client(&server);
    read(layers(&AxonPush::disabled(), &client).oneshot(request()).await.unwrap()).await;
    assert_eq!(only_end(&client, &server).await.attribute("request.id"), Some(&"req-1".into()));

    let server = rig::server();
    let client = rig::client(&server);
    let app = Router::new().route("/api/users/{id}", get(user)).layer(AxonPushLayer::new(&client));
    let mut own = request();
    own.extensions_mut().insert(axonpush::RequestContext::new());
    read(app.oneshot(own).await.unwrap()).await;
    assert_eq!(only_end(&client, &server).await.attribute("request.id"), Some(&"req-1".into()));
}

#[tokio::test]
async fn an_exchange_inside_another_keeps_to_its_own_context() {
    let server = rig::server();
    let client = rig::client(&server);
    let inner = Router::new().route("/api/users/{id}", get(user)).layer(AxonPushLayer::new(&client));
    let outer = async |context: RequestContext| {
        context.bind("tenant", "outer");
        read(inner.oneshot(request()).await.unwrap()).await.1
    };
    let app = Router::new().route("/outer", get(outer)).layer(AxonPushLayer::new(&client));
    let request = Request::get("/outer").header("x-request-id", "req-0").body(Body::empty()).unwrap();
    to_bytes(app.oneshot(request).await.unwrap().into_body(), usize::MAX).await.unwrap();
    let events = told(&client, &server).await;
    assert_eq!(events.len(), 4);
    let of = |id: &str| events.iter().filter(|event| event.attribute("request.id") == Some(&id.into())).count();
    assert_eq!((of("req-0"), of("req-1")), (2, 2));
    for event in &events {
        let outer_end =
            event.identifier == "http.request.completed" && event.attribute("request.id") != Some(&"req-1".into());
        assert_eq!(event.attribute("tenant").is_some(), outer_end, "{event:?}");
        assert_eq!(event.parent_span_id, None, "{event:?}");
    }
}

#[tokio::test]
async fn a_request_tells_the_scheme_it_is_given_and_a_user_agent_of_sane_length() {
    let server = rig::server();
    let client = rig::client(&server);
    let layer = AxonPushLayer::new(&client).policy(ExchangePolicy::new().scheme("https"));
    let mut request = request();
    request.headers_mut().insert("user-agent", HeaderValue::from_bytes("\u{20ac}".repeat(1000).as_bytes()).unwrap());
    read(Router::new().route("/api/users/{id}", get(user)).layer(layer).oneshot(request).await.unwrap()).await;
    let end = only_end(&client, &server).await;
    assert_eq!(end.attribute("url.scheme"), Some(&"https".into()));
    assert_eq!(end.attribute("user_agent.original"), Some(&"\u{20ac}".repeat(682).into()));
}

#[tokio::test]
async fn an_ipv4_client_of_an_ipv6_socket_is_told_as_ipv4() {
    let server = rig::server();
    let client = rig::client(&server);
    let mapped: SocketAddr = "[::ffff:192.0.2.7]:4711".parse().unwrap();
    let app = Router::new().route("/api/users/{id}", get(user)).layer(AxonPushLayer::new(&client));
    let mut request = request();
    request.extensions_mut().insert(ConnectInfo(mapped));
    read(app.oneshot(request).await.unwrap()).await;
    assert_eq!(only_end(&client, &server).await.attribute("client.address"), Some(&"192.0.2.7".into()));
}

async fn panics() {
    std::panic::panic_any("out of cheese")
}

async fn seven(_request: Request<Body>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::from("7")))
}

#[tokio::test]
async fn a_panic_caught_inside_is_a_500_and_one_caught_outside_a_panic() {
    let router = || Router::new().route("/api/users/{id}", get(panics));
    let catch = CatchPanicLayer::new;
    for inside in [true, false] {
        let server = rig::server();
        let client = rig::client(&server);
        let layer = AxonPushLayer::new(&client);
        let app = if inside { router().layer(catch()).layer(layer) } else { router().layer(layer).layer(catch()) };
        let response = app.oneshot(request()).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        if inside {
            read(response).await;
        }
        let end = only_end(&client, &server).await;
        assert_eq!(end.identifier, "http.request.failed");
        let expected = if inside { "500" } else { "panic" };
        assert_eq!(end.attribute("error.type"), Some(&expected.into()));
        assert_eq!(end.attribute("exception.message"), (!inside).then(|| "out of cheese".into()).as_ref());
    }
}

#[tokio::test]
async fn a_plain_hyper_service_is_reported_too() {
    let server = rig::server();
    let client = rig::client(&server);
    let hello = service_fn(async |_: Request<Incoming>| seven(Request::default()).await);
    let service = ServiceBuilder::new().layer(AxonPushLayer::new(&client)).service(hello);
    let (mut near, far) = tokio::io::duplex(4096);
    let connection = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(far), TowerToHyperService::new(service));
    let call = async {
        near.write_all(b"GET /a HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut response = String::new();
        near.read_to_string(&mut response).await.unwrap();
        response
    };
    let (connection, response) = tokio::join!(connection, call);
    connection.unwrap();
    let end = only_end(&client, &server).await;
    let id = end.attribute("request.id").and_then(|id| id.as_str()).unwrap();
    assert!(response.contains(&format!("x-request-id: {id}\r\n")), "{response}");
    assert_eq!(end.attribute("http.response.body.size"), Some(&1.into()));
}

#[tokio::test]
async fn a_service_that_fails_is_reported_with_its_error() {
    let server = rig::server();
    let client = rig::client(&server);
    let fails = service_fn(|_: Request<Body>| async { Err::<Response<Body>, _>(std::io::Error::other("no backend")) });
    let service = ServiceBuilder::new().layer(AxonPushLayer::new(&client)).service(fails);
    assert_eq!(service.oneshot(request()).await.unwrap_err().to_string(), "no backend");
    let end = only_end(&client, &server).await;
    assert_eq!(
        (end.identifier.as_str(), end.attribute("error.type")),
        ("http.request.failed", Some(&"service".into()))
    );
    assert_eq!(end.attribute("exception.message"), Some(&"no backend".into()));
}

#[tokio::test]
async fn extractors_find_the_request_or_say_what_is_missing() {
    let app = || {
        Router::new()
            .route("/id", get(|id: RequestId| async move { id.to_string() }))
            .route("/context", get(|context: RequestContext| async move { context.request_id().to_string() }))
            .route("/extension", get(extension))
            .route("/optional", get(|id: Option<RequestId>| async move { id.is_some().to_string() }))
            .route("/optional-context", get(|found: Option<RequestContext>| async move { found.is_some().to_string() }))
    };
    let request = |path| Request::get(path).header("x-request-id", "req-1").body(Body::empty()).unwrap();
    let layer = AxonPushLayer::new(&AxonPush::disabled());
    for path in ["/id", "/context", "/extension"] {
        let response = app().layer(layer.clone()).oneshot(request(path)).await.unwrap();
        assert_eq!(read(response).await, (StatusCode::OK, "req-1".to_owned()), "{path}");
    }
    for path in ["/id", "/context"] {
        let response = app().oneshot(request(path)).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let text = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        assert!(String::from_utf8_lossy(&text).contains(".layer(AxonPushLayer::new(&client))"), "{text:?}");
    }
    for path in ["/optional", "/optional-context"] {
        let response = app().layer(layer.clone()).oneshot(request(path)).await.unwrap();
        assert_eq!(to_bytes(response.into_body(), usize::MAX).await.unwrap(), "true");
        let response = app().oneshot(request(path)).await.unwrap();
        assert_eq!(to_bytes(response.into_body(), usize::MAX).await.unwrap(), "false");
    }
}

async fn extension(Extension(context): Extension<axonpush::RequestContext>) -> String {
    let current = axonpush::RequestContext::current().unwrap();
    assert_eq!(current.span_id(), context.span_id());
    context.request_id().to_string()
}
