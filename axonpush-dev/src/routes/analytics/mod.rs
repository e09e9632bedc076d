//! `/analytics`: what the stored events add up to.
//!
//! Windows and buckets go by when an event arrived, as those of `GET /events` do. What an event does not say is not
//! counted as zero: it has no part in a mean, and no row in a breakdown.

mod breakdown;
mod cohort;
mod diff;
mod dimensions;
mod heatmap;
mod latency;
mod series;
mod sums;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use serde::Serialize;
use serde_json::json;

use self::breakdown::{Breakdown, Dimension, Rows};
use self::cohort::Cohort;
pub(super) use self::dimensions::text as scalar;
use self::heatmap::{Bands, Durations};
pub(super) use self::latency::percentile;
use self::latency::{Latencies, Percentiles};
use self::series::{Bucket, Series, Timeseries};
use super::query::Parameters;
use super::{Answered, json};
use crate::guard::Authorized;
use crate::state::Shared;
use crate::store::Scan;

#[derive(Serialize)]
struct Overview {
    timeseries: Timeseries,
    latency: Percentiles,
    breakdowns: Vec<Breakdown>,
}

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/analytics/ingestion-status", get(ingestion_status))
        .route("/analytics/timeseries", get(timeseries))
        .route("/analytics/breakdown", get(breakdown))
        .route("/analytics/latency", get(latency))
        .route("/analytics/overview", get(overview))
        .route("/analytics/heatmap", get(heatmap))
        .route("/analytics/dimensions", get(dimensions::list))
        .route("/analytics/dimensions/values", get(dimensions::values))
        .route("/analytics/diff", post(diff::diff))
}

/// Whether any event is stored. Those that left to make room are forgotten here, too.
async fn ingestion_status(State(shared): State<Arc<Shared>>, _: Authorized, parameters: Parameters) -> Answered {
    let mut scan = Scan::default();
    if let Some(environment) = parameters.text("environment") {
        scan.equals("environment_id", cohort::slug(&shared, environment).await?);
    }
    Ok(json(&json!({"everIngested": scan.any(&shared.store).await?})))
}

async fn timeseries(State(shared): State<Arc<Shared>>, _: Authorized, mut parameters: Parameters) -> Answered {
    let cohort = Cohort::of_query(&mut parameters);
    let window = parameters.window(shared.clock.now());
    let bucket = Bucket::of_query(&mut parameters);
    parameters.check()?;
    let scan = cohort.scan(&shared, window).await?;
    let series = scan.fold(&shared.store, Series::new(bucket), |series, event| series.add(&event)).await?;
    Ok(json(&series.finish()))
}

async fn breakdown(State(shared): State<Arc<Shared>>, _: Authorized, mut parameters: Parameters) -> Answered {
    let cohort = Cohort::of_query(&mut parameters);
    let window = parameters.window(shared.clock.now());
    let limit = parameters.limit() as usize;
    let name = parameters.text_or_usual("dimension");
    let dimension = Dimension::of_query(&mut parameters, "dimension", &name);
    parameters.check()?;
    let mut scan = cohort.scan(&shared, window).await?;
    let dimension = dimension?;
    dimension.narrow(&mut scan);
    let rows = scan.fold(&shared.store, Rows::new(dimension), |rows, event| rows.add(&event)).await?;
    Ok(json(&rows.finish(limit)))
}

async fn latency(State(shared): State<Arc<Shared>>, _: Authorized, mut parameters: Parameters) -> Answered {
    let cohort = Cohort::of_query(&mut parameters);
    let window = parameters.window(shared.clock.now());
    parameters.check()?;
    let scan = cohort.scan(&shared, window).await?;
    let latencies = scan.fold(&shared.store, Latencies::default(), |latencies, event| latencies.add(&event)).await?;
    Ok(json(&latencies.finish()))
}

async fn overview(State(shared): State<Arc<Shared>>, _: Authorized, mut parameters: Parameters) -> Answered {
    let cohort = Cohort::of_query(&mut parameters);
    let window = parameters.window(shared.clock.now());
    let bucket = Bucket::of_query(&mut parameters);
    let limit = parameters.limit() as usize;
    let names = parameters.text_or_usual("dimensions");
    let dimensions: Vec<_> =
        names.split(',').map(|name| Dimension::of_query(&mut parameters, "dimensions", name.trim())).collect();
    parameters.check()?;
    let scan = cohort.scan(&shared, window).await?;
    let breakdowns: Vec<_> =
        dimensions.into_iter().map(|dimension| dimension.map(Rows::new)).collect::<Result<_, _>>()?;
    let sums = (Series::new(bucket), Latencies::default(), breakdowns);
    let (series, latencies, breakdowns) = scan
        .fold(&shared.store, sums, |(series, latencies, breakdowns), event| {
            series.add(&event);
            latencies.add(&event);
            for rows in breakdowns {
                rows.add(&event);
            }
        })
        .await?;
    Ok(json(&Overview {
        timeseries: series.finish(),
        latency: latencies.finish(),
        breakdowns: breakdowns.into_iter().map(|rows| rows.finish(limit)).collect(),
    }))
}

async fn heatmap(State(shared): State<Arc<Shared>>, _: Authorized, mut parameters: Parameters) -> Answered {
    let cohort = Cohort::of_query(&mut parameters);
    let window = parameters.window(shared.clock.now());
    let bucket = Bucket::of_query(&mut parameters);
    let bands = Bands::of_query(&mut parameters);
    parameters.check()?;
    let scan = cohort.scan(&shared, window).await?;
    let durations = scan.fold(&shared.store, Durations::new(bucket), |durations, event| durations.add(&event)).await?;
    Ok(json(&super::aside(move || durations.finish(bands)).await?))
}
