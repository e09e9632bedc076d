//! OpenTelemetry's own exporter, that of Python, sends to the dev server what its SDK recorded.

use std::{path::Path, process::Command};

use axonpush::{EventQuery, Source, StoredEvent};
use rig::{client, python::python, server};
use serde_json::{Value, json};

const PACKAGE: &str = "opentelemetry-exporter-otlp-proto-http==1.38.0";

#[test]
fn what_pythons_sdk_recorded_is_read_back_as_it_was() {
    let python = python("python-otel", &[PACKAGE]);
    for compression in ["none", "gzip"] {
        let server = server();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("it/python_otlp.py");
        let output = Command::new(&python).arg(script).args([server.url(), compression]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let recorded: Value = serde_json::from_slice(&output.stdout).unwrap();

        let client = client(&server);
        let found = client.blocking().events().search(EventQuery::new().source(Source::Otlp)).unwrap();
        let of = |kind: &str, shown: fn(&StoredEvent) -> Value| {
            let events = found.iter().filter(|event| event.event_type.as_str() == kind);
            sorted(events.map(shown).collect())
        };
        let list = |name: &str| sorted(recorded[name].as_array().unwrap().clone());
        assert_eq!(of("app.span", span), list("spans"));
        assert_eq!(of("app.log", log), list("logs"));
        for event in &found {
            let resource = &event.payload["resource"];
            assert_eq!((&resource["service.name"], &resource["service.version"]), (&json!("shop"), &json!("1.0")));
            assert_eq!(resource["telemetry.sdk.language"], "python");
        }
    }
}

fn sorted(mut all: Vec<Value>) -> Vec<Value> {
    all.sort_by_key(Value::to_string);
    all
}

fn span(event: &StoredEvent) -> Value {
    let payload = &event.payload;
    let list = |name: &str| payload[name].as_array().cloned().unwrap_or_default();
    let events = list("events").into_iter().map(|of| json!([of["name"], of["timeUnixNano"], of["attributes"]]));
    let links = list("links").into_iter().map(|of| json!([of["spanId"], of["attributes"]]));
    json!({
        "name": event.operation_name, "trace": event.trace_id, "span": event.span_id, "parent": event.parent_span_id,
        "kind": payload["kind"], "start": payload["startTimeUnixNano"], "end": payload["endTimeUnixNano"],
        "status": payload["status"], "attributes": payload["attributes"], "events": events.collect::<Value>(),
        "links": links.collect::<Value>(), "scope": payload["scope"]["name"],
    })
}

fn log(event: &StoredEvent) -> Value {
    let payload = &event.payload;
    json!({
        "body": payload["body"], "time": payload["timeUnixNano"],
        "severity": [payload["severityNumber"], payload["severityText"]],
        "trace": event.trace_id, "span": event.span_id, "attributes": payload["attributes"], "scope": event.operation_name,
    })
}
