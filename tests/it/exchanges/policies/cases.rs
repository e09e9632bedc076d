//! The table of policies: a rule, a request, and what is told of it.

use std::time::Duration;

use axonpush::{
    RequestId, Severity,
    exchange::{
        ClientAddressPolicy, ExchangeOutcome, ExchangePolicy, ForwardedHeader, HeaderPolicy, LifecyclePolicy,
        QueryPolicy, RequestIdPolicy, TracePolicy,
    },
};
use axonpush_dev::StoredEvent;
use serde_json::{Value, json};

pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) policy: ExchangePolicy,
    pub(super) target: &'static str,
    pub(super) headers: Vec<(&'static str, &'static str)>,
    /// All events, by identifier.
    pub(super) told: Vec<&'static str>,
    /// The id that is echoed; a fresh UUID where there is none.
    pub(super) id: Option<&'static str>,
    pub(super) parent: Option<&'static str>,
    /// Attributes of the end event; `null` for one that may not be there.
    pub(super) end: Vec<(&'static str, Value)>,
    pub(super) severity: Option<&'static str>,
}

const STARTED: &str = "http.request.started";
const COMPLETED: &str = "http.request.completed";
const FAILED: &str = "http.request.failed";

/// A request that is reported as without a policy; what differs follows.
fn case(name: &'static str, policy: ExchangePolicy, target: &'static str) -> Case {
    let told = vec![COMPLETED, STARTED];
    let (headers, end) = (Vec::new(), Vec::new());
    Case { name, policy, target, headers, told, id: None, parent: None, end, severity: None }
}

