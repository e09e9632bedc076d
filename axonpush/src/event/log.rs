//! The payload of `app.log` and `agent.log`: a record of the OpenTelemetry log model.

use std::{borrow::Cow, time::SystemTime};

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{AttributeValue, Attributes, Severity, json, scan};
use crate::clock;

/// A log record, for [`Event::log`](crate::Event::log).
///
/// ```
/// use axonpush::{Event, EventType, LogPayload, Severity};
///
/// let record = LogPayload::new("card declined").severity(Severity::Error).attribute("order.id", 1042);
/// let event = Event::log("billing", record);
/// // What an agent logs has a type of its own.
/// let thought = Event::log("planner", LogPayload::new("two options left")).event_type(EventType::AgentLog);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a record does nothing until it is passed to `Event::log`"]
pub struct LogPayload {
    pub(super) severity: Severity,
    pub(super) body: AttributeValue,
    pub(super) time: SystemTime,
    pub(super) attributes: Attributes,
    pub(super) resource: Attributes,
}

impl LogPayload {
    /// A record that says `body`, at [`Severity::Info`], now.
    pub fn new(body: impl Into<AttributeValue>) -> Self {
        Self {
            severity: Severity::default(),
            body: body.into(),
            time: clock::wall(),
            attributes: Attributes::new(),
            resource: Attributes::new(),
        }
    }

    /// How bad it is.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// When it happened; now, unless set.
    pub fn time(mut self, time: SystemTime) -> Self {
        self.time = time;
        self
    }

    /// Sets one attribute.
    pub fn attribute(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<AttributeValue>) -> Self {
        self.attributes.insert(key, value);
        self
    }

    /// Replaces all attributes.
    pub fn attributes(mut self, attributes: Attributes) -> Self {
        self.attributes = attributes;
        self
    }

    /// Who speaks: `service.name`, `service.version`, `deployment.environment`. What the client was told, unless set.
    pub fn resource(mut self, resource: Attributes) -> Self {
        self.resource = resource;
        self
    }
}

impl Serialize for LogPayload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("severityNumber", &self.severity.number())?;
        map.serialize_entry("severityText", self.severity.text())?;
        map.serialize_entry("body", &self.body)?;
        map.serialize_entry("timeUnixNano", &UnixNanos(self.time))?;
        if !self.attributes.is_empty() {
            map.serialize_entry("attributes", &self.attributes)?;
        }
        if !self.resource.is_empty() {
            map.serialize_entry("resource", &self.resource)?;
        }
        map.end()
    }
}

/// Nanoseconds since the epoch, as a string.
pub(super) struct UnixNanos(pub(super) SystemTime);

impl Serialize for UnixNanos {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = Vec::with_capacity(24);
        json::write_nanos(self.0, &mut text);
        serializer.serialize_str(str::from_utf8(scan::inside(&text)).unwrap_or("0"))
    }
}
