//! What the server was told, held against what was really asked.

use std::{collections::HashMap, fmt::Write as _};

use axonpush::{AxonPush, Error, EventQuery, StoredEvent};
use serde_json::Value;

use crate::{
    PANIC,
    caller::{Call, Kind},
};

/// One request as the server knows it.
#[derive(Debug)]
pub struct Row {
    pub request_id: String,
    pub route: String,
    pub status: Option<u64>,
    pub duration_ms: f64,
    pub outcome: String,
    error: String,
}

/// Reads every end event back.
///
/// # Errors
///
/// When searching fails.
pub async fn read_back(client: &AxonPush, framework: &str) -> Result<Vec<Row>, Error> {
    let mut rows = Vec::new();
    for outcome in ["completed", "failed", "cancelled"] {
        let query = EventQuery::new().operation_name(format!("http.request.{outcome}")).limit(500);
        let found = client.events().search(query).await?;
        rows.extend(found.iter().filter(|event| event.metadata["framework"] == framework).map(|e| row(e, outcome)));
    }
    Ok(rows)
}

fn row(event: &StoredEvent, outcome: &str) -> Row {
    let text = |key: &str| event.attributes[key].as_str().unwrap_or_default().to_owned();
    Row {
        request_id: text("request.id"),
        route: event.attributes["http.route"].as_str().unwrap_or("(no route)").to_owned(),
        status: event.attributes["http.response.status_code"].as_u64(),
        duration_ms: event.attributes["http.server.request.duration"].as_f64().unwrap_or(f64::NAN) * 1000.0,
        outcome: outcome.to_owned(),
        error: event.attributes.get("exception.message").and_then(Value::as_str).unwrap_or_default().to_owned(),
    }
}

/// What is wrong, if anything: every call must have exactly one end event, with its id and the outcome of its kind.
#[must_use]
pub fn compare(calls: &[Call], rows: &[Row]) -> Vec<String> {
    let mut ends: HashMap<&str, Vec<&Row>> = HashMap::new();
    for row in rows {
        ends.entry(&row.request_id).or_default().push(row);
    }
    let mut wrong = Vec::new();
    for call in calls {
        let found = ends.remove(call.request_id.as_str()).unwrap_or_default();
        let [row] = found.as_slice() else {
            wrong.push(format!("{:?} {} has {} end events", call.kind, call.request_id, found.len()));
            continue;
        };
        let (status, outcome, route) = match call.kind {
            Kind::Found => (Some(200), "completed", "/orders/{id}"),
            Kind::Missing => (Some(404), "completed", "(no route)"),
            Kind::Broken => (Some(500), "failed", "/fail"),
            Kind::Panicking => (None, "failed", "/panic"),
            Kind::HangingUp => (Some(200), "cancelled", "/endless"),
            Kind::Streaming => (Some(200), "completed", "/stream"),
            Kind::Slow => (Some(200), "completed", "/slow"),
        };
        let as_expected = row.status == status && row.outcome == outcome && row.route == route;
        let as_seen = call.status.map(u64::from) == row.status;
        let explained = call.kind != Kind::Panicking || row.error == PANIC;
        if !(as_expected && as_seen && explained) {
            wrong.push(format!("{call:?} was reported as {row:?}"));
        }
    }
    wrong.extend(ends.keys().map(|id| format!("request id {id} was never sent")));
    wrong
}

/// The first rows of every route, at most `most` of each.
#[must_use]
pub fn sample(rows: &[Row], most: usize) -> Vec<&Row> {
    let mut shown: HashMap<&str, usize> = HashMap::new();
    rows.iter()
        .filter(|row| {
            let count = shown.entry(&row.route).or_default();
            *count += 1;
            *count <= most
        })
        .collect()
}

/// The rows as a table.
#[must_use]
pub fn table(rows: &[&Row]) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{:<36}  {:<12}  {:>6}  {:>11}  outcome", "request id", "route", "status", "duration");
    for row in rows {
        let status = row.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
        let _ = writeln!(
            out,
            "{:<36}  {:<12}  {:>6}  {:>8.2} ms  {}",
            row.request_id, row.route, status, row.duration_ms, row.outcome
        );
    }
    out
}
