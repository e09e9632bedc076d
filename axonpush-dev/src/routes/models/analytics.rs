//! What stored events add up to.

use super::{Model, Of, always};

pub(in super::super) const INGESTION_STATUS: Model =
    Model::new("IngestionStatus", &[always("everIngested", Of::Boolean)]);

const SUMS: Model = Model::new(
    "Sums",
    &[
        always("eventCount", Of::Integer),
        always("errorCount", Of::Integer),
        always("inputTokens", Of::Integer),
        always("outputTokens", Of::Integer),
        always("totalTokens", Of::Integer),
        always("costUsd", Of::Number),
        always("avgDurationMs", Of::Number),
    ],
);

const POINT: Model = Model::new(
    "TimeseriesPoint",
    &[
        always("bucket", Of::Time),
        always("reasoningTokens", Of::Integer),
        always("cacheReadTokens", Of::Integer),
        always("cacheWriteTokens", Of::Integer),
        always("avgTtftMs", Of::Number),
        always("traceCount", Of::Integer),
    ],
)
.like(&SUMS);

pub(in super::super) const TIMESERIES: Model =
    Model::new("Timeseries", &[always("bucket", Of::Choice(&["hour", "day"])), always("points", Of::Each(&POINT))]);

const ROW: Model = Model::new("BreakdownRow", &[always("key", Of::Text)]).like(&SUMS);

pub(in super::super) const BREAKDOWN: Model =
    Model::new("Breakdown", &[always("dimension", Of::Text), always("rows", Of::Each(&ROW))]);

pub(in super::super) const LATENCY: Model = Model::new(
    "Latency",
    &[
        always("p50DurationMs", Of::Number),
        always("p95DurationMs", Of::Number),
        always("p99DurationMs", Of::Number),
        always("maxDurationMs", Of::Number),
        always("p50TtftMs", Of::Number),
        always("p95TtftMs", Of::Number),
        always("p99TtftMs", Of::Number),
        always("maxTtftMs", Of::Number),
    ],
);

pub(in super::super) const OVERVIEW: Model = Model::new(
    "Overview",
    &[
        always("timeseries", Of::One(&TIMESERIES)),
        always("latency", Of::One(&LATENCY)),
        always("breakdowns", Of::Each(&BREAKDOWN)),
    ],
);

const BAND: Model = Model::new("HeatmapBand", &[always("loMs", Of::Number), always("hiMs", Of::Number)]);

const CELL: Model =
    Model::new("HeatmapCell", &[always("t", Of::Integer), always("band", Of::Integer), always("count", Of::Integer)]);

pub(in super::super) const HEATMAP: Model = Model::new(
    "Heatmap",
    &[
        always("bucket", Of::Choice(&["hour", "day", "minute"])),
        always("scale", Of::Choice(&["log", "linear"])),
        always("timeBuckets", Of::Texts),
        always("durationBands", Of::Each(&BAND)),
        always("cells", Of::Each(&CELL)),
        always("minDurationMs", Of::Number),
        always("maxDurationMs", Of::Number),
        always("sampleCount", Of::Integer),
    ],
);

const DIMENSION: Model =
    Model::new("Dimension", &[always("key", Of::Text), always("lastSeen", Of::Time), always("source", Of::Text)]);

pub(in super::super) const DIMENSIONS: Model = Model::new("Dimensions", &[always("dimensions", Of::Each(&DIMENSION))]);

const VALUE: Model = Model::new("DimensionValue", &[always("value", Of::Text), always("lastSeen", Of::Time)]);

pub(in super::super) const VALUES: Model =
    Model::new("DimensionValues", &[always("key", Of::Text), always("values", Of::Each(&VALUE))]);

const DIFFERENCE: Model = Model::new(
    "Difference",
    &[
        always("value", Of::Text),
        always("selectionCount", Of::Integer),
        always("baselineCount", Of::Integer),
        always("selectionFraction", Of::Number),
        always("baselineFraction", Of::Number),
        always("delta", Of::Number),
    ],
);

const DIFFERING: Model = Model::new(
    "DifferingAttribute",
    &[always("key", Of::Text), always("score", Of::Number), always("values", Of::Each(&DIFFERENCE))],
);

pub(in super::super) const DIFF: Model = Model::new("Diff", &[always("attributes", Of::Each(&DIFFERING))]);
