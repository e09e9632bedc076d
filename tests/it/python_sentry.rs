//! Sentry's official Python SDK, pointed at the dev server by its DSN alone.

use std::path::Path;
use std::process::Command;

use axonpush_dev::StoredEvent;
use rig::{python::python, server};
use serde_json::json;

#[test]
fn what_sentrys_python_sdk_sends_becomes_events() {
    let python = python("python-sentry", &["sentry-sdk==2.75.0"]);
    let server = server();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("it/python_sentry.py");
    // The SDK takes no project but a number.
    let dsn = format!("http://ak_test@{}/17", server.addr());
    let output = Command::new(&python).arg(script).arg(dsn).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let found = |wanted: &dyn Fn(&StoredEvent) -> bool| {
        let mut found = server.find_events(wanted);
        assert_eq!(found.len(), 1, "{:?}", server.events().iter().map(|event| &event.identifier).collect::<Vec<_>>());
        found.remove(0)
    };
    let raised = found(&|event| event.event_type == "agent.error");
    assert_eq!((raised.identifier.as_str(), raised.channel_id.as_str()), ("checkout", "17"));
    assert_eq!((raised.source.as_str(), raised.environment_id.as_deref()), ("sentry", Some("staging")));
    for (name, value) in [("exception.type", "KeyError"), ("region", "eu"), ("user.id", "u1")] {
        assert_eq!(raised.attribute(name), Some(&json!(value)), "{name}");
    }
    assert_eq!(raised.resource("service.version"), Some(&json!("shop@1.2")));
    let stack = raised.payload["stack"].as_array().unwrap();
    assert!(stack[0]["file"].as_str().unwrap().ends_with("python_sentry.py"));
    let crumbs = raised.payload["breadcrumbs"].as_array().unwrap();
    assert!(crumbs.iter().any(|crumb| crumb["message"] == "loaded"));

    let root = found(&|event| event.event_type == "app.span" && event.identifier == "checkout");
    let span = found(&|event| event.identifier == "SELECT 1");
    assert_eq!(span.parent_span_id, root.span_id);
    assert_eq!((&span.trace_id, &raised.trace_id), (&root.trace_id, &root.trace_id));
    let logged = found(&|event| event.identifier == "shop.pay");
    assert_eq!(
        (&logged.payload["body"], &logged.payload["severityText"]),
        (&json!("card 17 declined"), &json!("ERROR"))
    );
    let said = found(&|event| event.payload["body"] == "hello from sentry");
    assert_eq!(said.payload["severityText"], "WARN");
}
