//! Numbers of many events, added up.

use serde::Serialize;

use crate::store::Seen;

/// The sums that points and rows have in common, under the contract's names.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sums {
    event_count: u64,
    error_count: u64,
    input_tokens: i64,
    output_tokens: i64,
    total_tokens: i64,
    cost_usd: f64,
    #[serde(rename = "avgDurationMs")]
    duration: Mean,
}

/// A mean of what there was to be averaged; 0 when there was nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mean {
    sum: f64,
    count: u32,
}

impl Sums {
    pub(super) fn add(&mut self, event: &Seen) {
        let facts = &event.facts;
        self.event_count += 1;
        self.error_count += u64::from(facts.is_failure());
        add(&mut self.input_tokens, facts.input_tokens);
        add(&mut self.output_tokens, facts.output_tokens);
        add(&mut self.total_tokens, facts.total_tokens);
        self.cost_usd += facts.cost_usd.unwrap_or_default();
        self.duration.add(facts.duration_ms);
    }

    pub(super) fn event_count(&self) -> u64 {
        self.event_count
    }
}

impl Mean {
    pub(super) fn add(&mut self, value: Option<f64>) {
        if let Some(value) = value {
            self.sum += value;
            self.count = self.count.saturating_add(1);
        }
    }
}

impl Serialize for Mean {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.sum / f64::from(self.count.max(1)))
    }
}

/// Adds what a client claims, which may be anything.
pub(super) fn add(sum: &mut i64, more: Option<i64>) {
    *sum = sum.saturating_add(more.unwrap_or_default());
}
