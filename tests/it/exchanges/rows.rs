//! The table: what a client sends and does, and what is reported of it.

/// One exchange and what is to be told of it.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) method: &'static str,
    pub(super) target: &'static str,
    pub(super) version: &'static str,
    pub(super) headers: Vec<(&'static str, Vec<u8>)>,
    pub(super) client: Client,

    pub(super) status: Option<u16>,
    pub(super) body: Option<&'static str>,
    pub(super) id: Id,
    pub(super) end: &'static str,
    pub(super) severity: &'static str,
    pub(super) route: Option<&'static str>,
    pub(super) size: u64,
    /// Of the end event, beyond those every row has.
    pub(super) attributes: Vec<(&'static str, &'static str)>,
    pub(super) parent: Option<(&'static str, &'static str)>,
    /// Events the app publishes itself.
    pub(super) notes: usize,
}

/// What the client does after it has sent its request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Client {
    Reads,
    HangsUpBeforeHeaders,
    HangsUpAfter(&'static str),
}

/// The request id that is echoed and reported.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Id {
    Fresh,
    Sent(&'static str),
}

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const TRACE: (&str, &str) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");

/// A request that is answered with 200; what differs follows.
fn get(name: &'static str, target: &'static str) -> Row {
    Row {
        name,
        method: "GET",
        target,
        version: "1.1",
        headers: Vec::new(),
        client: Client::Reads,
        status: Some(200),
        body: None,
        id: Id::Fresh,
        end: "http.request.completed",
        severity: "INFO",
        route: Some(target),
        size: 0,
        attributes: Vec::new(),
        parent: None,
        notes: 0,
    }
}

impl Row {
    fn method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    fn version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    fn header(mut self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name, value.as_ref().to_vec()));
        self
    }

    fn hangs_up(mut self, client: Client) -> Self {
        self.client = client;
        self
    }

    fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self.severity = if status >= 400 { "WARN" } else { "INFO" };
        self
    }

    fn no_response(mut self) -> Self {
        self.status = None;
        self
    }

    fn body(mut self, body: &'static str) -> Self {
        self.size = body.len() as u64;
        self.body = Some(body);
        self
    }

    fn size(mut self, size: u64) -> Self {
        self.size = size;
        self
    }

    fn id(mut self, id: &'static str) -> Self {
        self.id = Id::Sent(id);
        self
    }

    fn route(mut self, route: impl Into<Option<&'static str>>) -> Self {
        self.route = route.into();
        self
    }

    fn failed(mut self, error_type: &'static str) -> Self {
        (self.end, self.severity) = ("http.request.failed", "ERROR");
        self.with("error.type", error_type)
    }

    fn cancelled(mut self, phase: &'static str) -> Self {
        (self.end, self.severity) = ("http.request.cancelled", "WARN");
        self.with("error.type", "cancelled").with("http.server.phase", phase)
    }

    fn with(mut self, key: &'static str, value: &'static str) -> Self {
        self.attributes.push((key, value));
        self
    }

    fn parent(mut self, parent: (&'static str, &'static str)) -> Self {
        self.parent = Some(parent);
        self
    }

    fn notes(mut self, notes: usize) -> Self {
        self.notes = notes;
        self
    }
}

pub(super) fn table() -> Vec<Row> {
    let mut rows = responses();
    rows.extend(endings());
    rows.extend(ids());
    rows.extend(requests());
    rows
}

fn responses() -> Vec<Row> {
    vec![
        get("a body of known length", "/hello").body("hello"),
        get("a route with a parameter", "/users/42").body("42").route("/users/{id}"),
        get("a nested route", "/api/orders/7").body("7").route("/api/orders/{id}"),
        get("a query stays out of the path", "/users/42?token=secret").body("42").route("/users/{id}"),
        get("no such route", "/nowhere").status(404).route(None),
        get("no such nested route", "/api/nowhere").status(404).route(None),
        get("a method the route doesn't have", "/hello").method("POST").status(405),
        get("a head request", "/hello").method("HEAD").body(""),
        get("an empty body", "/empty").body(""),
        get("no content", "/no-content").status(204).body(""),
        get("not modified", "/not-modified").status(304).body(""),
        get("a client's mistake", "/teapot").status(418).body("short and stout"),
        get("a chunked body", "/stream").size(11),
        get("a server's mistake", "/fails").status(500).body("sorry").failed("500"),
    ]
}

