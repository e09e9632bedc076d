//! The official Python SDK takes the dev server for the service.

use std::path::Path;
use std::process::Command;

use axonpush_dev::{Answer, DevServer, StoredEvent};
use rig::{python::python, server};
use serde_json::{Value, json};

#[test]
fn the_official_python_sdk_takes_the_dev_server_for_the_service() {
    let python = python("python-sdk", &["axonpush==0.0.19"]);
    let (server, receiver) = (server(), server());
    // A webhook has no key, so the receiver would refuse it.
    receiver.script(Answer::status(200));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("it/python_sdk.py");
    let hook = format!("{}/event", receiver.url());
    let output = Command::new(&python).arg(script).args([server.url(), &hook]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let never: Vec<String> = serde_json::from_slice(&output.stdout).unwrap();
    let known = |name: &String| NEVER_ASKED.iter().any(|known| name.starts_with(known));
    assert!(never.iter().all(known), "never asked for: {never:?}");
    check_published(&server);
    check_webhook(&receiver);
}

fn check_published(server: &DevServer) {
    let named = |name: &str| -> StoredEvent {
        let mut found = server.find_events(|event| event.identifier == name);
        assert_eq!(found.len(), 1, "{name}");
        found.remove(0)
    };
    let placed = named("order.placed");
    assert_eq!((placed.event_type.as_str(), placed.agent_id.as_deref()), ("agent.start", Some("checkout")));
    assert_eq!(placed.payload["total"], json!(42));
    assert_eq!(placed.header("x-axonpush-trace-id"), placed.trace_id.as_deref());
    let logged = named("shop.pay");
    assert_eq!(logged.event_type, "app.log");
    assert_eq!(
        (&logged.payload["severityText"], &logged.payload["body"]),
        (&json!("WARN"), &json!("card 17 declined"))
    );
    assert_eq!(logged.attribute("order"), Some(&json!("o-1")));
    assert_eq!(logged.resource("service.name"), Some(&json!("shop")));
}

fn check_webhook(receiver: &DevServer) {
    let delivered = receiver.requests();
    let delivered = delivered.iter().find(|request| request.header("x-axonpush-signature").is_some()).unwrap();
    let body: Value = serde_json::from_slice(&delivered.body).unwrap();
    assert_eq!((&body["identifier"], &body["eventType"]), (&json!("order.placed"), &json!("agent.start")));
}

/// What the script has other ways to ask for, what only the hosted service has, and what would take the organization away
/// from under the rest.
const NEVER_ASKED: [&str; 9] = [
    "admin.",
    "billing.",
    "moderation.moderation_efficacy",
    "moderation.moderation_violations_list",
    "apps.",
    "channels.",
    "webhooks.",
    "organization.organization_delete",
    "organization.organization_members_remove",
];
