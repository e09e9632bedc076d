//! Exchanges that don't come to the end they were meant to.

use super::{Client, Row, get};

pub(super) fn rows() -> Vec<Row> {
    [panics(), bodies(), hang_ups()].concat()
}

fn panics() -> Vec<Row> {
    vec![
        get("a handler that panics", "/panics")
            .header("x-request-id", "panic-1")
            .id("panic-1")
            .no_response()
            .failed("panic")
            .with("exception.message", "out of cheese"),
        get("a panic that says nothing", "/panics-in-numbers").no_response().failed("panic"),
        get("a body that panics", "/stream-panics").size(4).failed("panic").with("exception.message", "out of chunks"),
        get("a body that panics at once", "/stream-panics-at-once")
            .unheard()
            .failed("panic")
            .with("exception.message", "no chunks at all"),
    ]
}

fn bodies() -> Vec<Row> {
    vec![
        get("a body shorter than announced", "/short")
            .body("abcd")
            .failed("body")
            .with("exception.message", "ended after 4 of 10 bytes"),
        get("a body longer than announced", "/long").body("abcd"),
        get("a body that breaks", "/breaks").size(4).failed("body").with("exception.message", "the disk is gone"),
        get("a body that breaks at once", "/breaks-at-once")
            .unheard()
            .failed("body")
            .with("exception.message", "there is no disk"),
    ]
}

fn hang_ups() -> Vec<Row> {
    vec![
        get("a client that hangs up before the headers", "/hangs")
            .client(Client::HangsUpBeforeHeaders)
            .no_response()
            .cancelled("handler"),
        get("a client that hangs up during the body", "/drips")
            .client(Client::HangsUpAfter("drop"))
            .size(4)
            .cancelled("body"),
        get("events, until the client has enough", "/sse-for-ever")
            .client(Client::HangsUpAfter("tock"))
            .size(24)
            .cancelled("body"),
    ]
}