impl Case {
    fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    fn told(mut self, told: &[&'static str]) -> Self {
        self.told = told.to_vec();
        self
    }

    fn id(mut self, id: &'static str) -> Self {
        self.id = Some(id);
        self
    }

    fn parent(mut self, span: &'static str) -> Self {
        self.parent = Some(span);
        self
    }

    fn end(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.end.push((key, value.into()));
        self
    }

    fn without(self, key: &'static str) -> Self {
        self.end(key, Value::Null)
    }

    fn severity(mut self, severity: &'static str) -> Self {
        self.severity = Some(severity);
        self
    }
}

pub(super) fn is_end(event: &StoredEvent) -> bool {
    [COMPLETED, FAILED].contains(&event.identifier.as_str())
}

pub(super) fn cases() -> Vec<Case> {
    let mut all = which();
    all.extend(how_loud());
    all.extend(parts());
    all.extend(addresses());
    all.extend(ids());
    all.extend(panics());
    all
}

fn lifecycle(change: impl FnOnce(LifecyclePolicy) -> LifecyclePolicy) -> ExchangePolicy {
    ExchangePolicy::new().lifecycle(change(LifecyclePolicy::new()))
}

/// A trace whose last digits are even, and one whose are odd.
const EVEN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const ODD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4737-00f067aa0ba902b7-01";
const SPAN: &str = "00f067aa0ba902b7";

fn which() -> Vec<Case> {
    let healthy = || ExchangePolicy::new().filter(|request| request.path() != "/hello" && request.path() != "/told");
    let sampled = |one_in| lifecycle(|policy| policy.sample_successes(one_in));
    vec![
        case("a request that is filtered out, and keeps its id", healthy(), "/hello")
            .header("x-request-id", "req-1")
            .id("req-1")
            .told(&[]),
        case("the handler of one that is filtered out", healthy(), "/told").told(&["app.note"]),
        case("one that the filter lets through", healthy(), "/users/1"),
        case("no start events", lifecycle(|policy| policy.start_events(false)), "/hello").told(&[COMPLETED]),
        case("no successes", sampled(0), "/hello").told(&[]),
        case("no successes, and a client's mistake", sampled(0), "/teapot").told(&[COMPLETED]).severity("WARN"),
        case("no successes, and no such route", sampled(0), "/nowhere").told(&[COMPLETED]).severity("WARN"),
        case("no successes, and a failure", sampled(0), "/fails").told(&[FAILED]).severity("ERROR"),
        case("no successes, and a timeout", sampled(0), "/times-out").told(&[FAILED]),
        case("no successes, and a slow one", sampled(0), "/slow").told(&[]),
        case(
            "no successes but slow ones",
            lifecycle(|policy| policy.sample_successes(0).slow_after(Duration::from_millis(10))),
            "/slow",
        )
        .told(&[COMPLETED])
        .end("http.server.slow", true),
        case("one success in two, by its trace", sampled(2), "/hello").header("traceparent", EVEN).parent(SPAN),
        case("the other of two", sampled(2), "/hello").header("traceparent", ODD).parent(SPAN).told(&[]),
        case("the other of two, where it fails", sampled(2), "/fails")
            .header("traceparent", ODD)
            .parent(SPAN)
            .told(&[FAILED]),
    ]
}

fn how_loud() -> Vec<Case> {
    let slow = |millis| lifecycle(|policy| policy.slow_after(Duration::from_millis(millis)));
    let ruled = || {
        lifecycle(|policy| {
            policy.severity(|outcome, status| match (outcome, status) {
                (ExchangeOutcome::Completed, Some(404)) => Some(Severity::Debug),
                (ExchangeOutcome::Failed, _) => Some(Severity::Fatal),
                _ => None,
            })
        })
    };
    let failed = [FAILED, STARTED];
    vec![
        case("a slow request", slow(10), "/slow").severity("WARN").end("http.server.slow", true),
        case("a request that is fast enough", slow(60_000), "/slow").severity("INFO").without("http.server.slow"),
        case("a slow failure", slow(10), "/times-out").told(&failed).severity("ERROR").end("http.server.slow", true),
        case("a rule for a client's mistake", ruled(), "/nowhere").severity("DEBUG"),
        case("a rule for failures", ruled(), "/fails").told(&failed).severity("FATAL"),
        case("a rule that has nothing to say", ruled(), "/teapot").severity("WARN"),
        case(
            "an attribute for the end",
            ExchangePolicy::new().enrich(|_, add| add.insert("team", "shelves")),
            "/hello",
        )
        .end("team", "shelves"),
        case(
            "attributes of the exchange, which stay as they are",
            ExchangePolicy::new().enrich(|end, add| {
                add.insert("http.response.status_code", 999);
                add.insert("request.id", "another");
                add.insert("known", format!("{:?} {:?} {}", end.status(), end.outcome(), end.body_bytes()));
            }),
            "/hello",
        )
        .end("http.response.status_code", 200)
        .end("known", "Some(200) Completed 5"),
    ]
}

fn parts() -> Vec<Case> {
    let headers = HeaderPolicy::new().request(["X-Tenant", "authorization", "x-absent"]).response(["x-shelf"]);
    let query = |name, policy| case(name, ExchangePolicy::new().query(policy), "/users/1?page=2&token=secret&flag");
    vec![
        case("headers that are named", ExchangePolicy::new().headers(headers), "/told")
            .header("x-tenant", "a")
            .header("x-tenant", "b")
            .header("x-other", "c")
            .header("authorization", "Bearer secret")
            .told(&["app.note", COMPLETED, STARTED])
            .end("http.request.header.x-tenant", json!(["a", "b"]))
            .end("http.request.header.authorization", "[REDACTED]")
            .end("http.response.header.x-shelf", json!(["7"]))
            .without("http.request.header.x-other")
            .without("http.request.header.x-absent"),
        query("a query with its values masked", QueryPolicy::Masked)
            .end("url.query", "page=[REDACTED]&token=[REDACTED]&[REDACTED]"),
        query("a query with one value", QueryPolicy::only(["page"]))
            .end("url.query", "page=2&token=[REDACTED]&[REDACTED]"),
        query("a whole query", QueryPolicy::Full).end("url.query", "page=2&token=[REDACTED]&flag"),
        query("no query", QueryPolicy::Omitted).without("url.query"),
        case("a scheme that is known better", ExchangePolicy::new().scheme("https"), "/hello")
            .end("url.scheme", "https"),
    ]
}

fn addresses() -> Vec<Case> {
    let by = |name, policy| case(name, ExchangePolicy::new().client_address(policy), "/hello");
    let trusting = || ClientAddressPolicy::peer().trust(["127.0.0.0/8", "10.0.0.0/8"]).unwrap();
    let (client, peer) = ("client.address", "network.peer.address");
    vec![
        by("a proxy nobody trusts", ClientAddressPolicy::peer())
            .header("x-forwarded-for", "203.0.113.9")
            .end(client, "127.0.0.1")
            .without(peer),
        by("a chain of trusted proxies", trusting())
            .header("x-forwarded-for", "198.51.100.1, 203.0.113.9")
            .header("x-forwarded-for", "10.0.0.7")
            .end(client, "203.0.113.9")
            .end(peer, "127.0.0.1"),
        by("a trusted proxy that says nothing", trusting()).end(client, "127.0.0.1").without(peer),
        by("Forwarded", trusting().header(ForwardedHeader::Forwarded))
            .header("forwarded", "for=\"[2001:db8::1]:4711\";proto=https, for=10.0.0.7")
            .header("x-forwarded-for", "203.0.113.9")
            .end(client, "2001:db8::1")
            .end(peer, "127.0.0.1"),
        by("no address", ClientAddressPolicy::omitted())
            .header("x-forwarded-for", "203.0.113.9")
            .without(client)
            .without(peer),
    ]
}

fn ids() -> Vec<Case> {
    let by = |name, policy| case(name, ExchangePolicy::new().request_id(policy), "/hello");
    let made = || RequestId::parse(b"made-1").unwrap();
    let untrusting = TracePolicy::new().trust(false);
    vec![
        by("ids nobody trusts", RequestIdPolicy::new().trust(false)).header("x-request-id", "req-1"),
        by("a header of one's own", RequestIdPolicy::new().headers(["x-trace-key"]))
            .header("x-request-id", "req-1")
            .header("x-trace-key", "key-1")
            .id("key-1"),
        by("an id that is too long", RequestIdPolicy::new().max_length(4)).header("x-request-id", "req-1"),
        by("an id that is just not too long", RequestIdPolicy::new().max_length(5))
            .header("x-request-id", "req-1")
            .id("req-1"),
        by("ids of one's own", RequestIdPolicy::new().generator(made)).id("made-1"),
        by("ids of one's own, where the client sent one", RequestIdPolicy::new().generator(made))
            .header("x-request-id", "req-1")
            .id("req-1"),
        case("a trace nobody trusts", ExchangePolicy::new().trace(untrusting), "/hello").header("traceparent", EVEN),
    ]
}

/// Code of the application that panics, which costs itself and nothing else.
fn panics() -> Vec<Case> {
    vec![
        case("a filter that panics", ExchangePolicy::new().filter(|_| oops()), "/hello"),
        case("an enrichment that panics", ExchangePolicy::new().enrich(|_, _| oops()), "/hello")
            .end("http.response.status_code", 200),
        case("a rule that panics", lifecycle(|policy| policy.severity(|_, _| oops())), "/teapot").severity("WARN"),
        case(
            "a generator that panics",
            ExchangePolicy::new().request_id(RequestIdPolicy::new().generator(oops)),
            "/hello",
        ),
    ]
}

fn oops<T>() -> T {
    std::panic::panic_any("oops")
}
