//! Which ids of a client are taken over.

use super::{Row, get};

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const TRACE: (&str, &str) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");

pub(super) fn rows() -> Vec<Row> {
    [accepted(), refused(), everywhere(), continued(), not_continued()].concat()
}

fn hello(name: &'static str) -> Row {
    get(name, "/hello").body("hello")
}

fn accepted() -> Vec<Row> {
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
        hello("two of them beside a valid one")
            .header("x-request-id", "a")
            .header("x-request-id", "b")
            .header("x-correlation-id", "cor")
            .id("cor"),
        hello("space around it, which is no part of it").header("x-request-id", "  req-5\t ").id("req-5"),
        hello("128 characters").header("x-request-id", LONGEST).id(LONGEST),
    ]
}

fn refused() -> Vec<Row> {
    vec![
        hello("129 characters").header("x-request-id", format!("{LONGEST}x")),
        hello("10 kB").header("x-request-id", "x".repeat(10_000)),
        hello("a control character").header("x-request-id", "a\tb"),
        hello("a space").header("x-request-id", "a b"),
        hello("an empty one").header("x-request-id", ""),
        hello("not ASCII").header("x-request-id", "caf\u{e9}"),
        hello("not UTF-8").header("x-request-id", b"\xff\xfe"),
        hello("two of them").header("x-request-id", "a").header("x-request-id", "b"),
        hello("two correlation ids").header("x-correlation-id", "a").header("x-correlation-id", "b"),
    ]
}

fn everywhere() -> Vec<Row> {
    vec![
        get("the handler's own id gives way", "/own-id").body("hello").header("x-request-id", "req-1").id("req-1"),
        get("the extractor gives the same id", "/echo-id").body("req-2").header("x-request-id", "req-2").id("req-2"),
        get("an id on a 404", "/nowhere").status(404).route(None).header("x-request-id", "req-3").id("req-3"),
        get("an id on a 500", "/fails").status(500).body("sorry").failed("500").header("x-request-id", "e").id("e"),
        get("an event of the handler", "/notes").body("noted").notes(1),
        get("an event of the handler, with ids from outside", "/notes")
            .body("noted")
            .notes(1)
            .header("x-request-id", "req-9")
            .header("traceparent", TRACEPARENT)
            .id("req-9")
            .parent(TRACE),
        get("an event of a streaming body", "/stream-notes").body("told").notes(1),
    ]
}

fn continued() -> Vec<Row> {
    vec![
        hello("a traceparent").header("traceparent", TRACEPARENT).parent(TRACE),
        hello("one that is not sampled").header("traceparent", TRACEPARENT.replace("b7-01", "b7-00")).parent(TRACE),
        hello("flags of the future").header("traceparent", TRACEPARENT.replace("b7-01", "b7-ff")).parent(TRACE),
        hello("a version of the future, and more of it")
            .header("traceparent", format!("cc{}-more", &TRACEPARENT[2..]))
            .parent(TRACE),
        hello("space around a traceparent").header("traceparent", format!(" {TRACEPARENT} ")).parent(TRACE),
    ]
}

fn not_continued() -> Vec<Row> {
    vec![
        hello("an invalid traceparent").header("traceparent", "00-zero-zero-01"),
        hello("an empty traceparent").header("traceparent", ""),
        hello("a traceparent in capitals").header("traceparent", TRACEPARENT.to_uppercase()),
        hello("a traceparent with more than its version has").header("traceparent", format!("{TRACEPARENT}-more")),
        hello("a version that is none").header("traceparent", format!("ff{}", &TRACEPARENT[2..])),
        hello("a trace of zeros").header("traceparent", TRACEPARENT.replace(TRACE.0, &"0".repeat(32))),
        hello("a span of zeros").header("traceparent", TRACEPARENT.replace(TRACE.1, &"0".repeat(16))),
        hello("10 kB of traceparent").header("traceparent", format!("{TRACEPARENT}{}", "0".repeat(10_000))),
        hello("a traceparent that is not UTF-8").header("traceparent", [b'\xff'; 55]),
        hello("two traceparents").header("traceparent", TRACEPARENT).header("traceparent", TRACEPARENT),
    ]
}

const LONGEST: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\
                       0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABC._-";
