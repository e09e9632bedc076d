//! What sums look like.

use crate::resources::read::models;

models! {
    /// Sums over time.
    Timeseries {
        /// How long each of its buckets is: `minute`, `hour` or `day`.
        bucket: String = "bucket",
        /// The buckets, in order.
        points: Vec<TimeseriesPoint> = "points",
    }

    /// What happened in one bucket of time.
    TimeseriesPoint {
        /// When it begins.
        bucket: String = "bucket",
        /// Events.
        event_count: u64 = "eventCount",
        /// Those that are errors.
        error_count: u64 = "errorCount",
        /// Traces.
        trace_count: u64 = "traceCount",
        /// How long they took on average, in milliseconds.
        avg_duration_ms: f64 = "avgDurationMs",
        /// How long a model's first token took on average, in milliseconds.
        avg_ttft_ms: f64 = "avgTtftMs",
        /// The tokens that models read.
        input_tokens: u64 = "inputTokens",
        /// The tokens they wrote.
        output_tokens: u64 = "outputTokens",
        /// Those of them that they thought with.
        reasoning_tokens: u64 = "reasoningTokens",
        /// The tokens they found in their cache.
        cache_read_tokens: u64 = "cacheReadTokens",
        /// The tokens they put there.
        cache_write_tokens: u64 = "cacheWriteTokens",
        /// All tokens.
        total_tokens: u64 = "totalTokens",
        /// What it cost, in US dollars.
        cost_usd: f64 = "costUsd",
    }

    /// How long events took, in milliseconds.
    LatencyPercentiles {
        /// Half of them took no longer.
        p50_duration_ms: f64 = "p50DurationMs",
        /// 95 in a hundred took no longer.
        p95_duration_ms: f64 = "p95DurationMs",
        /// 99 in a hundred took no longer.
        p99_duration_ms: f64 = "p99DurationMs",
        /// None took longer.
        max_duration_ms: f64 = "maxDurationMs",
        /// As `p50_duration_ms`, until a model's first token.
        p50_ttft_ms: f64 = "p50TtftMs",
        /// As `p95_duration_ms`, until a model's first token.
        p95_ttft_ms: f64 = "p95TtftMs",
        /// As `p99_duration_ms`, until a model's first token.
        p99_ttft_ms: f64 = "p99TtftMs",
        /// As `max_duration_ms`, until a model's first token.
        max_ttft_ms: f64 = "maxTtftMs",
    }

    /// Sums by the values of a dimension.
    AnalyticsBreakdown {
        /// The dimension.
        dimension: String = "dimension",
        /// Its values, largest first.
        rows: Vec<AnalyticsRow> = "rows",
    }

    /// The sum of one value of a dimension.
    AnalyticsRow {
        /// The value.
        key: String = "key",
        /// Events.
        event_count: u64 = "eventCount",
        /// Those that are errors.
        error_count: u64 = "errorCount",
        /// How long they took on average, in milliseconds.
        avg_duration_ms: f64 = "avgDurationMs",
        /// The tokens that models read.
        input_tokens: u64 = "inputTokens",
        /// The tokens they wrote.
        output_tokens: u64 = "outputTokens",
        /// All tokens.
        total_tokens: u64 = "totalTokens",
        /// What it cost, in US dollars.
        cost_usd: f64 = "costUsd",
    }

    /// Sums of several kinds at once.
    AnalyticsOverview {
        /// Over time.
        timeseries: Timeseries = "timeseries",
        /// How long events took.
        latency: LatencyPercentiles = "latency",
        /// By a few dimensions.
        breakdowns: Vec<AnalyticsBreakdown> = "breakdowns",
    }

    /// How many events took how long when.
    Heatmap {
        /// How long each bucket of time is.
        bucket: String = "bucket",
        /// `linear` or `log`.
        scale: String = "scale",
        /// When each bucket of time begins.
        time_buckets: Vec<String> = "timeBuckets",
        /// The bands of durations, shortest first.
        duration_bands: Vec<HeatmapBand> = "durationBands",
        /// Where any event is.
        cells: Vec<HeatmapCell> = "cells",
        /// The shortest duration, in milliseconds.
        min_duration_ms: f64 = "minDurationMs",
        /// The longest one.
        max_duration_ms: f64 = "maxDurationMs",
        /// Events that were looked at.
        sample_count: u64 = "sampleCount",
    }

    /// A band of durations.
    HeatmapBand {
        /// Where it begins, in milliseconds.
        lo_ms: f64 = "loMs",
        /// Where it ends.
        hi_ms: f64 = "hiMs",
    }

    /// How many events are in one band of one bucket.
    HeatmapCell {
        /// The place of the bucket among the heatmap's.
        time: u64 = "t",
        /// The place of the band.
        band: u64 = "band",
        /// How many.
        count: u64 = "count",
    }

    /// An attribute that events have had.
    Dimension in "dimensions" {
        /// Its name.
        key: String = "key",
        /// Where it was seen, in the server's words.
        source: Option<String> = "source",
        /// When it was seen last.
        last_seen: Option<String> = "lastSeen",
    }

    /// Values that an attribute has had.
    DimensionValues {
        /// Its name.
        key: String = "key",
        /// The values.
        values: Vec<DimensionValue> = "values",
    }

    /// A value that an attribute has had.
    DimensionValue {
        /// The value.
        value: String = "value",
        /// When it was seen last.
        last_seen: Option<String> = "lastSeen",
    }
}
