//! What a policy makes of an exchange, on every host.

mod cases;
mod open;
mod spans;

use axonpush::exchange::ExchangePolicy;
use axonpush_dev::StoredEvent;
use rig::PATIENCE;
use serde_json::{Value, json};
use tokio::time::timeout;

use self::cases::{cases, is_end};
use super::{
    apps::Framework,
    wire::{Connection, Response},
};

/// A request with these headers, one that nobody follows on its connection.
fn request(target: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut request = format!("GET {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
    for (name, value) in headers {
        request.extend([name, ": ", value, "\r\n"]);
    }
    (request + "\r\n").into_bytes()
}

/// The answer to one request, and all that was told of it, by identifier.
async fn ask(
    host: Framework,
    policy: ExchangePolicy,
    target: &str,
    headers: &[(&str, &str)],
) -> (Response, Vec<StoredEvent>) {
    let server = rig::server();
    let client = rig::client(&server);
    let script = async |address, stop| {
        let response = async { Connection::open(address, &request(target, headers)).await.read().await };
        let response = timeout(PATIENCE, response).await.unwrap();
        drop(stop);
        response
    };
    let (stopped, response) = host.serve_by(policy, &client, PATIENCE, script).await;
    assert!(stopped.is_complete(), "{host:?}: {stopped:?}");
    let mut events = server.events();
    events.sort_by(|a, b| a.identifier.cmp(&b.identifier));
    (response, events)
}

fn find<'a>(events: &'a [StoredEvent], identifier: &str) -> &'a StoredEvent {
    let found: Vec<_> = events.iter().filter(|event| event.identifier == identifier).collect();
    let [event] = found.as_slice() else { panic!("{identifier} in {events:?}") };
    event
}

/// An event of the exchange has what is bound among its attributes, one of the app in its metadata.
fn bound<'a>(event: &'a StoredEvent, key: &str) -> Option<&'a Value> {
    event.attribute(key).or_else(|| event.metadata.as_ref()?.get(key))
}

#[tokio::test]
async fn every_policy_is_kept_to_by_every_host() {
    for case in cases() {
        for host in Framework::ALL {
            let what = format!("{host:?}: {}", case.name);
            let (response, events) = ask(host, case.policy.clone(), case.target, &case.headers).await;
            let told: Vec<_> = events.iter().map(|event| event.identifier.as_str()).collect();
            assert_eq!(told, case.told, "{what}");
            let [id] = response.request_ids.as_slice() else { panic!("{what}: {response:?}") };
            match case.id {
                Some(expected) => assert_eq!(id, expected, "{what}"),
                None => assert_eq!(id.len(), 36, "{what}"),
            }
            for event in &events {
                assert_eq!(bound(event, "request.id"), Some(&json!(id)), "{what}: {event:?}");
                assert_eq!(event.parent_span_id.as_deref(), case.parent, "{what}: {event:?}");
            }
            let Some(end) = events.iter().find(|event| is_end(event)) else {
                assert!(case.end.is_empty() && case.severity.is_none(), "{what}");
                continue;
            };
            for (key, value) in &case.end {
                assert_eq!(end.attribute(key).unwrap_or(&Value::Null), value, "`{key}` of {what}");
            }
            if let Some(severity) = case.severity {
                assert_eq!(end.payload["severityText"], severity, "{what}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_bound_is_on_every_later_event_and_what_is_set_on_the_end_alone() {
    for host in Framework::ALL {
        let (_, events) = ask(host, ExchangePolicy::new(), "/told", &[]).await;
        let told = |identifier: &str| {
            let event = find(&events, identifier);
            [bound(event, "tenant").cloned(), bound(event, "cart.items").cloned()]
        };
        assert_eq!(told("http.request.started"), [None, None], "{host:?}");
        assert_eq!(told("app.note"), [Some(json!("acme")), None], "{host:?}");
        assert_eq!(told("http.request.completed"), [Some(json!("acme")), Some(json!(3))], "{host:?}");
    }
}
