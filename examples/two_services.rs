//! Two services and one trace: an axum service calls an actix service, each reports by itself, and the events of both
//! are one tree.
//!
//! ```sh
//! cargo run --example two_services
//! ```
//!
//! Ends with an error unless the server knows every event, and each in its place.

use std::{collections::BTreeMap, error::Error, time::Duration};

use actix_web::{App, HttpServer, web};
use axonpush::{
    AxonPush, Event, EventQuery, RequestContext, StoredEvent,
    propagation::{Propagate as _, Propagation},
};
use axonpush_axum::AxonPushLayer;
use axonpush_dev::DevServer;
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::get,
};
use tokio::sync::oneshot;

/// What the tree has to be: how deep each span is, whose, and its events by name. An event of one's own does not tell
/// the service.
const EXPECTED: [(usize, &str, &[&str]); 3] = [
    (0, "", &["customer.decided"]),
    (1, "shop", &["http.request.completed", "http.request.started", "order.placed"]),
    (2, "stock", &["http.request.completed", "http.request.started", "item.reserved"]),
];

const PATIENCE: Duration = Duration::from_secs(10);

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = DevServer::start().await?;
    let client_of =
        |service| AxonPush::builder().api_key("ak_dev").base_url(server.url()).service(service, "1").build();
    let (caller, shop, stock) = (client_of("caller")?, client_of("shop")?, client_of("stock")?);
    // Hosts that are named are told the request id and baggage too; everyone else nothing.
    let propagation = Propagation::new().hosts(["127.0.0.1"])?;

    let app = {
        let stock = stock.clone();
        move || {
            App::new()
                .app_data(web::Data::new(stock.clone()))
                .route("/items/{id}", web::get().to(reserve))
                .wrap(axonpush_actix::AxonPush::new(&stock))
        }
    };
    let http = HttpServer::new(app).workers(1).disable_signals().bind("127.0.0.1:0")?;
    let stock_url = format!("http://{}", http.addrs()[0]);
    let (stop_stock, stock_stopped) = oneshot::channel::<()>();
    let serving_stock = axonpush_actix::serve(http.run(), &stock).with_shutdown(async {
        let _ = stock_stopped.await;
    });

    let http = reqwest::Client::new();
    let state = Shop { client: shop.clone(), http: http.clone(), propagation: propagation.clone(), stock_url };
    let app = Router::new().route("/orders/{id}", get(order)).with_state(state).layer(AxonPushLayer::new(&shop));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let shop_url = format!("http://{}", listener.local_addr()?);
    let (stop_shop, shop_stopped) = oneshot::channel::<()>();
    let serving_shop = axonpush_axum::serve(listener, app, &shop).with_shutdown(async {
        let _ = shop_stopped.await;
    });

    // Neither a request nor a service: a program that begins a trace by itself.
    let context = RequestContext::new();
    let calling = context.scope(async {
        caller.events().enqueue(Event::new("customer.decided"));
        let answer = http.get(format!("{shop_url}/orders/7")).propagate(&propagation)?.send().await;
        let _ = stop_shop.send(());
        let _ = stop_stock.send(());
        answer?.error_for_status()?.text().await
    });
    let (shop_report, stock_report, answer) =
        tokio::join!(serving_shop.into_future(), serving_stock.into_future(), calling);
    println!("the shop says {:?}\n", answer?);
    let (shop_report, stock_report) = (shop_report?, stock_report?);
    if !(shop_report.is_complete() && stock_report.is_complete() && caller.flush(PATIENCE).await.is_complete()) {
        return Err("some events were not delivered".into());
    }

    let events = caller.events().search(EventQuery::new().trace_id(context.trace_id())).await?;
    let spans = tree(&events);
    println!("trace {}", context.trace_id());
    for span in &spans {
        println!("{}{} {:<5} {}", "   ".repeat(span.depth + 1), span.id, span.service, span.events.join(", "));
    }
    let as_expected = spans.len() == EXPECTED.len()
        && spans.iter().zip(EXPECTED).all(|(span, expected)| (span.depth, span.service, &*span.events) == expected);
    // Exchanges carry it among their attributes, events of one's own in their metadata.
    let request_id =
        |event: &StoredEvent| [&event.attributes, &event.metadata].map(|place| place["request.id"].clone());
    let one_request = events.iter().all(|event| request_id(event).contains(&context.request_id().as_str().into()));
    if as_expected && one_request && events.len() == server.len() {
        return Ok(());
    }
    Err(format!("this is not the tree of what happened; it should be {EXPECTED:?} under one request id").into())
}

/// What the axum service needs.
#[derive(Clone)]
struct Shop {
    client: AxonPush,
    http: reqwest::Client,
    propagation: Propagation,
    stock_url: String,
}

/// The axum service: takes an order, and asks the other one for the item.
async fn order(State(shop): State<Shop>, Path(id): Path<u32>) -> Result<String, StatusCode> {
    shop.client.events().enqueue(Event::new("order.placed").attribute("order.id", id));
    let item = async {
        // This is the line that matters: the request goes out as a part of the one that came in.
        let request = shop.http.get(format!("{}/items/{id}", shop.stock_url)).propagate(&shop.propagation)?;
        request.send().await?.error_for_status()?.text().await
    };
    let item = item.await.map_err(|_: reqwest::Error| StatusCode::BAD_GATEWAY)?;
    Ok(format!("order {id}: {item}"))
}

/// The actix service.
async fn reserve(client: web::Data<AxonPush>, id: web::Path<u32>) -> String {
    client.events().enqueue(Event::new("item.reserved").attribute("item.id", *id));
    format!("item {id} is yours")
}

/// A span as its events tell it.
struct Span<'a> {
    id: &'a str,
    parent: Option<&'a str>,
    service: &'a str,
    events: Vec<&'a str>,
    depth: usize,
}

/// The spans of one trace, parents before their children.
fn tree(events: &[StoredEvent]) -> Vec<Span<'_>> {
    let mut spans = BTreeMap::new();
    for event in events {
        let id = event.span_id.as_ref().map_or("(none)", |id| id.as_str());
        let span = spans.entry(id).or_insert_with(|| Span {
            id,
            parent: event.parent_span_id.as_ref().map(axonpush::SpanId::as_str),
            service: "",
            events: Vec::new(),
            depth: 0,
        });
        span.service = event.service_name.as_deref().unwrap_or(span.service);
        span.events.push(event.operation_name.as_deref().unwrap_or_default());
    }
    for span in spans.values_mut() {
        span.events.sort_unstable();
    }
    let is_root = |span: &Span<'_>| !span.parent.is_some_and(|parent| spans.contains_key(parent));
    let roots: Vec<_> = spans.values().filter(|span| is_root(span)).map(|span| span.id).collect();
    let mut placed = Vec::new();
    for root in roots {
        place(root, 0, &mut spans, &mut placed);
    }
    placed
}

fn place<'a>(id: &'a str, depth: usize, spans: &mut BTreeMap<&'a str, Span<'a>>, placed: &mut Vec<Span<'a>>) {
    let Some(span) = spans.remove(id) else { return };
    placed.push(Span { depth, ..span });
    let children: Vec<_> = spans.values().filter(|span| span.parent == Some(id)).map(|span| span.id).collect();
    for child in children {
        place(child, depth + 1, spans, placed);
    }
}
