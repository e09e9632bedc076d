//! Sums over events: how many, how long, how dear, and of what.

mod models;
mod query;

use http::Method;

pub use self::{
    models::{
        AnalyticsBreakdown, AnalyticsOverview, AnalyticsRow, Dimension, DimensionValue, DimensionValues, Heatmap,
        HeatmapBand, HeatmapCell, LatencyPercentiles, Timeseries, TimeseriesPoint,
    },
    query::{AnalyticsBucket, AnalyticsDimension, AnalyticsQuery, HeatmapScale},
};
use super::{ApiRequest, filters::at_most, read::models};
use crate::{client::AxonPush, error::Error};

models! {
    /// Whether anything arrived yet.
    IngestionStatus {
        /// Whether it did.
        ever_ingested: bool = "everIngested",
    }
}

impl AxonPush {
    /// Sums over events: how many, how long, how dear, and of what.
    ///
    /// ```no_run
    /// use axonpush::resources::{AnalyticsBucket, AnalyticsDimension, AnalyticsQuery};
    ///
    /// # async fn f(client: axonpush::AxonPush) -> Result<(), axonpush::Error> {
    /// let checkout = AnalyticsQuery::new().service("checkout");
    /// let hours = client.analytics().timeseries(checkout.clone(), AnalyticsBucket::Hour).await?;
    /// let models = client.analytics().breakdown(checkout.limit(5), AnalyticsDimension::Model).await?;
    /// for row in models.rows {
    ///     println!("{}: {} USD", row.key, row.cost_usd);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn analytics(&self) -> Analytics<'_> {
        Analytics { client: self }
    }
}

/// Sums over events; made by [`AxonPush::analytics`].
#[derive(Debug, Clone, Copy)]
pub struct Analytics<'a> {
    client: &'a AxonPush,
}

impl Analytics<'_> {
    /// Whether the organization, or one environment of it, ever published anything: the cheapest way to learn whether
    /// it is wired up.
    ///
    /// # Errors
    ///
    /// When the server refuses, or every attempt failed.
    pub async fn ingestion_status(&self, environment: Option<&str>) -> Result<IngestionStatus, Error> {
        let path = "/analytics/ingestion-status";
        let request = self.client.operation("asking whether anything arrived", Method::GET, path);
        within(request, environment).ask().await
    }

    /// Sums over time.
    ///
    /// # Errors
    ///
    /// When the server refuses, or every attempt failed.
    pub async fn timeseries(&self, query: AnalyticsQuery, bucket: AnalyticsBucket) -> Result<Timeseries, Error> {
        let request = self.client.operation("reading a time series", Method::GET, "/analytics/timeseries");
        request.filtered(query.bucket(bucket).into_query()).ask().await
    }

    /// How long events took.
    ///
    /// # Errors
    ///
    /// When the server refuses, or every attempt failed.
    pub async fn latency(&self, query: AnalyticsQuery) -> Result<LatencyPercentiles, Error> {
        let request = self.client.operation("reading latencies", Method::GET, "/analytics/latency");
        request.filtered(query.into_query()).ask().await
    }

    /// All of it by one request: over time, how long, and broken down by these dimensions, or those of the service's
    /// choice if there are none. Of several [tags](AnalyticsDimension::Tag), the last counts.
    ///
    /// # Errors
    ///
    /// When the server refuses, or every attempt failed.
    pub async fn overview(
        &self,
        query: AnalyticsQuery,
        bucket: AnalyticsBucket,
        dimensions: &[AnalyticsDimension],
    ) -> Result<AnalyticsOverview, Error> {
        let request = self.client.operation("reading an overview", Method::GET, "/analytics/overview");
        request.filtered(query.bucket(bucket).dimensions(dimensions).into_query()).ask().await
    }

    /// Sums by the values of a dimension, largest first.
    ///
    /// # Errors
    ///
    /// When the server refuses, or every attempt failed.
    pub async fn breakdown(
        &self,
        query: AnalyticsQuery,
        dimension: AnalyticsDimension,
    ) -> Result<AnalyticsBreakdown, Error> {
        let request = self.client.operation("reading a breakdown", Method::GET, "/analytics/breakdown");
        request.filtered(query.dimension(&dimension).into_query()).ask().await
    }

    /// How many events took how long when: so many `bands` of durations, 1 to 100, on this
    /// scale, for each bucket of time.
    ///
    /// # Errors
    ///
    /// When the server refuses, or every attempt failed.
    pub async fn heatmap(
        &self,
        query: AnalyticsQuery,
        bucket: AnalyticsBucket,
        scale: HeatmapScale,
        bands: u32,
    ) -> Result<Heatmap, Error> {
        let request = self.client.operation("reading a heatmap", Method::GET, "/analytics/heatmap");
        request.filtered(query.bucket(bucket).heatmap(scale, bands).into_query()).ask().await
    }

    /// Attributes that events have had, in all or in one environment: at most so many, 1 to 500; 50 if there is no
    /// `limit`. A disabled client knows of none.
    ///
    /// # Errors
    ///
    /// When the server refuses, or every attempt failed.
    pub async fn dimensions(&self, environment: Option<&str>, limit: Option<u32>) -> Result<Vec<Dimension>, Error> {
        let request = self.client.operation("listing dimensions", Method::GET, "/analytics/dimensions");
        within(request, environment).filtered(at_most(limit)).ask().await
    }

    /// Values that an attribute has had: at most so many, 1 to 500; 50 if there is no `limit`.
    ///
    /// # Errors
    ///
    /// When the server refuses, or every attempt failed.
    pub async fn dimension_values(
        &self,
        key: &str,
        environment: Option<&str>,
        limit: Option<u32>,
    ) -> Result<DimensionValues, Error> {
        let path = "/analytics/dimensions/values";
        let request = self.client.operation("listing a dimension's values", Method::GET, path).query("key", key);
        within(request, environment).filtered(at_most(limit)).ask().await
    }
}

/// Of one environment, if it is named.
fn within<'a>(request: ApiRequest<'a>, environment: Option<&str>) -> ApiRequest<'a> {
    environment.into_iter().fold(request, |request, slug| request.query("environment", slug))
}
