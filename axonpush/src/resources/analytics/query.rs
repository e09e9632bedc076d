//! What to sum up.

use std::time::SystemTime;

use crate::{
    error::Error,
    event::{AppId, ChannelId},
    resources::{
        Source,
        filters::{Filters, MAX_LIMIT},
    },
    transport::Query,
};

/// How long a bucket of time is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AnalyticsBucket {
    /// A minute; heatmaps only.
    Minute,
    /// An hour.
    Hour,
    /// A day.
    Day,
}

/// How the bands of a heatmap are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HeatmapScale {
    /// All of one width.
    Linear,
    /// Each of them wider than the one before.
    Log,
}

/// What sums are broken down by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AnalyticsDimension {
    /// The agent.
    Agent,
    /// The id of the API key.
    ApiKey,
    /// The application.
    App,
    /// The channel.
    Channel,
    /// The type of the error.
    ErrorType,
    /// The type of the event.
    EventType,
    /// Why a model stopped.
    FinishReason,
    /// The model.
    Model,
    /// The identifier.
    Operation,
    /// The model's provider.
    Provider,
    /// The sort of operation.
    SemanticKind,
    /// The service.
    Service,
    /// The entrance.
    Source,
    /// The status.
    Status,
    /// The value of this attribute.
    Tag(String),
    /// The tool.
    Tool,
    /// The user.
    User,
}

impl AnalyticsDimension {
    fn as_str(&self) -> &'static str {
        match self {
            Self::Tag(_) => "tag",
            Self::Agent => "agent",
            Self::ApiKey => "apiKey",
            Self::App => "app",
            Self::Channel => "channel",
            Self::ErrorType => "errorType",
            Self::EventType => "eventType",
            Self::FinishReason => "finishReason",
            Self::Model => "model",
            Self::Operation => "operation",
            Self::Provider => "provider",
            Self::SemanticKind => "semanticKind",
            Self::Service => "service",
            Self::Source => "source",
            Self::Status => "status",
            Self::Tool => "tool",
            Self::User => "user",
        }
    }
}

/// Which events to sum up; every filter that is set must match.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use = "a query does nothing until it is passed to one of the analytics"]
pub struct AnalyticsQuery(Filters);

impl AnalyticsQuery {
    /// Events of the last 24 hours.
    pub fn new() -> Self {
        Self::default()
    }

    /// Not before this time; 24 hours before the end unless set.
    pub fn since(self, time: SystemTime) -> Self {
        Self(self.0.time("since", time))
    }

    /// Before this time; now unless set.
    pub fn until(self, time: SystemTime) -> Self {
        Self(self.0.time("until", time))
    }

    /// From one entrance.
    pub fn source(self, source: Source) -> Self {
        self.set("source", source.as_str())
    }

    /// Calls of one model.
    pub fn model(self, name: impl Into<String>) -> Self {
        self.set("model", name)
    }

    /// Calls of models of one provider.
    pub fn provider(self, name: impl Into<String>) -> Self {
        self.set("provider", name)
    }

    /// Of one application.
    pub fn app(self, id: impl Into<AppId>) -> Self {
        self.set("app", id.into().as_str())
    }

    /// In one channel.
    pub fn channel(self, id: impl Into<ChannelId>) -> Self {
        self.set("channel", id.into().as_str())
    }

    /// In the environment of this slug or id.
    pub fn environment(self, slug_or_id: impl Into<String>) -> Self {
        self.set("environment", slug_or_id)
    }

    /// Published with the API key of this id, which is not the key.
    pub fn api_key_id(self, id: impl Into<String>) -> Self {
        self.set("apiKey", id)
    }

    /// Of one user.
    pub fn user(self, id: impl Into<String>) -> Self {
        self.set("user", id)
    }

    /// With this value of this attribute.
    pub fn attribute(self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.set("filterTagKey", key).set("filterTagValue", value)
    }

    /// From one service.
    pub fn service(self, name: impl Into<String>) -> Self {
        self.set("service", name)
    }

    /// With this identifier.
    pub fn operation(self, name: impl Into<String>) -> Self {
        self.set("operation", name)
    }

    /// With this error type.
    pub fn error_type(self, error_type: impl Into<String>) -> Self {
        self.set("errorType", error_type)
    }

    /// At most so many values of a dimension, 1 to 500; 50 unless set.
    pub fn limit(self, rows: u32) -> Self {
        Self(self.0.limit(rows))
    }

    pub(super) fn bucket(self, bucket: AnalyticsBucket) -> Self {
        let text = match bucket {
            AnalyticsBucket::Minute => "minute",
            AnalyticsBucket::Hour => "hour",
            AnalyticsBucket::Day => "day",
        };
        self.set("bucket", text)
    }

    pub(super) fn heatmap(self, scale: HeatmapScale, bands: u32) -> Self {
        let text = match scale {
            HeatmapScale::Linear => "linear",
            HeatmapScale::Log => "log",
        };
        self.set("scale", text).set("buckets", bands.to_string())
    }

    pub(super) fn dimension(self, dimension: &AnalyticsDimension) -> Self {
        self.tag(dimension).set("dimension", dimension.as_str())
    }

    /// An overview's dimensions; the service's choice if there are none. Of several attributes the last counts.
    pub(super) fn dimensions(self, dimensions: &[AnalyticsDimension]) -> Self {
        let names: Vec<_> = dimensions.iter().map(AnalyticsDimension::as_str).collect();
        let query = dimensions.iter().fold(self, Self::tag);
        if names.is_empty() { query } else { query.set("dimensions", names.join(",")) }
    }

    fn tag(self, dimension: &AnalyticsDimension) -> Self {
        match dimension {
            AnalyticsDimension::Tag(key) => self.set("tagKey", key),
            _ => self,
        }
    }

    pub(super) fn into_query(self) -> Result<Query, Error> {
        self.0.into_query("AnalyticsQuery::limit", MAX_LIMIT)
    }

    fn set(self, name: &'static str, value: impl Into<String>) -> Self {
        Self(self.0.set(name, value.into()))
    }
}
