//! The payload of `app.span`: a finished span.

use std::{borrow::Cow, time::SystemTime};

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{AttributeValue, Attributes, SpanId, TraceId, log::UnixNanos};

/// What role a span plays in its trace, numbered as the OpenTelemetry API numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum SpanKind {
    /// Work inside one process; 0.
    #[default]
    Internal,
    /// The answering side of a request; 1.
    Server,
    /// The asking side of a request; 2.
    Client,
    /// Hands work to a queue; 3.
    Producer,
    /// Takes work from a queue; 4.
    Consumer,
}

/// How a span ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum SpanStatus {
    /// Nobody said; 0.
    #[default]
    Unset,
    /// Success, said explicitly; 1.
    Ok,
    /// Failure, with a description; 2.
    Error(Cow<'static, str>),
}

impl Serialize for SpanStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (code, message) = match self {
            Self::Unset => (0, ""),
            Self::Ok => (1, ""),
            Self::Error(message) => (2, &**message),
        };
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("code", &code)?;
        map.serialize_entry("message", message)?;
        map.end()
    }
}

/// A finished span, for [`Event::payload`](crate::Event::payload) of an
/// [`EventType::AppSpan`](crate::EventType::AppSpan).
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use axonpush::{Event, EventType, SpanKind, SpanPayload};
///
/// let end = SystemTime::now();
/// let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
/// let span = SpanPayload::new("SELECT orders", trace, "00f067aa0ba902b7", end - Duration::from_millis(3), end)
///     .kind(SpanKind::Client)
///     .attribute("db.system.name", "postgresql");
/// let event = Event::new("SELECT orders")
///     .event_type(EventType::AppSpan)
///     .trace_id(trace)
///     .span_id("00f067aa0ba902b7")
///     .payload(&span)?;
/// # Ok::<(), axonpush::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a payload does nothing until it is passed to `Event::payload`"]
pub struct SpanPayload {
    name: Cow<'static, str>,
    trace_id: TraceId,
    span_id: SpanId,
    parent_span_id: Option<SpanId>,
    kind: SpanKind,
    start: SystemTime,
    end: SystemTime,
    status: SpanStatus,
    attributes: Attributes,
    resource: Attributes,
}

impl SpanPayload {
    /// A span that ran from `start` to `end`.
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        trace_id: impl Into<TraceId>,
        span_id: impl Into<SpanId>,
        start: SystemTime,
        end: SystemTime,
    ) -> Self {
        Self {
            name: name.into(),
            trace_id: trace_id.into(),
            span_id: span_id.into(),
            parent_span_id: None,
            kind: SpanKind::default(),
            start,
            end,
            status: SpanStatus::default(),
            attributes: Attributes::new(),
            resource: Attributes::new(),
        }
    }

    /// The span this one happened in.
    pub fn parent_span_id(mut self, id: impl Into<SpanId>) -> Self {
        self.parent_span_id = Some(id.into());
        self
    }

    /// Its role; [`SpanKind::Internal`] unless set.
    pub fn kind(mut self, kind: SpanKind) -> Self {
        self.kind = kind;
        self
    }

    /// How it ended; [`SpanStatus::Unset`] unless set.
    pub fn status(mut self, status: SpanStatus) -> Self {
        self.status = status;
        self
    }

    /// Sets one attribute.
    pub fn attribute(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<AttributeValue>) -> Self {
        self.attributes.insert(key, value);
        self
    }

    /// Who speaks: `service.name`, `service.version`, `deployment.environment`.
    pub fn resource(mut self, resource: Attributes) -> Self {
        self.resource = resource;
        self
    }
}

impl Serialize for SpanPayload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("traceId", &self.trace_id)?;
        map.serialize_entry("spanId", &self.span_id)?;
        if let Some(parent) = &self.parent_span_id {
            map.serialize_entry("parentSpanId", parent)?;
        }
        map.serialize_entry("name", &self.name)?;
        map.serialize_entry("kind", &(self.kind as u8))?;
        map.serialize_entry("startTimeUnixNano", &UnixNanos(self.start))?;
        map.serialize_entry("endTimeUnixNano", &UnixNanos(self.end))?;
        map.serialize_entry("status", &self.status)?;
        map.serialize_entry("attributes", &self.attributes)?;
        if !self.resource.is_empty() {
            map.serialize_entry("resource", &self.resource)?;
        }
        map.end()
    }
}
