//! What clients send.

use super::{Client, Row, get};

pub(super) fn rows() -> Vec<Row> {
    [lines(), queries(), agents(), bodies()].concat()
}

fn lines() -> Vec<Row> {
    let other = |row: Row, method| {
        row.method(method)
            .status(405)
            .with("http.request.method", "_OTHER")
            .with("http.request.method_original", method)
    };
    vec![
        other(get("a method never heard of", "/hello"), "BREW"),
        other(get("a method in small letters", "/hello"), "get"),
        other(get("a method of an extension", "/hello"), "PROPFIND"),
        get("HTTP/1.0", "/hello").version("1.0").body("hello"),
        get("an absolute target", "http://example.com/hello").body("hello").route("/hello"),
        get("control characters in the path, encoded", "/users/%00%1B%0d%0a").body("\0\u{1b}\r\n").route("/users/{id}"),
        get("text that turns the path around, encoded", "/users/%E2%80%AEdrowssap")
            .body("\u{202e}drowssap")
            .route("/users/{id}"),
        get("a path that is not UTF-8, encoded", "/nowhere/%ff%fe").status(404).route(None),
        get("a path that climbs", "/api/../../etc/passwd").status(404).route(None),
        get("two slashes", "//hello").status(404).route(None),
        get("a path of 4 kB, of which the beginning is told", LONG_PATH)
            .status(404)
            .route(None)
            .with("url.path", &LONG_PATH[..2048]),
    ]
}

fn queries() -> Vec<Row> {
    let query =
        |name, target, told: &'static str| get(name, target).body("42").route("/users/{id}").with("url.query", told);
    vec![
        query("a query, of which the values are masked", "/users/42?token=secret", "token=[REDACTED]"),
        query("a name that comes twice", "/users/42?a=1&a=2", "a=[REDACTED]&a=[REDACTED]"),
        query("a value without a name", "/users/42?secret", "[REDACTED]"),
        query("a value with everything in it", "/users/42?a=b=c?d/e&", "a=[REDACTED]&"),
        query("encoded names", "/users/42?%00%0a=x&caf%C3%A9=y", "%00%0a=[REDACTED]&caf%C3%A9=[REDACTED]"),
        query("an empty query", "/users/42?", ""),
    ]
}

fn agents() -> Vec<Row> {
    let hello = |name| get(name, "/hello").body("hello");
    vec![
        hello("a user agent").header("user-agent", "table/1.0").with("user_agent.original", "table/1.0"),
        hello("a user agent of 64 kB, of which the beginning is told")
            .header("user-agent", "x".repeat(64 << 10))
            .with("user_agent.original", "x".repeat(2048)),
        hello("a user agent that is not UTF-8")
            .header("user-agent", b"table/\xff")
            .with("user_agent.original", "table/\u{fffd}"),
        hello("two user agents, of which none is believed").header("user-agent", "a").header("user-agent", "b"),
        hello("a client's word on who it is")
            .header("x-forwarded-for", "192.0.2.1")
            .header("forwarded", "for=192.0.2.1"),
    ]
}

fn bodies() -> Vec<Row> {
    let echo = |name| get(name, "/echo").method("POST").body("a body");
    vec![
        echo("a body that comes at once").header("content-length", "6").sends("a body"),
        echo("a body that comes in chunks")
            .header("transfer-encoding", "chunked")
            .sends("2\r\na \r\n4\r\nbody\r\n0\r\n\r\n"),
        echo("a body that comes in chunks, with a trailer")
            .header("transfer-encoding", "chunked")
            .header("trailer", "x-checksum")
            .sends("6\r\na body\r\n0\r\nx-checksum: 42\r\n\r\n"),
        echo("a body that waits to be asked for")
            .header("expect", "100-continue")
            .header("content-length", "6")
            .sends("a body")
            .client(Client::WaitsToContinue),
        get("a body nobody reads", "/ignores")
            .method("POST")
            .header("content-length", "6")
            .sends("a body")
            .body("not read"),
    ]
}

const LONG_PATH: &str = match std::str::from_utf8(&[b'/'; 4096]) {
    Ok(path) => path,
    Err(_) => "",
};
