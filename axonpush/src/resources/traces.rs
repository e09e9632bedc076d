//! Traces: the events that share a trace id.

use std::time::SystemTime;

use http::Method;

use super::{
    SemanticKind, Source, StoredEvent,
    filters::{Filters, MAX_LIMIT},
    read::models,
};
use crate::{
    client::AxonPush,
    error::Error,
    event::{AgentId, AppId, TraceId},
};

models! {
    /// What is known of a trace as a whole.
    TraceSummary in "traces" {
        /// Its id, as it was published.
        trace_id: TraceId = "traceId",
        /// When its first event happened.
        started_at: String = "startedAt",
        /// When its last one ended.
        ended_at: String = "endedAt",
        /// The time between, in milliseconds.
        duration_ms: f64 = "durationMs",
        /// The name of the span that has no parent.
        root_span_name: String = "rootSpanName",
        /// The service that published it.
        service_name: String = "serviceName",
        /// The environment.
        environment: String = "environment",
        /// The release.
        release: String = "release",
        /// The session.
        session_id: String = "sessionId",
        /// The customer.
        customer: String = "customer",
        /// The workflow.
        workflow: String = "workflow",
        /// How it ended, in the server's words, such as `ok` or `error`.
        outcome: String = "outcome",
        /// The type of the first error in it.
        first_error_type: String = "firstErrorType",
        /// Its events.
        span_count: u64 = "spanCount",
        /// Those that are errors.
        error_count: u64 = "errorCount",
        /// The tokens of models it used.
        total_tokens: u64 = "totalTokens",
        /// What it cost, in US dollars.
        cost_usd: f64 = "costUsd",
        /// The model providers it used.
        providers: Vec<String> = "providers",
        /// The models it used.
        models: Vec<String> = "models",
    }

    /// A trace, event by event.
    Trace {
        /// Its id, as it was published.
        trace_id: TraceId = "traceId",
        /// Its events, in the order they happened.
        spans: Vec<StoredEvent> = "spans" | "events",
    }
}

impl AxonPush {
    /// Traces: the events that share a trace id.
    ///
    /// ```
    /// use axonpush::{AxonPush, Event, resources::{TraceQuery, TraceSort}};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let server = axonpush_dev::DevServer::start().await.unwrap();
    /// # let client = AxonPush::builder().api_key("ak_dev").base_url(server.url()).build()?;
    /// client.events().publish(Event::new("plan").trace_id("tr-1").span_id("a")).await?;
    /// client.events().publish(Event::new("search").trace_id("tr-1").parent_span_id("a")).await?;
    ///
    /// let slowest = TraceQuery::new().operation("plan").operation("search").sort(TraceSort::LongestFirst);
    /// let traces = client.traces().list(slowest).await?;
    /// assert_eq!(traces[0].span_count, 2);
    ///
    /// let trace = client.traces().get("tr-1").await?;
    /// assert_eq!(trace.spans[1].operation_name.as_deref(), Some("search"));
    /// # Ok::<(), axonpush::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn traces(&self) -> Traces<'_> {
        Traces { client: self }
    }
}

/// Traces; made by [`AxonPush::traces`].
#[derive(Debug, Clone, Copy)]
pub struct Traces<'a> {
    client: &'a AxonPush,
}

impl Traces<'_> {
    /// Finds traces. A disabled client finds none.
    ///
    /// # Errors
    ///
    /// When the query's limit is not in 1 to 500, the server refuses, or every attempt failed.
    pub async fn list(&self, query: TraceQuery) -> Result<Vec<TraceSummary>, Error> {
        let query = query.0.into_query("TraceQuery::limit", MAX_LIMIT);
        self.client.operation("listing traces", Method::GET, "/traces").filtered(query).ask().await
    }

    /// One trace with all of its events. Of an id that nobody has published yet there are none.
    ///
    /// # Errors
    ///
    /// When the server refuses, or every attempt failed.
    pub async fn get(&self, trace_id: impl Into<TraceId>) -> Result<Trace, Error> {
        let request = self.client.operation("reading a trace", Method::GET, "/traces/{traceId}");
        request.segment(trace_id.into()).ask().await
    }
}

/// The order of traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TraceSort {
    /// The one that was added to last comes first.
    NewestFirst,
    /// It comes last.
    OldestFirst,
    /// By the time it took.
    LongestFirst,
    /// By what it cost.
    DearestFirst,
    /// By the tokens it used.
    MostTokensFirst,
}

/// Which traces to find; every filter that is set must match. Those that may be set more than once match any of their
/// values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use = "a query does nothing until it is passed to `list`"]
pub struct TraceQuery(Filters);

impl TraceQuery {
    /// The newest 50 traces of the last 24 hours.
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

    /// At most so many, 1 to 500; 50 unless set.
    pub fn limit(self, traces: u32) -> Self {
        Self(self.0.limit(traces))
    }

