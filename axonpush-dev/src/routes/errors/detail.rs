//! What helps to find out why something failed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::analytics::scalar;
use super::super::resource::object;
use super::issue::Issue;
use super::stack;
use super::triage::Triage;
use crate::event::{EventBody, EventView, Facts, Row};
use crate::problem::Problem;
use crate::state::Shared;
use crate::store::{Seen, trace_rows};

/// The latest failure, and what all of them were tagged with.
#[derive(Debug, Default)]
pub(super) struct Detail {
    latest: Option<Seen>,
    tags: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Detail {
    pub(super) fn add(&mut self, event: Seen) {
        let attributes = event.body.payload.get("attributes").and_then(Value::as_object);
        for (key, value) in attributes.into_iter().flatten().filter(|(key, _)| !tells_of_itself(key)) {
            let Some(value) = scalar(value) else { continue };
            if self.tags.len() < MAX_TAGS || self.tags.contains_key(key) {
                *self.tags.entry(key.clone()).or_default().entry(value.into_owned()).or_default() += 1;
            }
        }
        self.latest = Some(event);
    }

    pub(super) async fn shown(
        self,
        shared: &Shared,
        issue: &Issue,
        triage: &Triage,
        now: Timestamp,
    ) -> Result<Value, Problem> {
        let mut traces: Vec<_> = issue.traces().iter().collect();
        traces.sort_unstable();
        traces.truncate(MAX_TRACES);
        let mut shown = object(json!({
            "issue": issue.shown(now), "occurrences": issue.buckets(), "affectedTraceIds": traces,
            "tags": self.tags.into_iter().map(tag).collect::<Vec<_>>(),
            "resolvedAt": triage.resolved_at.map(|at| at.to_string()),
            "resolvedInRelease": triage.resolved_in_release,
            "snoozeUntil": triage.snooze_until.map(|at| at.to_string()),
            "stack": [], "breadcrumbs": [],
        }));
        if let Some(Seen { row, body, facts }) = self.latest {
            shown.insert("stack".to_owned(), stack::frames(&body).into());
            shown.insert("breadcrumbs".to_owned(), breadcrumbs(shared, &row, &body, &facts).await?.into());
            let sample = EventView::from_row(row).and_then(|event| serde_json::to_value(event).ok());
            shown.insert("sampleEvent".to_owned(), sample.unwrap_or_default());
        }
        Ok(Value::Object(shown))
    }
}

/// The steps that led to the failure: those the client wrote down, else what happened before in the same trace.
async fn breadcrumbs(shared: &Shared, row: &Row, body: &EventBody, facts: &Facts) -> Result<Vec<Value>, Problem> {
    if let Some(written) = body.payload.get("breadcrumbs").and_then(Value::as_array) {
        return Ok(written.iter().map(written_breadcrumb).collect());
    }
    let Some(trace) = body.trace_id.clone() else { return Ok(Vec::new()) };
    let (sequence, failed_at) = (row.sequence, facts.occurred_at);
    let rows = shared.store.read(move |connection| trace_rows(connection, &trace)).await?;
    let before = rows.iter().filter(|other| other.sequence != sequence).filter_map(Row::read);
    let before: Vec<_> = before.filter(|(_, facts)| facts.occurred_at <= failed_at).collect();
    let latest = before.iter().skip(before.len().saturating_sub(MAX_BREADCRUMBS));
    Ok(latest.map(|(body, facts)| happened(body, facts)).collect())
}

fn written_breadcrumb(crumb: &Value) -> Value {
    let text = |name| crumb.get(name).and_then(Value::as_str);
    Value::Object(object(json!({
        "type": text("type"), "category": text("category"), "level": text("level"), "message": text("message"),
        "timestamp": text("timestamp"), "synthesized": false,
    })))
}

fn happened(body: &EventBody, facts: &Facts) -> Value {
    let said = body.payload.get("body").and_then(Value::as_str);
    Value::Object(object(json!({
        "type": body.event_type, "category": facts.semantic_kind,
        "level": if facts.is_failure() { "error" } else { "info" },
        "message": said.unwrap_or(&body.identifier), "timestamp": facts.occurred_at.to_string(), "synthesized": true,
    })))
}

fn tag((key, values): (String, BTreeMap<String, u64>)) -> Value {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    values.truncate(MAX_VALUES);
    let values: Vec<_> = values.into_iter().map(|(value, count)| json!({"value": value, "count": count})).collect();
    json!({"key": key, "values": values})
}

/// Attributes that say what the issue says anyway.
fn tells_of_itself(key: &str) -> bool {
    key.starts_with("exception.") || key == "error.type" || key == "error.message" || key == "error.fingerprint"
}

const MAX_TAGS: usize = 50;
const MAX_VALUES: usize = 10;
const MAX_TRACES: usize = 50;
const MAX_BREADCRUMBS: usize = 50;
