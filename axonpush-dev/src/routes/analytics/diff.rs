//! `POST /analytics/diff`: what sets some events apart from others.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use serde_json::json;

use super::super::fields::{Fields, LONG};
use super::super::query::Window;
use super::super::{Answered, json};
use super::cohort::{Cohort, TAG_KEY, TAG_VALUE};
use super::dimensions::{attributes, text};
use crate::guard::Authorized;
use crate::problem::Problem;
use crate::state::Shared;
use crate::store::Seen;

/// One side of the comparison, as the body says it.
struct Side {
    cohort: Cohort,
    window: Window,
    errors_only: bool,
    durations: Durations,
}

/// The durations that an event may have; any, or none at all, unless something is said.
#[derive(Clone, Copy)]
struct Durations {
    least: Option<f64>,
    most: Option<f64>,
}

/// How many of so many events have each value of each attribute.
#[derive(Debug, Default)]
struct Counts {
    events: u32,
    keys: HashMap<String, HashMap<String, u32>>,
}

#[derive(Debug, Serialize)]
struct Attribute {
    key: String,
    /// How much larger the share of one value is in the selection than in the baseline.
    score: f64,
    values: Vec<Difference>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Difference {
    value: String,
    selection_count: u32,
    baseline_count: u32,
    selection_fraction: f64,
    baseline_fraction: f64,
    delta: f64,
}

pub(super) async fn diff(State(shared): State<Arc<Shared>>, Authorized(request): Authorized) -> Answered {
    let mut fields = Fields::of(&request)?;
    let now = shared.clock.now();
    let mut side = |name: &str| {
        fields.required(name);
        fields.part(name, |fields| Side::read(fields, now))
    };
    let (selection, baseline) = (side("selection"), side("baseline"));
    let keys = fields.texts("keys").unwrap_or_default();
    let limit = fields.integer("limit", 1..=MAX_KEYS).and_then(|limit| usize::try_from(limit).ok());
    fields.check()?;
    let (Some(selection), Some(baseline)) = (selection, baseline) else { return Err(Problem::internal()) };
    let selection = selection.count(&shared, keys.clone()).await?;
    let baseline = baseline.count(&shared, keys).await?;
    let limit = limit.unwrap_or(USUAL_KEYS);
    Ok(json(&json!({"attributes": compare(&selection, &baseline, limit)})))
}

impl Side {
    fn read(fields: &mut Fields, now: jiff::Timestamp) -> Self {
        let until = fields.time("until");
        let window = Window::new(fields.time("since"), until, now);
        let (errors_only, least) = (fields.boolean("errorsOnly"), fields.number("minDurationMs"));
        let durations = Durations { least, most: fields.number("maxDurationMs") };
        let mut sent = HashMap::new();
        let cohort = Cohort::new(|name| {
            let value = fields.text(name, 0..=LONG).filter(|value| !value.is_empty());
            sent.insert(name, value.is_some());
            value
        });
        let has = |name| sent.get(name) == Some(&true);
        if has(TAG_KEY) != has(TAG_VALUE) {
            let missing = if has(TAG_KEY) { TAG_VALUE } else { TAG_KEY };
            fields.fault(missing, "expected filterTagKey and filterTagValue to be sent along with each other", None);
        }
        Self { cohort, window, errors_only: errors_only.unwrap_or(false), durations }
    }

    async fn count(self, shared: &Shared, keys: Vec<String>) -> Result<Counts, Problem> {
        let mut scan = self.cohort.scan(shared, self.window).await?;
        if self.errors_only {
            scan.failures();
        }
        let durations = self.durations;
        let add = move |counts: &mut Counts, event: Seen| {
            if durations.hold(event.facts.duration_ms) {
                counts.add(&event, &keys);
            }
        };
        Ok(scan.fold(&shared.store, Counts::default(), add).await?)
    }
}

impl Durations {
    fn hold(self, duration: Option<f64>) -> bool {
        let long_enough = self.least.is_none_or(|least| duration.is_some_and(|duration| duration >= least));
        long_enough && self.most.is_none_or(|most| duration.is_some_and(|duration| duration <= most))
    }
}

impl Counts {
    fn add(&mut self, event: &Seen, wanted: &[String]) {
        self.events += 1;
        for (key, value) in attributes(&event.body) {
            let Some(value) = text(value).filter(|_| wanted.is_empty() || wanted.contains(key)) else { continue };
            *self.keys.entry(key.clone()).or_default().entry(value.into_owned()).or_default() += 1;
        }
    }

    fn of(&self, key: &str, value: &str) -> u32 {
        self.keys.get(key).and_then(|values| values.get(value)).copied().unwrap_or_default()
    }

    fn fraction(&self, count: u32) -> f64 {
        f64::from(count) / f64::from(self.events.max(1))
    }
}

/// The attributes that differ most, and of each the values that do.
fn compare(selection: &Counts, baseline: &Counts, limit: usize) -> Vec<Attribute> {
    let mut keys: Vec<_> = selection.keys.keys().chain(baseline.keys.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let attributes = keys.into_iter().map(|key| {
        let values = [selection, baseline].into_iter().filter_map(|counts| counts.keys.get(key));
        let mut values: Vec<_> = values.flat_map(HashMap::keys).collect();
        values.sort_unstable();
        values.dedup();
        let difference = |value: &String| {
            let counts = (selection.of(key, value), baseline.of(key, value));
            let fractions = (selection.fraction(counts.0), baseline.fraction(counts.1));
            Difference {
                value: value.clone(),
                selection_count: counts.0,
                baseline_count: counts.1,
                selection_fraction: fractions.0,
                baseline_fraction: fractions.1,
                delta: fractions.0 - fractions.1,
            }
        };
        let mut values: Vec<_> = values.into_iter().map(difference).collect();
        values.sort_by(|one, other| other.delta.total_cmp(&one.delta));
        values.truncate(MAX_VALUES);
        let score = values.first().map_or(0.0, |value| value.delta);
        Attribute { key: key.clone(), score, values }
    });
    let mut attributes: Vec<_> = attributes.collect();
    attributes.sort_by(|one, other| other.score.total_cmp(&one.score));
    attributes.truncate(limit);
    attributes
}

/// How many attributes are told of unless the caller says how many, and at most.
const USUAL_KEYS: usize = 10;
const MAX_KEYS: u64 = 20;

/// How many values of each.
const MAX_VALUES: usize = 20;
