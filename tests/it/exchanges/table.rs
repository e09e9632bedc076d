//! Runs the table against every host, over sockets.

use std::{net::SocketAddr, panic::AssertUnwindSafe};

use axonpush::AxonPush;
use axonpush_dev::{DevServer, StoredEvent};
use futures_util::FutureExt as _;
use rig::PATIENCE;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{
    apps::Framework,
    rows::{Client, Id, Row, Size, table},
    wire::{Connection, Response},
};

#[tokio::test]
async fn every_exchange_is_reported_alike_by_axum_plain_hyper_and_actix() {
    let table = table();
    let mut told = vec![Vec::new(); table.len()];
    let mut failed = Vec::new();
    // A few rows a server, as every row reads all that its server was told.
    for (rows, told) in table.chunks(16).zip(told.chunks_mut(16)) {
        for host in Framework::ALL {
            let server = rig::server();
            let client = rig::client(&server);
            let script = async |address, stop| {
                for (row, told) in rows.iter().zip(&mut *told).filter(|(row, _)| row.hosts.contains(&host)) {
                    let row = AssertUnwindSafe(told_of(row, host, address, &server, &client));
                    match row.catch_unwind().await {
                        Ok(events) => told.push((host, events)),
                        // The message has been printed; the other rows are of interest too.
                        Err(_) => failed.push(host),
                    }
                }
                drop(stop);
            };
            let (stopped, ()) = host.serve(&client, PATIENCE, script).await;
            assert!(stopped.is_complete(), "{host:?}: {stopped:?}");
            assert_eq!(client.stats().lost().total(), 0);
        }
    }
    assert!(failed.is_empty(), "rows that failed: {failed:?}");
    for (row, told) in table.iter().zip(&told) {
        assert_eq!(told.len(), row.hosts.len());
        let (first, events) = &told[0];
        for (host, others) in &told[1..] {
            assert_eq!(events, others, "{}: {first:?} on the left, {host:?} on the right", row.name);
        }
    }
}

#[test]
fn every_row_of_the_table_has_a_name_of_its_own() {
    let names: Vec<_> = table().iter().map(|row| row.name).collect();
    let distinct: std::collections::HashSet<_> = names.iter().collect();
    assert_eq!(distinct.len(), names.len());
}

/// Makes the exchange, checks what is told of it, and returns that without what differs from run to run.
async fn told_of(row: &Row, host: Framework, address: SocketAddr, server: &DevServer, client: &AxonPush) -> Vec<Value> {
    let before = server.len();
    let response = exchange(row, address, server).await;
    server.wait_for_events(before + 2 + row.notes, PATIENCE).await;
    // Whatever else it published has been accepted by now, and is delivered by a flush.
    assert!(client.flush(PATIENCE).await.is_complete());
    let events = server.events().split_off(before);
    let told: Vec<_> = events.iter().map(|event| event.identifier.as_str()).collect();
    let what = format!("{host:?}: {}: {told:?}, {response:?}", row.name);

    assert_eq!(events.len(), 2 + row.notes, "{what}");
    let find = |identifier: &str| events.iter().find(|event| event.identifier == identifier);
    let (Some(start), Some(end)) = (find("http.request.started"), find(row.end)) else { panic!("{what}") };
    check_response(row, &response, end, &what);
    check_end(row, host, &response, end, &what);
    check_ids(row, &events, &what);
    for event in [start, end] {
        assert_eq!(event.metadata.as_ref().map(|metadata| &metadata["framework"]), Some(&json!(host.name())));
        assert_eq!(event.event_type, "app.log");
    }
    assert_eq!(start.payload["severityText"], "DEBUG", "{what}");
    assert_eq!(start.attribute("http.response.status_code"), None, "{what}");

    let mut told: Vec<_> = events.iter().map(|event| comparable(row, event)).collect();
    told.sort_by_key(|event| event["identifier"].to_string());
    told
}

