//! Sums by when events arrived.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use serde::Serialize;

use super::super::query::Parameters;
use super::sums::{Mean, Sums, add};
use crate::store::Seen;

/// A stretch of time that events are summed up over, in UTC.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    name: &'static str,
    seconds: i64,
}

/// What was summed up so far, by the start of the bucket.
#[derive(Debug)]
pub(super) struct Series {
    bucket: Bucket,
    points: BTreeMap<Timestamp, Point>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Point {
    bucket: String,
    #[serde(flatten)]
    sums: Sums,
    reasoning_tokens: i64,
    cache_read_tokens: i64,
    cache_write_tokens: i64,
    #[serde(rename = "avgTtftMs")]
    ttft: Mean,
    trace_count: usize,
    #[serde(skip)]
    traces: HashSet<String>,
}

/// The points in order. A bucket without events has none.
#[derive(Debug, Serialize)]
pub(super) struct Timeseries {
    bucket: &'static str,
    points: Vec<Point>,
}

impl Bucket {
    pub(super) fn of_query(parameters: &mut Parameters) -> Self {
        let name = parameters.choice("bucket");
        let seconds = match name {
            "minute" => 60,
            "day" => 86_400,
            _ => 3_600,
        };
        Self { name, seconds }
    }

    pub(super) fn name(self) -> &'static str {
        self.name
    }

    /// When the bucket that `time` is in begins.
    pub(super) fn start(self, time: Timestamp) -> Timestamp {
        let seconds = time.as_second().div_euclid(self.seconds) * self.seconds;
        Timestamp::from_second(seconds).unwrap_or(Timestamp::MIN)
    }
}

impl Series {
    pub(super) fn new(bucket: Bucket) -> Self {
        Self { bucket, points: BTreeMap::new() }
    }

    pub(super) fn add(&mut self, event: &Seen) {
        let point = self.points.entry(self.bucket.start(event.row.created_at)).or_default();
        let facts = &event.facts;
        point.sums.add(event);
        add(&mut point.reasoning_tokens, facts.reasoning_tokens);
        add(&mut point.cache_read_tokens, facts.cache_read_tokens);
        add(&mut point.cache_write_tokens, facts.cache_write_tokens);
        point.ttft.add(facts.ttft_ms);
        if let Some(trace) = event.body.trace_id.as_ref().filter(|trace| !point.traces.contains(*trace)) {
            point.traces.insert(trace.clone());
        }
    }

    pub(super) fn finish(self) -> Timeseries {
        let finish = |(start, point): (Timestamp, Point)| Point {
            bucket: start.to_string(),
            trace_count: point.traces.len(),
            ..point
        };
        Timeseries { bucket: self.bucket.name, points: self.points.into_iter().map(finish).collect() }
    }
}
