//! How many events took how long, and when.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::super::query::Parameters;
use super::series::Bucket;
use crate::store::Seen;

/// Into how many bands durations are sorted, and whether each is as much longer than the one before or as many times.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bands {
    count: u32,
    scale: &'static str,
}

/// Every duration there was, by the start of the bucket.
#[derive(Debug)]
pub(super) struct Durations {
    bucket: Bucket,
    found: Vec<(Timestamp, f64)>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Heatmap {
    bucket: &'static str,
    scale: &'static str,
    /// Those with events in them, in order.
    time_buckets: Vec<String>,
    duration_bands: Vec<Band>,
    cells: Vec<Cell>,
    min_duration_ms: f64,
    max_duration_ms: f64,
    sample_count: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Band {
    lo_ms: f64,
    hi_ms: f64,
}

#[derive(Debug, Serialize)]
struct Cell {
    t: usize,
    band: u32,
    count: u64,
}

impl Bands {
    pub(super) fn of_query(parameters: &mut Parameters) -> Self {
        Self { count: parameters.count("buckets"), scale: parameters.choice("scale") }
    }

    /// How far through all of the bands, from 0 to 1, a duration is.
    fn place(self, duration: f64, least: f64, most: f64) -> f64 {
        let [duration, least, most] = [duration, least, most].map(|duration| self.to_scale(duration));
        if most > least { (duration - least) / (most - least) } else { 0.0 }
    }

    /// The duration that is so far through all of the bands.
    fn edge(self, index: u32, least: f64, most: f64) -> f64 {
        // What rounding would do to the outermost edges would leave events outside.
        match index {
            0 => least,
            _ if index == self.count => most,
            _ => {
                let (low, high) = (self.to_scale(least), self.to_scale(most));
                self.from_scale(low + (high - low) * f64::from(index) / f64::from(self.count))
            }
        }
    }

    fn to_scale(self, duration: f64) -> f64 {
        if self.scale == "log" { duration.max(SHORTEST).ln() } else { duration }
    }

    #[expect(clippy::wrong_self_convention, reason = "it is the way back from `to_scale`")]
    fn from_scale(self, scaled: f64) -> f64 {
        if self.scale == "log" { scaled.exp() } else { scaled }
    }
}

impl Durations {
    pub(super) fn new(bucket: Bucket) -> Self {
        Self { bucket, found: Vec::new() }
    }

    pub(super) fn add(&mut self, event: &Seen) {
        let start = self.bucket.start(event.row.created_at);
        self.found.extend(event.facts.duration_ms.map(|duration| (start, duration)));
    }

    pub(super) fn finish(self, bands: Bands) -> Heatmap {
        let durations = || self.found.iter().map(|(_, duration)| *duration);
        let (least, most) = (durations().reduce(f64::min).unwrap_or(0.0), durations().reduce(f64::max).unwrap_or(0.0));
        let mut times: BTreeMap<Timestamp, BTreeMap<u32, u64>> = BTreeMap::new();
        for (start, duration) in &self.found {
            let place = bands.place(*duration, least, most) * f64::from(bands.count);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it is between 0 and the count"
            )]
            let band = (place as u32).min(bands.count - 1);
            *times.entry(*start).or_default().entry(band).or_default() += 1;
        }
        let cells = times
            .values()
            .enumerate()
            .flat_map(|(t, counts)| counts.iter().map(move |(band, count)| Cell { t, band: *band, count: *count }));
        let edge = |index| bands.edge(index, least, most);
        let band = |index| Band { lo_ms: edge(index), hi_ms: edge(index + 1) };
        Heatmap {
            bucket: self.bucket.name(),
            scale: bands.scale,
            time_buckets: times.keys().map(Timestamp::to_string).collect(),
            duration_bands: if self.found.is_empty() { Vec::new() } else { (0..bands.count).map(band).collect() },
            cells: cells.collect(),
            min_duration_ms: least,
            max_duration_ms: most,
            sample_count: self.found.len(),
        }
    }
}

/// Zero has no logarithm; a microsecond is short enough to stand for it.
const SHORTEST: f64 = 0.001;
