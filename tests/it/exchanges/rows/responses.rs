//! What handlers answer.

use super::{super::apps::Framework, Row, get};

pub(super) fn rows() -> Vec<Row> {
    [plain(), empty(), streams(), refusals()].concat()
}

fn plain() -> Vec<Row> {
    vec![
        get("a body of known length", "/hello").body("hello"),
        get("a route with a parameter", "/users/42").body("42").route("/users/{id}"),
        get("a nested route", "/api/orders/7").body("7").route("/api/orders/{id}"),
        get("a mebibyte", "/large").body("x".repeat(1 << 20)),
        get("a client's mistake", "/teapot").status(418).body("short and stout"),
        get("a server's mistake", "/fails").status(500).body("sorry").failed("500"),
        get("a handler that gives up waiting", "/times-out").status(504).body("too late").failed("504"),
        get("a redirect", "/moved").status(303).body(""),
        get("a connection that is upgraded", "/upgrade")
            .header("connection", "upgrade")
            .header("upgrade", "raw")
            // What follows is no exchange.
            .status(101),
    ]
}

fn empty() -> Vec<Row> {
    vec![
        get("an empty body", "/empty").body(""),
        get("no content", "/no-content").status(204).body(""),
        // actix-web sends such a body, against the RFC.
        get("no content, and a body all the same", "/no-content-body").status(204),
        get("not modified", "/not-modified").status(304).body(""),
        get("not modified, and a body all the same", "/not-modified-body").status(304),
        get("a head request", "/hello").method("HEAD").body(""),
        get("a head request to a stream", "/stream").method("HEAD").body(""),
        get("a head request to a stream without end", "/drips").method("HEAD").body("").only(
            &[Framework::Axum, Framework::Hyper],
            "actix-web runs the stream to its end, and sends nothing of it",
        ),
        get("a head request to nowhere", "/nowhere").method("HEAD").status(404).route(None).body(""),
    ]
}

fn streams() -> Vec<Row> {
    vec![
        get("a body in pieces", "/stream").body("onetwothree"),
        get("a chunked answer to HTTP/1.0, which knows no chunks", "/stream").version("1.0").body("onetwothree"),
        get("a stream of announced length", "/exact").body("onetwothree"),
        get("a stream of nothing", "/empty-stream").body(""),
        get("a stream that takes its time", "/slow").body("onetwothree"),
        get("a mebibyte in pieces", "/large-stream").body("x".repeat(1 << 20)),
        get("events, until the server has no more", "/sse").body("data: tick\n\ndata: tock\n\n"),
        get("trailers", "/trailers")
            .header("te", "trailers")
            .body("part")
            .only(&[Framework::Axum, Framework::Hyper], "actix-web sends none"),
    ]
}

fn refusals() -> Vec<Row> {
    vec![
        get("no such route", "/nowhere").status(404).route(None),
        get("no such nested route", "/api/nowhere").status(404).route(None),
        get("a method the route doesn't have", "/hello").method("POST").status(405),
        get("a route that wants a method to send with", "/echo").status(405),
        get("a body too long for its route", "/small")
            .method("POST")
            .header("content-length", "17")
            .sends("seventeen letters")
            .status(413)
            .own_words(),
        get("a body of a type its route can't read", "/form")
            .method("POST")
            .header("content-type", "text/plain")
            .header("content-length", "2")
            .sends("{}")
            .status(415)
            .own_words(),
    ]
}
