//! A few minutes of a shop whose assistant answers questions: something of everything the page shows.

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::rig::Page;

/// The request that failed, and the trace it belongs to.
pub(crate) const FAILED_REQUEST: &str = "req-7f3a91c2";
pub(crate) const FAILED_TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Publishes the whole story. The latest request is the one that failed.
pub(crate) async fn tell(page: &Page) {
    for number in 0..24 {
        page.publish_all(&request(number)).await;
    }
    page.publish_all(&failure()).await;
}

/// A request that went well: what it did as spans, a log and the exchange.
fn request(number: u64) -> Vec<Value> {
    let trace = format!("{:032x}", 0x5eed_0000_u64 + number * 7919);
    let id = format!("req-{:08x}", number * 2_654_435_761 % 0xffff_ffff);
    let (route, name) = [("/orders/{id}", "orders.get"), ("/basket", "basket.put"), ("/search", "search.run")]
        [usize::try_from(number % 3).unwrap()];
    let took = 12 + number * 37 % 90;
    let slow = number % 8 == 5;
    let mut told = vec![
        log(&trace, "a1", &id, 9, "shop.orders", &format!("order {} is on its way", 1_000 + number)),
        span(
            &trace,
            "b2",
            Some("a1"),
            "SELECT orders",
            (2, took / 3),
            &id,
            &json!({"db.system": "postgresql"}),
            "orders",
        ),
        span(&trace, "a1", None, name, (0, took), &id, &json!({}), "shop"),
        exchange(&trace, "a1", &id, "GET", route, 200, took),
    ];
    if slow {
        told.insert(1, log(&trace, "a1", &id, 13, "shop.stock", "stock service is slow, 3 of 5 attempts used"));
    }
    told
}

/// A request that did not: an agent's tool call ran into a timeout.
fn failure() -> Vec<Value> {
    let (trace, id) = (FAILED_TRACE, FAILED_REQUEST);
    let agent = json!({"gen_ai.agent.name": "assistant"});
    let model = json!({"gen_ai.request.model": "sonnet-large", "gen_ai.provider.name": "acme",
                       "gen_ai.usage.input_tokens": 1204, "gen_ai.usage.output_tokens": 86});
    let tool = json!({"gen_ai.tool.name": "stock_lookup"});
    let mut broken = span(
        trace,
        "0e",
        Some("0c"),
        "POST stock.internal",
        (470, 1_500),
        id,
        &json!({
        "exception.type": "TimeoutError", "exception.message": "no answer from stock.internal within 1.5 s",
        "exception.stacktrace": "TimeoutError: no answer from stock.internal within 1.5 s\n  at lookup (stock.rs:88)\n  at assist (agent.rs:214)",
        "http.request.method": "POST", "url.path": "/v1/levels"}),
        "stock",
    );
    broken["payload"]["status"] = json!({"code": 2, "message": "deadline exceeded"});
    vec![
        log(trace, "0a", id, 9, "shop.assist", "question taken: is the blue kettle in stock?"),
        span(trace, "0b", Some("0a"), "SELECT customers", (14, 22), id, &json!({"db.system": "postgresql"}), "shop"),
        span(trace, "0d", Some("0c"), "chat sonnet-large", (48, 410), id, &model, "assistant"),
        broken,
        log(trace, "0e", id, 17, "shop.stock", "stock lookup failed: no answer from stock.internal within 1.5 s"),
        span(trace, "0f", Some("0c"), "execute_tool stock_lookup", (462, 1_512), id, &tool, "assistant"),
        span(trace, "0c", Some("0a"), "invoke_agent assistant", (40, 1_988), id, &agent, "assistant"),
        log(trace, "0a", id, 13, "shop.assist", "answered without the stock level"),
        span(trace, "0a", None, "POST /assist", (0, 2_010), id, &json!({}), "shop"),
        exchange(trace, "0a", id, "POST", "/assist", 500, 2_010),
    ]
}

fn log(trace: &str, span: &str, request: &str, severity: u8, name: &str, text: &str) -> Value {
    json!({"identifier": name, "eventType": "app.log", "traceId": trace, "spanId": span, "payload": {
        "body": text, "severityNumber": severity,
        "attributes": {"request.id": request, "logger.name": name},
        "resource": {"service.name": "shop", "service.version": "1.4.2"}}})
}

#[allow(clippy::too_many_arguments, reason = "a span has that many parts")]
fn span(
    trace: &str,
    span: &str,
    parent: Option<&str>,
    name: &str,
    (from, to): (u64, u64),
    request: &str,
    attributes: &Value,
    service: &str,
) -> Value {
    let begun = now_nanos() - 3_000_000_000;
    let mut attributes = attributes.clone();
    attributes["request.id"] = json!(request);
    json!({"identifier": name, "eventType": "app.span", "traceId": trace, "spanId": span, "parentSpanId": parent, "payload": {
        "name": name, "startTimeUnixNano": (begun + from * 1_000_000).to_string(),
        "endTimeUnixNano": (begun + to * 1_000_000).to_string(), "status": {"code": 0}, "attributes": attributes,
        "resource": {"service.name": service, "service.version": "1.4.2"}}})
}

fn exchange(trace: &str, span: &str, request: &str, method: &str, route: &str, status: u16, took: u64) -> Value {
    #[allow(clippy::cast_precision_loss, reason = "a few milliseconds")]
    let seconds = took as f64 / 1_000.0;
    json!({"identifier": format!("{method} {route}"), "eventType": "custom", "traceId": trace, "spanId": span, "payload": {
        "attributes": {"request.id": request, "http.request.method": method, "http.route": route,
                       "http.response.status_code": status, "http.server.request.duration": seconds,
                       "user.id": "u-1042"},
        "resource": {"service.name": "shop", "service.version": "1.4.2"}}})
}

fn now_nanos() -> u64 {
    u64::try_from(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos()).unwrap()
}