fn endings() -> Vec<Row> {
    vec![
        get("a handler that panics", "/panics")
            .header("x-request-id", "panic-1")
            .id("panic-1")
            .no_response()
            .failed("panic")
            .with("exception.message", "out of cheese"),
        get("a body that panics", "/stream-panics").size(4).failed("panic").with("exception.message", "out of chunks"),
        get("a body shorter than announced", "/short")
            .body("abcd")
            .failed("body")
            .with("exception.message", "ended after 4 of 10 bytes"),
        get("a body longer than announced", "/long").body("abcd"),
        get("a body that breaks", "/breaks").size(4).failed("body").with("exception.message", "the disk is gone"),
        get("a client that hangs up before the headers", "/hangs")
            .hangs_up(Client::HangsUpBeforeHeaders)
            .no_response()
            .cancelled("handler"),
        get("a client that hangs up during the body", "/drips")
            .hangs_up(Client::HangsUpAfter("drop"))
            .size(4)
            .cancelled("body"),
    ]
}

fn ids() -> Vec<Row> {
    let hello = |name| get(name, "/hello").body("hello");
    vec![
        hello("X-Request-ID").header("X-Request-ID", "req-42").id("req-42"),
        hello("X-Correlation-ID").header("X-Correlation-ID", "cor_7.a").id("cor_7.a"),
        hello("both, of which the request id wins")
            .header("x-correlation-id", "cor")
            .header("x-request-id", "req")
            .id("req"),
        hello("an invalid one beside a valid one")
            .header("x-request-id", "not ok")
            .header("x-correlation-id", "cor")
            .id("cor"),
        hello("128 characters").header("x-request-id", LONGEST).id(LONGEST),
        hello("10 kB").header("x-request-id", "x".repeat(10_000)),
        hello("a control character").header("x-request-id", "a\tb"),
        hello("a space").header("x-request-id", "a b"),
        hello("an empty one").header("x-request-id", ""),
        hello("not ASCII").header("x-request-id", "caf\u{e9}"),
        hello("not UTF-8").header("x-request-id", b"\xff\xfe"),
        hello("two of them").header("x-request-id", "a").header("x-request-id", "b"),
        get("the handler's own id gives way", "/own-id").body("hello").header("x-request-id", "req-1").id("req-1"),
        get("the extractor gives the same id", "/echo-id").body("req-2").header("x-request-id", "req-2").id("req-2"),
        get("an id on a 404", "/nowhere").status(404).route(None).header("x-request-id", "req-3").id("req-3"),
        get("an id on a 500", "/fails").status(500).body("sorry").failed("500").header("x-request-id", "e").id("e"),
        hello("a traceparent").header("traceparent", TRACEPARENT).parent(TRACE),
        hello("an invalid traceparent").header("traceparent", "00-zero-zero-01"),
        hello("two traceparents").header("traceparent", TRACEPARENT).header("traceparent", TRACEPARENT),
    ]
}

fn requests() -> Vec<Row> {
    vec![
        get("an event of the handler", "/notes").body("noted").notes(1),
        get("an event of the handler, with ids from outside", "/notes")
            .body("noted")
            .notes(1)
            .header("x-request-id", "req-9")
            .header("traceparent", TRACEPARENT)
            .id("req-9")
            .parent(TRACE),
        get("an event of a streaming body", "/stream-notes").size(4).notes(1),
        get("a method never heard of", "/hello")
            .method("BREW")
            .status(405)
            .with("http.request.method", "_OTHER")
            .with("http.request.method_original", "BREW"),
        get("a user agent", "/hello")
            .header("user-agent", "table/1.0")
            .body("hello")
            .with("user_agent.original", "table/1.0"),
        get("HTTP/1.0", "/hello").version("1.0").body("hello"),
        get("an absolute target", "http://example.com/hello").body("hello").route("/hello"),
    ]
}

const LONGEST: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\
                       0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABC._-";
