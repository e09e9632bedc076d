//! One service calls another: what the callee is told, and what is kept from it.

use std::net::SocketAddr;

use axonpush::{
    AxonPush, Baggage, DeliveryLane, DeliveryPolicy, Event, EventQuery, LogPayload, RequestContext,
    propagation::{Propagate as _, Propagation, PropagationLayer},
};
use axonpush_axum::AxonPushLayer;
use axonpush_dev::{DevServer, StoredEvent};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request},
    routing::get,
};
use rig::{PATIENCE, client, server, settings};
use tower::{ServiceBuilder, ServiceExt as _};

const HEADERS: [&str; 4] = ["traceparent", "tracestate", "baggage", "x-request-id"];

/// A service that is reported, and answers with what it was told of its caller, one header a line.
fn app(client: &AxonPush) -> Router {
    let mirror = async |headers: HeaderMap| {
        let told = HEADERS.iter().filter_map(|name| Some(format!("{name}: {}", headers.get(*name)?.to_str().ok()?)));
        told.collect::<Vec<_>>().join("\n")
    };
    Router::new().route("/", get(mirror)).layer(AxonPushLayer::new(client))
}

async fn serve(client: &AxonPush) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = app(client);
    tokio::spawn(async { axum::serve(listener, app).await });
    address
}

fn here() -> Propagation {
    Propagation::new().hosts(["127.0.0.1"]).unwrap()
}

/// A request that came with everything a request can come with.
fn context() -> RequestContext {
    RequestContext::builder()
        .request_id("req-1".parse().unwrap())
        .parent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().unwrap())
        .tracestate("rojo=1,congo@vendor=2".parse().unwrap())
        .baggage(Baggage::new().with("plan", "very big").unwrap())
        .build()
}

/// What a service says that was told everything.
fn everything(context: &RequestContext) -> String {
    format!(
        "traceparent: {}\ntracestate: rojo=1,congo@vendor=2\nbaggage: plan=very%20big\nx-request-id: req-1",
        context.traceparent(),
    )
}

async fn end(server: &DevServer) -> StoredEvent {
    let mut events = server.wait_for_events(2, PATIENCE).await;
    events.retain(|event| event.identifier == "http.request.completed");
    events.pop().unwrap()
}

async fn check_child_of(context: &RequestContext, server: &DevServer) {
    let end = end(server).await;
    assert_eq!(end.trace_id.as_deref(), Some(context.trace_id()));
    assert_eq!(end.parent_span_id.as_deref(), Some(context.span_id()));
    assert_ne!(end.span_id.as_deref(), Some(context.span_id()));
    assert_eq!(end.attribute("request.id"), Some(&"req-1".into()));
}

#[tokio::test]
async fn a_service_called_by_reqwest_is_a_child_of_its_caller() {
    let server = server();
    let client = client(&server);
    let url = format!("http://{}/", serve(&client).await);
    let context = context();
    let call = async {
        let response = reqwest::Client::new().get(&url).propagate(&here()).unwrap().send().await.unwrap();
        response.text().await.unwrap()
    };
    assert_eq!(context.scope(call).await, everything(&context));
    check_child_of(&context, &server).await;
}

#[tokio::test]
async fn a_service_called_through_reqwest_middleware_is_a_child_of_its_caller() {
    let server = server();
    let client = client(&server);
    let url = format!("http://{}/", serve(&client).await);
    let http = reqwest_middleware::ClientBuilder::new(reqwest::Client::new()).with(here()).build();
    let context = context();
    let call = async { http.get(&url).send().await.unwrap().text().await.unwrap() };
    assert_eq!(context.scope(call).await, everything(&context));
    check_child_of(&context, &server).await;
}

#[tokio::test]
async fn a_service_called_through_the_tower_layer_is_a_child_of_its_caller() {
    let server = server();
    let client = client(&server);
    let http = ServiceBuilder::new().layer(PropagationLayer::new(here())).service(app(&client));
    let context = context();
    let call = async {
        let request = Request::get("http://127.0.0.1:8080/").body(Body::empty()).unwrap();
        let response = http.oneshot(request).await.unwrap();
        to_bytes(response.into_body(), usize::MAX).await.unwrap()
    };
    assert_eq!(context.scope(call).await, everything(&context));
    check_child_of(&context, &server).await;
}

#[tokio::test]
async fn a_host_that_is_not_named_is_told_nothing_and_begins_a_trace_of_its_own() {
    let server = server();
    let client = client(&server);
    let url = format!("http://{}/", serve(&client).await);
    let elsewhere = Propagation::new().hosts(["*.example.com", "localhost"]).unwrap();
    let context = context();
    let call = async {
        let response = reqwest::Client::new().get(&url).propagate(&elsewhere).unwrap().send().await.unwrap();
        response.text().await.unwrap()
    };
    assert_eq!(context.scope(call).await, "");
    let end = end(&server).await;
    assert_ne!(end.trace_id.as_deref(), Some(context.trace_id()));
    assert_eq!(end.parent_span_id, None);
}

#[tokio::test]
async fn what_a_service_was_told_goes_on_to_the_next_one() {
    let server = server();
    let client = client(&server);
    let last = format!("http://{}/", serve(&client).await);
    let relay = async move |headers: HeaderMap| {
        let context = RequestContext::builder().extract(&headers).build();
        let call =
            async { reqwest::Client::new().get(last).propagate(&here()).unwrap().send().await.unwrap().text().await };
        format!("{}\n{}", context.scope(call).await.unwrap(), context.span_id())
    };
    let context = context();
    let mut headers = HeaderMap::new();
    context.inject(&mut headers);
    let told = relay(headers).await;
    let (told, span_id) = told.rsplit_once('\n').unwrap();
    assert_eq!(told, everything(&context).replace(context.span_id(), span_id));
    assert_eq!(end(&server).await.parent_span_id.as_deref(), Some(span_id));
}

#[tokio::test]
async fn the_sdks_own_requests_carry_nothing_of_the_context_in_their_headers() {
    let server = server();
    let batches = DeliveryPolicy::new().logs(DeliveryLane::Otlp);
    let client = settings(&server).channel_id("c-1").delivery(batches).build().unwrap();
    let context = context();
    let everything = async {
        client.events().publish(Event::new("published")).await.unwrap();
        client.events().enqueue(Event::new("enqueued"));
        let log = Event::log("logged", LogPayload::new("batched"));
        client.events().enqueue(log);
        client.events().search(EventQuery::new()).await.unwrap();
        assert!(client.flush(PATIENCE).await.is_complete());
    };
    context.scope(everything).await;

    let requests = server.requests();
    for (method, path) in [("POST", "/event"), ("POST", "/v1/logs"), ("GET", "/events")] {
        assert!(requests.iter().any(|request| (request.method.as_str(), request.path.as_str()) == (method, path)));
    }
    for request in &requests {
        for name in HEADERS {
            assert_eq!(request.header(name), None, "{} {}", request.method, request.path);
        }
    }
    let events = server.events();
    assert_eq!(events.len(), 3);
    assert!(events.iter().all(|event| event.trace_id.as_deref() == Some(context.trace_id())));
}
