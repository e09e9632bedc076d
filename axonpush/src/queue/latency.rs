//! How long events take from acceptance to delivery.

use std::time::Duration;

/// Buckets: four to each power of two of microseconds, which keeps a percentile within a quarter of the truth.
const BUCKETS: usize = 4 * 40;

/// A histogram of durations, from a microsecond to days.
#[derive(Debug, Clone)]
pub(super) struct Latency {
    buckets: Box<[u64; BUCKETS]>,
    count: u64,
}

impl Latency {
    pub(super) fn new() -> Self {
        Self { buckets: Box::new([0; BUCKETS]), count: 0 }
    }

    pub(super) fn add(&mut self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1);
        if let Some(bucket) = self.buckets.get_mut(index(micros).min(BUCKETS - 1)) {
            *bucket += 1;
            self.count += 1;
        }
    }

    /// The duration that `percent` of all stayed below; zero when there is none yet.
    pub(super) fn percentile(&self, percent: u64) -> Duration {
        let rank = (self.count * percent).div_ceil(100);
        let mut seen = 0;
        for (i, bucket) in self.buckets.iter().enumerate() {
            seen += bucket;
            if seen >= rank && seen > 0 {
                return Duration::from_micros(upper(i));
            }
        }
        Duration::ZERO
    }
}

fn index(micros: u64) -> usize {
    let power = micros.ilog2() as usize;
    let quarter = if power >= 2 { (micros >> (power - 2)) & 3 } else { 0 };
    4 * power + usize::try_from(quarter).unwrap_or_default()
}

fn upper(index: usize) -> u64 {
    let (power, quarter) = (index / 4, (index % 4) as u64);
    let base = 1_u64 << power;
    base + (base * (quarter + 1)) / 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_within_a_quarter_of_the_truth() {
        let mut latency = Latency::new();
        assert_eq!(latency.percentile(99), Duration::ZERO);
        for micros in 1..=10_000 {
            latency.add(Duration::from_micros(micros));
        }
        for (percent, truth) in [(50, 5000.0), (90, 9000.0), (99, 9900.0)] {
            let ratio = latency.percentile(percent).as_secs_f64() * 1e6 / truth;
            assert!((1.0..=1.25).contains(&ratio), "p{percent}: {ratio}");
        }
        latency.add(Duration::MAX);
        latency.add(Duration::ZERO);
    }
}
