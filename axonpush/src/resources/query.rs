//! What to look for.

use std::time::SystemTime;

use super::filters::{Filters, MAX_LIMIT};
use crate::{
    error::Error,
    event::{AgentId, AppId, ChannelId, EnvironmentId, EventType, TraceId},
    transport::Query,
};

/// Where an event entered the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// Published by an SDK.
    App,
    /// Ingested from a Sentry client.
    Sentry,
    /// Ingested over OTLP.
    Otlp,
}

impl Source {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Sentry => "sentry",
            Self::Otlp => "otlp",
        }
    }
}

/// What sort of operation an event describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SemanticKind {
    /// An agent's own step.
    Agent,
    /// A tool call.
    Tool,
    /// A call of a language model.
    Llm,
    /// A retrieval.
    Retriever,
    /// A database call.
    Db,
    /// An HTTP exchange.
    Http,
    /// A log record.
    Log,
}

impl SemanticKind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Tool => "tool",
            Self::Llm => "llm",
            Self::Retriever => "retriever",
            Self::Db => "db",
            Self::Http => "http",
            Self::Log => "log",
        }
    }
}

/// Which events to find; every filter that is set must match.
///
/// ```
/// use axonpush::EventQuery;
/// use std::time::{Duration, SystemTime};
///
/// let query = EventQuery::new()
///     .since(SystemTime::now() - Duration::from_secs(3600))
///     .attribute("request.id", "req-42")
///     .limit(100);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use = "a query does nothing until it is passed to `search`"]
pub struct EventQuery(Filters);

impl EventQuery {
    /// The newest 50 events of the last 24 hours.
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

    /// Of one application.
    pub fn app_id(self, id: impl Into<AppId>) -> Self {
        self.set("appId", id.into())
    }

    /// In one channel.
    pub fn channel_id(self, id: impl Into<ChannelId>) -> Self {
        self.set("channelId", id.into())
    }

    /// In one environment.
    pub fn environment_id(self, id: impl Into<EnvironmentId>) -> Self {
        self.set("environmentId", id.into())
    }

    /// Of one type.
    pub fn event_type(self, event_type: impl Into<EventType>) -> Self {
        self.set("eventType", event_type.into())
    }

    /// From one entrance.
    pub fn source(self, source: Source) -> Self {
        self.set("source", source.as_str())
    }

    /// With one status.
    pub fn status(self, status: impl Into<String>) -> Self {
        self.set("status", status.into())
    }

    /// Of one trace; the id is compared verbatim.
    pub fn trace_id(self, id: impl Into<TraceId>) -> Self {
        self.set("traceId", id.into())
    }

    /// Of one agent.
    pub fn agent_id(self, id: impl Into<AgentId>) -> Self {
        self.set("agentId", id.into())
    }

    /// Of agents with this name.
    pub fn agent_name(self, name: impl Into<String>) -> Self {
        self.set("agentName", name.into())
    }

    /// Of one tool.
    pub fn tool_name(self, name: impl Into<String>) -> Self {
        self.set("toolName", name.into())
    }

    /// Of one sort of operation.
    pub fn semantic_kind(self, kind: SemanticKind) -> Self {
        self.set("semanticKind", kind.as_str())
    }

    /// From one service.
    pub fn service_name(self, name: impl Into<String>) -> Self {
        self.set("serviceName", name.into())
    }

    /// With this identifier.
    pub fn operation_name(self, name: impl Into<String>) -> Self {
        self.set("operationName", name.into())
    }

    /// With this error type.
    pub fn error_type(self, error_type: impl Into<String>) -> Self {
        self.set("errorType", error_type.into())
    }

    /// Whose text contains this, without regard to case.
    pub fn text(self, text: impl Into<String>) -> Self {
        self.set("q", text.into())
    }

    /// With this value of this attribute. One attribute can be asked for; a second call replaces the first.
    pub fn attribute(self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.set("attrKey", key.into()).set("attrValue", value.into())
    }

    /// At most so many, 1 to 500; 50 unless set.
    pub fn limit(self, events: u32) -> Self {
        Self(self.0.limit(events))
    }

    fn set(self, name: &'static str, value: impl ToString) -> Self {
        Self(self.0.set(name, value))
    }

    /// The query string's pairs.
    pub(super) fn into_query(self) -> Result<Query, Error> {
        self.0.into_query("EventQuery::limit", MAX_LIMIT)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_filter_has_its_name_on_the_wire() {
        let epoch = SystemTime::UNIX_EPOCH;
        let query = EventQuery::new()
            .since(epoch)
            .until(epoch + Duration::from_millis(1500))
            .app_id("a")
            .channel_id(7_u64)
            .environment_id("e")
            .event_type(EventType::AppLog)
            .source(Source::Otlp)
            .status("error")
            .trace_id("T-1")
            .agent_id("g")
            .agent_name("n")
            .tool_name("t")
            .semantic_kind(SemanticKind::Http)
            .service_name("s")
            .operation_name("o")
            .error_type("x")
            .text("q")
            .attribute("first", "1")
            .attribute("http.route", "/a/{b}")
            .limit(500);
        let pairs = query.into_query().unwrap();
        let line: Vec<_> = pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(
            line.join(" "),
            "since=1970-01-01T00:00:00Z until=1970-01-01T00:00:01.5Z appId=a channelId=7 environmentId=e \
             eventType=app.log source=otlp status=error traceId=T-1 agentId=g agentName=n toolName=t semanticKind=http \
             serviceName=s operationName=o errorType=x q=q attrKey=http.route attrValue=/a/{b} limit=500",
        );
    }

    #[test]
    fn a_limit_outside_1_to_500_is_refused_before_sending() {
        for limit in [0, 501, u32::MAX] {
            let error = EventQuery::new().limit(limit).into_query().unwrap_err();
            assert!(error.is_invalid() && error.to_string().contains("1 to 500"));
        }
    }
}
