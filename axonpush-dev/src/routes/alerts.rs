//! `/v2/alerts/{id}/occurrences`: when a rule held, worked out from the events that are stored.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::analytics::percentile;
use super::collections::ALERT;
use super::path::Path;
use super::query::Parameters;
use super::resource::text;
use super::{Answered, json};
use crate::guard::Authorized;
use crate::state::Shared;
use crate::store::{Document, Scan, Seen};

/// What happened in one minute.
#[derive(Debug, Default)]
struct Minute {
    events: u32,
    failures: u32,
    cost: f64,
    durations: Vec<f64>,
}

/// The minutes, one after the other, in which a rule held.
#[derive(Debug)]
struct Occurrence {
    first: Timestamp,
    last: Timestamp,
    value: f64,
}

/// Each minute is looked at for itself: a rule fires in the first minute in which it holds, and again after one in which
/// it did not. A rule knows nothing of what was before it.
pub(super) async fn occurrences(
    State(shared): State<Arc<Shared>>,
    _: Authorized,
    mut parameters: Parameters,
    Path(id): Path<String>,
) -> Answered {
    let limit = parameters.limit() as usize;
    parameters.check()?;
    let rule = shared.find(ALERT, &id).await?;
    let minutes = scan(&rule).fold(&shared.store, BTreeMap::new(), |minutes, event| add(minutes, &event)).await?;
    let now = minute(shared.clock.now());
    let found = occurrences_of(&rule, &minutes);
    let shown = found.iter().rev().take(limit).map(|occurrence| occurrence.shown(&rule, &id, now));
    Ok(json(&json!({"data": shown.collect::<Vec<_>>()})))
}

fn scan(rule: &Document) -> Scan {
    let mut scan = Scan::default();
    scan.window(text(rule, "createdAt").parse().unwrap_or(Timestamp::MIN), None);
    for (name, column) in COLUMNS {
        let value = text(rule, name);
        if !value.is_empty() {
            scan.equals(column, value.to_owned());
        }
    }
    scan
}

fn add(minutes: &mut BTreeMap<Timestamp, Minute>, event: &Seen) {
    let of = minutes.entry(minute(event.row.created_at)).or_default();
    of.events += 1;
    of.failures += u32::from(event.facts.is_failure());
    of.cost += event.facts.cost_usd.unwrap_or_default();
    of.durations.extend(event.facts.duration_ms);
}

fn occurrences_of(rule: &Document, minutes: &BTreeMap<Timestamp, Minute>) -> Vec<Occurrence> {
    let mut found: Vec<Occurrence> = Vec::new();
    if rule.get("enabled") == Some(&Value::Bool(false)) {
        return found;
    }
    for (at, minute) in minutes {
        let Some(value) = minute.metric(text(rule, "metric")).filter(|value| holds(rule, *value)) else { continue };
        match found.last_mut() {
            Some(before) if at.duration_since(before.last) == SignedDuration::from_mins(1) => before.last = *at,
            _ => found.push(Occurrence { first: *at, last: *at, value }),
        }
    }
    found
}

impl Minute {
    /// `None` for what a minute without durations, or this server, cannot tell.
    fn metric(&self, name: &str) -> Option<f64> {
        match name {
            "error_count" => Some(self.failures.into()),
            "error_rate" => Some(f64::from(self.failures) / f64::from(self.events.max(1))),
            "cost_usd" => Some(self.cost),
            "latency_ms" if !self.durations.is_empty() => {
                let mut sorted = self.durations.clone();
                sorted.sort_unstable_by(f64::total_cmp);
                Some(percentile(&sorted, 95))
            }
            _ => None,
        }
    }
}

impl Occurrence {
    fn shown(&self, rule: &Document, id: &str, now: Timestamp) -> Value {
        json!({
            // The same occurrence has the same id whenever it is asked for.
            "occurrenceId": format!("{id}-{}", self.first.as_second()), "firedAt": self.first.to_string(),
            "metric": text(rule, "metric"), "state": if self.last == now { "firing" } else { "resolved" },
            "threshold": threshold(rule), "value": self.value,
        })
    }
}

fn holds(rule: &Document, value: f64) -> bool {
    let threshold = threshold(rule);
    match text(rule, "operator") {
        "gt" => value > threshold,
        "gte" => value >= threshold,
        "lt" => value < threshold,
        _ => value <= threshold,
    }
}

fn threshold(rule: &Document) -> f64 {
    rule.get("threshold").and_then(Value::as_f64).unwrap_or_default()
}

fn minute(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second().div_euclid(60) * 60).unwrap_or(time)
}

/// What a rule may be narrowed down to, and the column that has it.
const COLUMNS: [(&str, &str); 5] = [
    ("appId", "app_id"),
    ("environmentId", "environment_id"),
    ("model", "request_model"),
    ("release", "release"),
    ("service", "service_name"),
];
