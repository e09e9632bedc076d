//! A few moments of a shop whose assistant answers questions: something of everything the page shows.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::rig::Page;

/// The request that failed, and the trace it belongs to.
pub(crate) const FAILED_REQUEST: &str = "req-7f3a91c2";
pub(crate) const FAILED_TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Publishes the whole story. The latest request is the one that failed.
pub(crate) async fn tell(page: &Page) {
    for number in 0..24 {
        page.publish_all(&fine(number)).await;
    }
    page.publish_all(&failed()).await;
}

/// A request that went well: what it did as spans, a log and the exchange.
fn fine(number: u64) -> Vec<Value> {
    let kinds = [("/orders/{id}", "orders.get"), ("/basket", "basket.put"), ("/search", "search.run")];
    let (route, name) = kinds[usize::try_from(number % 3).unwrap()];
    let took = 12 + number * 37 % 90;
    let id = format!("req-{:08x}", number * 2_654_435_761 % 0xffff_ffff);
    let request = Request::new(&format!("{:032x}", 0x5eed_0000_u64 + number * 7919), &id, took);
    let mut told = vec![
        request.log("a1", 3, 9, "shop.orders", &format!("order {} is on its way", 1_000 + number)),
        request.span("b2", Some("a1"), "SELECT orders", (2, took / 3), &json!({"db.system": "postgresql"}), "orders"),
        request.span("a1", None, name, (0, took), &json!({}), "shop"),
        request.exchange("a1", "GET", route, 200, took),
    ];
    if number % 8 == 5 {
        told.insert(1, request.log("a1", 4, 13, "shop.stock", "stock service is slow, 3 of 5 attempts used"));
    }
    told
}

/// A request that did not: an agent's tool call ran into a timeout.
fn failed() -> Vec<Value> {
    let request = Request::new(FAILED_TRACE, FAILED_REQUEST, 2_003);
    let agent = json!({"gen_ai.agent.name": "assistant"});
    let model = json!({"gen_ai.request.model": "sonnet-large", "gen_ai.provider.name": "acme",
                       "gen_ai.usage.input_tokens": 1204, "gen_ai.usage.output_tokens": 86});
    let tool = json!({"gen_ai.tool.name": "stock_lookup"});
    let call = json!({
        "exception.type": "TimeoutError", "exception.message": "no answer from stock.internal within 1 s",
        "exception.stacktrace": "TimeoutError: no answer from stock.internal within 1 s\n  at lookup (stock.rs:88)\n  at assist (agent.rs:214)",
        "http.request.method": "POST", "url.path": "/v1/levels"});
    let mut broken = request.span("0e", Some("0f"), "POST stock.internal", (470, 1_500), &call, "stock");
    broken["payload"]["status"] = json!({"code": 2, "message": "deadline exceeded"});
    vec![
        request.log("0a", 6, 9, "shop.assist", "question taken: is the blue kettle in stock?"),
        request.span("0b", Some("0a"), "SELECT customers", (14, 22), &json!({"db.system": "postgresql"}), "shop"),
        request.span("0d", Some("0c"), "chat sonnet-large", (48, 410), &model, "assistant"),
        broken,
        request.log("0e", 1_505, 17, "shop.stock", "stock lookup failed: no answer from stock.internal within 1 s"),
        request.span("0f", Some("0c"), "execute_tool stock_lookup", (462, 1_512), &tool, "assistant"),
        request.span("0c", Some("0a"), "invoke_agent assistant", (40, 1_988), &agent, "assistant"),
        request.log("0a", 1_991, 13, "shop.assist", "answered without the stock level"),
        request.span("0a", None, "POST /assist", (0, 2_003), &json!({}), "shop"),
        request.exchange("0a", "POST", "/assist", 500, 2_003),
    ]
}

/// What the records of one request have in common. Times are milliseconds since it began.
struct Request {
    trace: String,
    id: String,
    begun: Timestamp,
}

impl Request {
    /// A request that ends now.
    fn new(trace: &str, id: &str, took: u64) -> Self {
        Self { trace: trace.to_owned(), id: id.to_owned(), begun: Timestamp::now() - Duration::from_millis(took) }
    }

    fn log(&self, span: &str, at: u64, severity: u8, name: &str, text: &str) -> Value {
        json!({"identifier": name, "eventType": "app.log", "traceId": self.trace, "spanId": span, "payload": {
            "body": text, "timeUnixNano": self.nanos(at), "severityNumber": severity,
            "attributes": {"request.id": self.id, "logger.name": name},
            "resource": {"service.name": "shop", "service.version": "1.4.2"}}})
    }

    fn span(
        &self,
        span: &str,
        parent: Option<&str>,
        name: &str,
        (from, to): (u64, u64),
        attributes: &Value,
        service: &str,
    ) -> Value {
        let mut attributes = attributes.clone();
        attributes["request.id"] = json!(self.id);
        json!({"identifier": name, "eventType": "app.span", "traceId": self.trace, "spanId": span,
            "parentSpanId": parent, "payload": {
                "name": name, "startTimeUnixNano": self.nanos(from), "endTimeUnixNano": self.nanos(to),
                "status": {"code": 0}, "attributes": attributes,
                "resource": {"service.name": service, "service.version": "1.4.2"}}})
    }

    fn exchange(&self, span: &str, method: &str, route: &str, status: u16, took: u64) -> Value {
        #[expect(clippy::cast_precision_loss, reason = "a few milliseconds")]
        let seconds = took as f64 / 1_000.0;
        json!({"identifier": format!("{method} {route}"), "traceId": self.trace, "spanId": span,
            "occurredAt": self.at(took).to_string(), "payload": {
                "attributes": {"request.id": self.id, "http.request.method": method, "http.route": route,
                               "http.response.status_code": status, "http.server.request.duration": seconds,
                               "user.id": "u-1042"},
                "resource": {"service.name": "shop", "service.version": "1.4.2"}}})
    }

    fn at(&self, milliseconds: u64) -> Timestamp {
        self.begun + Duration::from_millis(milliseconds)
    }

    fn nanos(&self, milliseconds: u64) -> String {
        self.at(milliseconds).as_nanosecond().to_string()
    }
}
