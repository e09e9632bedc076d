//! Hand-overs to be counted by the instruction: `cargo xtask bench --instructions` runs this under valgrind with two
//! numbers of calls and divides the difference, so that what happens once cancels out.
//!
//! Only the calling thread is counted. The server never answers and the queue is full, as in `hand_over`. The queue is
//! small, because filling it is counted as well and takes valgrind its time.

use std::{
    hint::black_box,
    net::TcpListener,
    pin::{Pin, pin},
    sync::mpsc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use actix_http::Request as ActixRequest;
use actix_web::{
    App,
    body::MessageBody,
    dev::{Service as ActixService, ServiceResponse},
    rt::Runtime,
    test::{TestRequest, init_service},
    web,
};
use axonpush::{
    AxonPush, AxonPushBuilder, DeliveryLane, DeliveryPolicy, Event, EventType, LogPayload, LostEvents, QueuePolicy,
    RequestContext, Severity,
};
use axonpush_axum::AxonPushLayer;
use axum::{
    Router,
    body::{Body, HttpBody},
    extract::Request,
    routing::get,
};
use serde::Serialize;
use support::middleware::{ANSWER, HEADERS, PATH};
use tower::Service;
use tracing::{info, info_span};
use tracing_subscriber::{Layer as _, filter::LevelFilter, layer::SubscriberExt as _, util::SubscriberInitExt as _};

#[derive(Serialize)]
struct Payload {
    order_id: u64,
    customer: &'static str,
    total: f64,
    express: bool,
    items: [&'static str; 3],
    note: &'static str,
}

const PAYLOAD: Payload = Payload {
    order_id: 1_048_577,
    customer: "c-00918273",
    total: 129.95,
    express: true,
    items: ["sku-1029384756", "sku-5647382910", "sku-0192837465"],
    note: "leave at the door, please ring twice",
};

/// Requests of an actix app, which is no type that could be named.
macro_rules! actix_requests {
    ($calls:expr $(, $middleware:expr)?) => {{
        let app = App::new()$(.wrap($middleware))?.route("/orders/{id}", web::get().to(|| async { ANSWER }));
        let runtime = Runtime::new().expect("a runtime");
        actix_requests(&runtime.block_on(init_service(app)), $calls)
    }};
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let (Some(what), Some(calls)) = (arguments.next(), arguments.next()) else {
        println!("instructions are counted by `cargo xtask bench --instructions`");
        return;
    };
    let calls: u32 = calls.parse().expect("a number of calls");
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let settings = || {
        let url = format!("http://{}", silent.local_addr().expect("bound"));
        AxonPush::builder().api_key("ak_bench").base_url(url).channel_id("orders").shutdown_timeout(Duration::ZERO)
    };
    let lost = lost(settings());
    let delivery = DeliveryPolicy::new().logs(DeliveryLane::Otlp);
    let settings = settings().queue(QueuePolicy::new().max_events(100)).delivery(delivery);
    let client = settings.build().expect("complete settings");
    let is_log = what.ends_with("log");
    for _ in 0..300 {
        client.events().enqueue(if is_log { log() } else { event() });
    }
    let bare = Router::new().route("/orders/{id}", get(|| async { ANSWER }));
    match what.as_str() {
        "build" => (0..calls).for_each(|_| drop(black_box(event()))),
        "build-log" => (0..calls).for_each(|_| drop(black_box(log()))),
        "enqueue-log" => (0..calls).for_each(|_| client.events().enqueue(black_box(log()))),
        "enqueue" => (0..calls).for_each(|_| client.events().enqueue(black_box(event()))),
        "info" => records(&client, calls),
        "prepared" => (0..calls).for_each(|_| client.events().enqueue_again(black_box(&lost))),
        "bare" => requests(bare, calls),
        "exchange" => requests(bare.layer(AxonPushLayer::new(&client)), calls),
        "actix-bare" => actix_requests!(calls),
        "actix-exchange" => actix_requests!(calls, axonpush_actix::AxonPush::new(&client)),
        other => panic!("nothing is called {other}"),
    }
}

/// The record that `logs` logs, as often.
fn records(client: &AxonPush, calls: u32) {
    let subscriber = tracing_subscriber::registry().with(client.tracing_layer().with_filter(LevelFilter::INFO));
    // Dropped with all that happens once; it would only be counted.
    subscriber.init();
    RequestContext::new().sync_scope(|| {
        let _span = info_span!("checkout", cart = "c-00918273").entered();
        for n in 0..calls {
            info!(
                order.id = black_box(n),
                amount = 129.95,
                currency = "EUR",
                "payment was declined by the card issuer"
            );
        }
    });
}

fn event() -> Event {
    Event::new("order.placed")
        .event_type(EventType::AgentToolCallStart)
        .agent_id("checkout")
        .trace_id("4bf92f3577b34da6a3ce929d0e0e4736")
        .payload(&PAYLOAD)
        .expect("an object")
}

/// The record that `otlp` sends.
fn log() -> Event {
    let record = LogPayload::new(
        "payment of 129.95 EUR for order 1048577 was declined by the card issuer; the customer may retry it now!",
    )
    .severity(Severity::Error)
    .attribute("order.id", black_box(1_048_577))
    .attribute("customer.id", "c-00918273")
    .attribute("amount", 129.95)
    .attribute("currency", "EUR")
    .attribute("retry", true);
    Event::log("payments", record)
}

/// The event, as a loss hook gets it.
fn lost(settings: AxonPushBuilder) -> axonpush::LostEvent {
    let (tell, lost) = mpsc::channel();
    let hook = move |events: &LostEvents| drop(tell.send(events.events().to_vec()));
    let client = settings.on_loss(hook).build().expect("complete settings");
    client.events().enqueue(event());
    drop(client);
    lost.recv().expect("a lost event").remove(0)
}

/// Requests of an axum app, each to the end of its response's body. Nothing in it waits.
fn requests(mut app: Router, calls: u32) {
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..calls {
        let request = HEADERS.iter().fold(Request::get(PATH), |request, (name, value)| request.header(*name, *value));
        let response = pin!(app.call(request.body(Body::empty()).expect("a request"))).poll(&mut cx);
        let Poll::Ready(Ok(response)) = response else { panic!("no answer") };
        let mut body = response.into_body();
        while !body.is_end_stream() {
            let Poll::Ready(frame) = Pin::new(&mut body).poll_frame(&mut cx) else { panic!("no frame") };
            black_box(frame);
        }
    }
}

/// As [`requests`], of an actix app.
fn actix_requests<S, B>(app: &S, calls: u32)
where
    S: ActixService<ActixRequest, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..calls {
        let request = TestRequest::get().uri(PATH);
        let request = HEADERS.iter().fold(request, |request, header| request.insert_header(*header)).to_request();
        let Poll::Ready(Ok(response)) = pin!(app.call(request)).poll(&mut cx) else { panic!("no answer") };
        let (mut bytes, mut body) = (0, pin!(response.into_body()));
        while bytes < ANSWER.len() {
            let Poll::Ready(Some(Ok(chunk))) = body.as_mut().poll_next(&mut cx) else { panic!("no chunk") };
            bytes += chunk.len();
        }
    }
}