async fn exchange(row: &Row, address: SocketAddr, server: &DevServer) -> Response {
    let mut request = format!("{} {} HTTP/{}\r\nhost: localhost\r\n", row.method, row.target, row.version).into_bytes();
    for (name, value) in &row.headers {
        request.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    if !row.headers.iter().any(|(name, _)| *name == "connection") {
        request.extend(b"connection: close\r\n");
    }
    request.extend(b"\r\n");
    if row.client != Client::WaitsToContinue {
        request.extend(row.sends.as_bytes());
    }
    let before = server.len();
    let mut connection = Connection::open(address, &request).await;
    let answer = answered(row, &mut connection, before, server);
    timeout(PATIENCE, answer).await.unwrap_or_else(|_| panic!("{}: the connection never ended", row.name))
}

/// The response, and what the client does to get it or not.
async fn answered(row: &Row, connection: &mut Connection, before: usize, server: &DevServer) -> Response {
    match row.client {
        Client::Reads => connection.read().await,
        Client::WaitsToContinue => {
            connection.read_until("HTTP/1.1 100 Continue\r\n\r\n").await;
            connection.write(row.sends.as_bytes()).await;
            connection.read().await
        }
        Client::HangsUpBeforeHeaders => {
            // The start event says that the request is being handled.
            server.wait_for_events(before + 1, PATIENCE).await;
            Response::default()
        }
        Client::HangsUpAfter(text) => connection.read_until(text).await,
    }
}

fn check_response(row: &Row, response: &Response, end: &StoredEvent, what: &str) {
    assert_eq!(response.status, row.status.filter(|_| row.heard), "{what}");
    if let Some(body) = &row.body {
        assert!(response.body == *body, "{what}");
    }
    if row.heard {
        let id = end.attribute("request.id").and_then(Value::as_str).unwrap_or_default();
        assert_eq!(response.request_ids, [id], "{what}");
    }
}

fn check_end(row: &Row, host: Framework, response: &Response, end: &StoredEvent, what: &str) {
    let route = row.route.filter(|_| host.knows_routes());
    let size = match row.size {
        Size::Is(size) => size,
        Size::AsHeard => response.body.len() as u64,
    };
    let path = row.target.trim_start_matches("http://example.com");
    let mut expected = vec![
        ("http.request.method", Some(json!(row.method))),
        ("url.path", Some(json!(path.split('?').next()))),
        ("url.scheme", Some(json!("http"))),
        ("network.protocol.version", Some(json!(row.version))),
        ("client.address", Some(json!("127.0.0.1"))),
        ("http.route", route.map(|route| json!(route))),
        ("http.response.status_code", row.status.map(|status| json!(status))),
        ("http.response.body.size", Some(json!(size))),
        ("error.type", None),
        ("exception.message", None),
        ("user_agent.original", None),
        ("url.query", None),
    ];
    for (key, value) in &row.attributes {
        expected.retain(|(known, _)| known != key);
        expected.push((key, Some(value.clone())));
    }
    for (key, value) in expected {
        assert_eq!(end.attribute(key), value.as_ref(), "`{key}` of {what}");
    }
    let duration = end.attribute("http.server.request.duration").and_then(Value::as_f64);
    assert!(duration.is_some_and(|seconds| (0.0..PATIENCE.as_secs_f64()).contains(&seconds)), "{what}");
    let to_headers = end.attribute("http.server.time_to_headers").and_then(Value::as_f64);
    assert_eq!(to_headers.is_some(), row.status.is_some(), "{what}");
    assert!(to_headers <= duration, "{what}");
    assert_eq!(end.payload["severityText"], row.severity, "{what}");
    let method = end.attribute("http.request.method").and_then(Value::as_str).unwrap_or_default();
    let status = row.status.map(|status| format!(" {status}")).unwrap_or_default();
    assert_eq!(end.payload["body"], format!("{method} {}{status}", route.unwrap_or("(no route)")), "{what}");
}

/// Every event of the exchange carries its ids, the app's own included.
fn check_ids(row: &Row, events: &[StoredEvent], what: &str) {
    let first = &events[0];
    let id = request_id(first);
    match row.id {
        Id::Sent(sent) => assert_eq!(id, Some(sent), "{what}"),
        Id::Fresh => assert_eq!(id.map(str::len), Some(36), "a fresh uuid for {what}"),
    }
    for event in events {
        assert_eq!(request_id(event), id, "{what}");
        assert_eq!((&event.trace_id, &event.span_id), (&first.trace_id, &first.span_id), "{what}");
        assert_eq!(event.parent_span_id.as_deref(), row.parent.map(|(_, span)| span), "{what}");
    }
    match row.parent {
        Some((trace, _)) => assert_eq!(first.trace_id.as_deref(), Some(trace), "{what}"),
        None => assert_eq!(first.trace_id.as_deref().map(str::len), Some(32), "{what}"),
    }
    assert_eq!(first.span_id.as_deref().map(str::len), Some(16), "{what}");
}

/// An event of the exchange has it among its attributes, one of the app in its metadata.
fn request_id(event: &StoredEvent) -> Option<&str> {
    event.attribute("request.id").or_else(|| event.metadata.as_ref()?.get("request.id"))?.as_str()
}

/// An event without times, fresh ids, the framework's name and words, and what only routers know: all of that is
/// checked by itself.
fn comparable(row: &Row, event: &StoredEvent) -> Value {
    let (mut payload, mut metadata) = (event.payload.clone(), event.metadata.clone());
    let forget = |object: Option<&mut Value>, keys: &[&str]| {
        if let Some(object) = object.and_then(Value::as_object_mut) {
            object.retain(|key, _| !keys.contains(&key.as_str()));
        }
    };
    let measured = ["http.server.request.duration", "http.server.time_to_headers", "request.id", "http.route"];
    forget(payload.get_mut("attributes"), &measured);
    if row.size == Size::AsHeard {
        forget(payload.get_mut("attributes"), &["http.response.body.size"]);
    }
    forget(Some(&mut payload), &["timeUnixNano", "body"]);
    forget(metadata.as_mut(), &["framework", "request.id"]);
    json!({
        "identifier": event.identifier,
        "event_type": event.event_type,
        "parent_span_id": event.parent_span_id,
        "payload": payload,
        "metadata": metadata,
    })
}
