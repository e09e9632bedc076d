//! How long things took.

use serde::Serialize;

use crate::store::Seen;

/// Every duration there was.
#[derive(Debug, Default)]
pub(super) struct Latencies {
    durations: Vec<f64>,
    first_tokens: Vec<f64>,
}

/// Exact percentiles by nearest rank: each is the duration of some event. Zero when there was none.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are the contract's")]
pub(super) struct Percentiles {
    p50_duration_ms: f64,
    p95_duration_ms: f64,
    p99_duration_ms: f64,
    max_duration_ms: f64,
    p50_ttft_ms: f64,
    p95_ttft_ms: f64,
    p99_ttft_ms: f64,
    max_ttft_ms: f64,
}

impl Latencies {
    pub(super) fn add(&mut self, event: &Seen) {
        self.durations.extend(event.facts.duration_ms);
        self.first_tokens.extend(event.facts.ttft_ms);
    }

    pub(super) fn finish(self) -> Percentiles {
        let [durations, first_tokens] = [self.durations, self.first_tokens].map(|mut values| {
            values.sort_unstable_by(f64::total_cmp);
            values
        });
        Percentiles {
            p50_duration_ms: percentile(&durations, 50),
            p95_duration_ms: percentile(&durations, 95),
            p99_duration_ms: percentile(&durations, 99),
            max_duration_ms: percentile(&durations, 100),
            p50_ttft_ms: percentile(&first_tokens, 50),
            p95_ttft_ms: percentile(&first_tokens, 95),
            p99_ttft_ms: percentile(&first_tokens, 99),
            max_ttft_ms: percentile(&first_tokens, 100),
        }
    }
}

/// The smallest of `sorted` that at least `percent` of them are not larger than.
pub(in super::super) fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn a_percentile_is_the_smallest_value_that_so_many_do_not_exceed() {
        let hundred: Vec<_> = (1..=100).map(f64::from).collect();
        let all = |values: &[f64]| [50, 95, 99, 100].map(|percent| percentile(values, percent).to_string()).join(" ");
        assert_eq!(all(&hundred), "50 95 99 100");
        assert_eq!(all(&[1.0, 2.0, 3.0]), "2 3 3 3");
        assert_eq!(all(&[7.0]), "7 7 7 7");
        assert_eq!(all(&[]), "0 0 0 0");
    }
}
