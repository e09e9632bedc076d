//! `/export-destinations/{id}`: tests of a destination and what became of them. Stored events stay where they are: what
//! is exported by the hosted service is exported there.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use http::StatusCode;
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use uuid::Uuid;

use super::collections::DESTINATION;
use super::path::Path;
use super::resource::{object, text};
use super::{Answered, json, json_with};
use crate::guard::Authorized;
use crate::state::Shared;
use crate::store::{Document, Kind, NewDocument, documents};

pub(super) async fn deliveries(State(shared): State<Arc<Shared>>, _: Authorized, Path(id): Path<String>) -> Answered {
    shared.find(DESTINATION, &id).await?;
    Ok(json(&json!({"deliveries": shared.list(DELIVERY, Some(&id)).await?})))
}

/// Sends one log record or span, of this very moment, in OTLP's JSON.
pub(super) async fn test(State(shared): State<Arc<Shared>>, _: Authorized, Path(id): Path<String>) -> Answered {
    let destination = shared.find(DESTINATION, &id).await?;
    let signals = destination.get("signals").and_then(Value::as_array);
    let signal = signals.and_then(|signals| signals.first()).and_then(Value::as_str).unwrap_or("logs").to_owned();
    let delivery_id = Uuid::new_v4().to_string();
    let document = object(json!({
        "deliveryId": delivery_id, "eventId": Uuid::new_v4().to_string(), "signal": signal, "status": "pending",
        "attempts": 0, "createdAt": shared.clock.text(),
    }));
    let new = NewDocument { kind: DELIVERY, id: delivery_id.clone(), owner: id, document };
    shared
        .store
        .change(move |connection| {
            documents::save(connection, &new)?;
            documents::trim(connection, DELIVERY, MAX_KEPT, &[])
        })
        .await?;
    let answer = json!({"deliveryId": delivery_id, "signal": signal});
    tokio::spawn(attempt(shared, destination, delivery_id, signal));
    Ok(json_with(StatusCode::ACCEPTED, &answer))
}

async fn attempt(shared: Arc<Shared>, destination: Document, delivery: String, signal: String) {
    let outcome = send(&destination, &signal, shared.clock.now().as_nanosecond()).await;
    let note = move |document: &mut Document| {
        let (status, code, error) = match outcome {
            Ok(code) if (200..300).contains(&code) => ("success", Some(code), None),
            Ok(code) => ("failed", Some(code), Some(format!("the destination answered {code}"))),
            Err(error) => ("failed", None, Some(error.to_owned())),
        };
        document.extend(object(json!({"status": status, "attempts": 1, "statusCode": code, "error": error})));
    };
    // Whoever reads the deliveries sees one that is pending for ever; there is nobody else to tell.
    let _ = shared.store.change(move |connection| documents::update(connection, DELIVERY, &delivery, note)).await;
}

async fn send(destination: &Document, signal: &str, now: i128) -> Result<u16, &'static str> {
    let client = reqwest::Client::builder().redirect(Policy::none()).timeout(TIMEOUT).no_proxy().build();
    let client = client.map_err(|_| "there is no TLS on this machine to work with")?;
    let mut request = client.post(text(destination, "endpointUrl"));
    let headers = destination.get("headers").and_then(Value::as_object);
    for (name, value) in headers.into_iter().flatten() {
        request = request.header(name, value.as_str().unwrap_or_default());
    }
    let body = body(signal, text(destination, "serviceName"), now).to_string();
    let request = request.header("content-type", "application/json").body(body);
    match request.send().await {
        Ok(response) => Ok(response.status().as_u16()),
        Err(error) if error.is_timeout() => Err("the destination did not answer within 5 seconds"),
        Err(error) if error.is_connect() => Err("the destination could not be reached"),
        Err(error) if error.is_builder() => Err("the address or a header of the destination is no valid one"),
        Err(_) => Err("the destination's answer was not HTTP"),
    }
}

fn body(signal: &str, service: &str, now: i128) -> Value {
    let service = if service.is_empty() { "axonpush-dev" } else { service };
    let resource = json!({"attributes": [{"key": "service.name", "value": {"stringValue": service}}]});
    let time = now.to_string();
    if signal == "traces" {
        let span = json!({
            "traceId": Uuid::new_v4().simple().to_string(), "spanId": "00000000000000a1", "name": "test", "kind": 1,
            "startTimeUnixNano": time, "endTimeUnixNano": time,
        });
        return json!({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span]}]}]});
    }
    let record = json!({
        "timeUnixNano": time, "severityNumber": 9, "severityText": "INFO",
        "body": {"stringValue": "a test of this destination"},
    });
    json!({"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [record]}]}]})
}

const DELIVERY: Kind = "export delivery";

const TIMEOUT: Duration = Duration::from_secs(5);

/// How many deliveries are kept to be listed.
const MAX_KEPT: u64 = 1_000;