    /// Without the first so many.
    pub fn offset(self, traces: u32) -> Self {
        Self(self.0.set("offset", traces))
    }

    /// Whose text contains this, without regard to case.
    pub fn text(self, text: impl Into<String>) -> Self {
        Self(self.0.set("q", text.into()))
    }

    /// With an event of this service; may be set more than once.
    pub fn service(self, name: impl Into<String>) -> Self {
        Self(self.0.add("service", name.into()))
    }

    /// With an event of this identifier; may be set more than once.
    pub fn operation(self, name: impl Into<String>) -> Self {
        Self(self.0.add("operation", name.into()))
    }

    /// With a call of this model; may be set more than once.
    pub fn model(self, name: impl Into<String>) -> Self {
        Self(self.0.add("model", name.into()))
    }

    /// With a call of a model of this provider; may be set more than once.
    pub fn provider(self, name: impl Into<String>) -> Self {
        Self(self.0.add("provider", name.into()))
    }

    /// With an event of this agent; may be set more than once.
    pub fn agent(self, id: impl Into<AgentId>) -> Self {
        Self(self.0.add("agent", id.into()))
    }

    /// With a call of this tool; may be set more than once.
    pub fn tool(self, name: impl Into<String>) -> Self {
        Self(self.0.add("tool", name.into()))
    }

    /// With an event from this entrance; may be set more than once.
    pub fn source(self, source: Source) -> Self {
        Self(self.0.add("source", source.as_str()))
    }

    /// With an event of this application; may be set more than once.
    pub fn app(self, id: impl Into<AppId>) -> Self {
        Self(self.0.add("app", id.into()))
    }

    /// In the environment of this slug or id; may be set more than once.
    pub fn environment(self, slug_or_id: impl Into<String>) -> Self {
        Self(self.0.add("environment", slug_or_id.into()))
    }

    /// Published with the API key of this id, which is not the key; may be set more than once.
    pub fn api_key_id(self, id: impl Into<String>) -> Self {
        Self(self.0.add("apiKey", id.into()))
    }

    /// Of this release; may be set more than once.
    pub fn release(self, release: impl Into<String>) -> Self {
        Self(self.0.add("release", release.into()))
    }

    /// With an event of this status; may be set more than once.
    pub fn status(self, status: impl Into<String>) -> Self {
        Self(self.0.add("status", status.into()))
    }

    /// Of this session; may be set more than once.
    pub fn session(self, id: impl Into<String>) -> Self {
        Self(self.0.add("session", id.into()))
    }

    /// Of this user; may be set more than once.
    pub fn user(self, id: impl Into<String>) -> Self {
        Self(self.0.add("user", id.into()))
    }

    /// With an operation of this sort; may be set more than once.
    pub fn semantic_kind(self, kind: SemanticKind) -> Self {
        Self(self.0.add("semanticKind", kind.as_str()))
    }

    /// Only those with an error.
    pub fn errors_only(self) -> Self {
        Self(self.0.set("errorsOnly", true))
    }

    /// Only those that took at least so many milliseconds.
    pub fn min_duration_ms(self, milliseconds: f64) -> Self {
        Self(self.0.set("minDurationMs", milliseconds))
    }

    /// Their order; newest first unless set.
    pub fn sort(self, sort: TraceSort) -> Self {
        let text = match sort {
            TraceSort::NewestFirst => "last_seen_desc",
            TraceSort::OldestFirst => "last_seen_asc",
            TraceSort::LongestFirst => "duration_desc",
            TraceSort::DearestFirst => "cost_desc",
            TraceSort::MostTokensFirst => "tokens_desc",
        };
        Self(self.0.set("sort", text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_filter_has_its_name_on_the_wire_and_lists_are_repeated() {
        let query = TraceQuery::new()
            .since(SystemTime::UNIX_EPOCH)
            .until(SystemTime::UNIX_EPOCH)
            .offset(5)
            .offset(10)
            .text("q")
            .service("a")
            .service("b")
            .operation("o")
            .model("m")
            .provider("p")
            .agent("g")
            .tool("t")
            .source(Source::Sentry)
            .app(7_u64)
            .environment("e")
            .api_key_id("k")
            .release("r")
            .status("error")
            .session("s")
            .user("u")
            .semantic_kind(SemanticKind::Llm)
            .errors_only()
            .min_duration_ms(2.5)
            .sort(TraceSort::DearestFirst)
            .limit(500);
        let pairs = query.0.into_query("", MAX_LIMIT).unwrap();
        let line: Vec<_> = pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(
            line.join(" "),
            "since=1970-01-01T00:00:00Z until=1970-01-01T00:00:00Z offset=10 q=q service=a service=b operation=o \
             model=m provider=p agent=g tool=t source=sentry app=7 environment=e apiKey=k release=r status=error \
             session=s user=u semanticKind=llm errorsOnly=true minDurationMs=2.5 sort=cost_desc limit=500",
        );
    }
}
