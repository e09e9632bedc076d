//! Runs the table against both frameworks, over sockets.

use std::net::SocketAddr;

use axonpush::AxonPush;
use axonpush_dev::{DevServer, StoredEvent};
use rig::PATIENCE;
use serde_json::{Value, json};

use super::{
    apps::Framework,
    rows::{Client, Id, Row, table},
    wire::{Connection, Response},
};

#[tokio::test]
async fn every_exchange_is_reported_alike_by_axum_and_actix() {
    let mut told = Vec::new();
    for framework in Framework::ALL {
        let server = rig::server();
        let client = rig::client(&server);
        let (stopped, events) = framework
            .serve(&client, PATIENCE, async |address, stop| {
                let mut events = Vec::new();
                for row in table() {
                    events.push(told_of(&row, framework, address, &server, &client).await);
                }
                drop(stop);
                events
            })
            .await;
        assert!(stopped.is_complete(), "{framework:?}: {stopped:?}");
        assert_eq!(client.stats().lost().total(), 0);
        told.push(events);
    }
    for ((row, axum), actix) in table().iter().zip(&told[0]).zip(&told[1]) {
        assert_eq!(axum, actix, "{}: axum on the left, actix on the right", row.name);
    }
}

/// Makes the exchange, checks what is told of it, and returns that without what differs from run to run.
async fn told_of(
    row: &Row,
    framework: Framework,
    address: SocketAddr,
    server: &DevServer,
    client: &AxonPush,
) -> Vec<Value> {
    let before = server.len();
    let response = exchange(row, address, server).await;
    server.wait_for_events(before + 2 + row.notes, PATIENCE).await;
    // Whatever else it published has been accepted by now, and is delivered by a flush.
    assert!(client.flush(PATIENCE).await.is_complete());
    let events = server.events().split_off(before);
    let told: Vec<_> = events.iter().map(|event| event.identifier.as_str()).collect();
    let what = format!("{framework:?}: {}: {told:?}, {response:?}", row.name);

    assert_eq!(events.len(), 2 + row.notes, "{what}");
    let find = |identifier: &str| events.iter().find(|event| event.identifier == identifier);
    let (Some(start), Some(end)) = (find("http.request.started"), find(row.end)) else { panic!("{what}") };
    check_response(row, &response, end, &what);
    check_end(row, end, &what);
    check_ids(row, &events, &what);
    for event in [start, end] {
        assert_eq!(event.metadata.as_ref().map(|metadata| &metadata["framework"]), Some(&json!(framework.name())));
        assert_eq!(event.event_type, "app.log");
    }
    assert_eq!(start.payload["severityText"], "DEBUG", "{what}");
    assert_eq!(start.attribute("http.response.status_code"), None, "{what}");

    let mut told: Vec<_> = events.iter().map(comparable).collect();
    told.sort_by_key(|event| event["identifier"].to_string());
    told
}

async fn exchange(row: &Row, address: SocketAddr, server: &DevServer) -> Response {
    let mut request = format!("{} {} HTTP/{}\r\nhost: localhost\r\n", row.method, row.target, row.version).into_bytes();
    for (name, value) in &row.headers {
        request.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    request.extend(b"connection: close\r\n\r\n");
    let before = server.len();
    let mut connection = Connection::open(address, &request).await;
    match row.client {
        Client::Reads => connection.read().await,
        Client::HangsUpBeforeHeaders => {
            // The start event says that the request is being handled.
            server.wait_for_events(before + 1, PATIENCE).await;
            Response::default()
        }
        Client::HangsUpAfter(text) => connection.read_until(text).await,
    }
}

fn check_response(row: &Row, response: &Response, end: &StoredEvent, what: &str) {
    assert_eq!(response.status, row.status, "{what}");
    if let Some(body) = row.body {
        assert_eq!(response.body, body, "{what}");
    }
    if row.status.is_some() {
        let id = end.attribute("request.id").and_then(Value::as_str).unwrap_or_default();
        assert_eq!(response.request_ids, [id], "{what}");
    }
}

fn check_end(row: &Row, end: &StoredEvent, what: &str) {
    let path = row.target.trim_start_matches("http://example.com");
    let mut expected = vec![
        ("http.request.method", Some(json!(row.method))),
        ("url.path", Some(json!(path.split('?').next()))),
        ("url.scheme", Some(json!("http"))),
        ("network.protocol.version", Some(json!(row.version))),
        ("client.address", Some(json!("127.0.0.1"))),
        ("http.route", row.route.map(|route| json!(route))),
        ("http.response.status_code", row.status.map(|status| json!(status))),
        ("http.response.body.size", Some(json!(row.size))),
        ("error.type", None),
        ("exception.message", None),
        ("user_agent.original", None),
    ];
    for (key, value) in &row.attributes {
        expected.retain(|(known, _)| known != key);
        expected.push((key, Some(json!(value))));
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

/// An event without times, fresh ids and the framework's name.
fn comparable(event: &StoredEvent) -> Value {
    let (mut payload, mut metadata) = (event.payload.clone(), event.metadata.clone());
    let forget = |object: Option<&mut Value>, keys: &[&str]| {
        if let Some(object) = object.and_then(Value::as_object_mut) {
            object.retain(|key, _| !keys.contains(&key.as_str()));
        }
    };
    let measured = ["http.server.request.duration", "http.server.time_to_headers", "request.id"];
    forget(payload.get_mut("attributes"), &measured);
    forget(Some(&mut payload), &["timeUnixNano"]);
    forget(metadata.as_mut(), &["framework", "request.id"]);
    json!({
        "identifier": event.identifier,
        "event_type": event.event_type,
        "parent_span_id": event.parent_span_id,
        "payload": payload,
        "metadata": metadata,
    })
}
