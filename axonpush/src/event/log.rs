//! The payload of `app.log` and `agent.log`: a record of the OpenTelemetry log model.

use std::{borrow::Cow, time::SystemTime};

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{AttributeValue, Attributes, Severity};
use crate::clock;

/// A log record, for [`Event::payload`](crate::Event::payload) of an [`EventType::AppLog`](crate::EventType::AppLog)
/// or [`EventType::AgentLog`](crate::EventType::AgentLog).
///
/// ```
/// use axonpush::{Event, EventType, LogPayload, Severity};
///
/// let record = LogPayload::new("card declined").severity(Severity::Error).attribute("order.id", 1042);
/// let event = Event::new("billing").event_type(EventType::AppLog).severity(Severity::Error).payload(&record)?;
/// # Ok::<(), axonpush::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a payload does nothing until it is passed to `Event::payload`"]
pub struct LogPayload {
    severity: Severity,
    body: AttributeValue,
    time: SystemTime,
    attributes: Attributes,
    resource: Attributes,
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

    /// Who speaks: `service.name`, `service.version`, `deployment.environment`.
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

/// Nanoseconds since the epoch as a decimal string: beyond 2^53 a JSON number would lose digits on the way.
pub(super) struct UnixNanos(pub(super) SystemTime);

impl Serialize for UnixNanos {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let nanos = self.0.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
        // Until the year 2554 it fits; beyond that the largest will do.
        let mut left = u64::try_from(nanos).unwrap_or(u64::MAX);
        let mut digits = [b'0'; MAX_DIGITS];
        let mut first = MAX_DIGITS;
        for (place, digit) in digits.iter_mut().enumerate().rev() {
            *digit = b'0' + u8::try_from(left % 10).unwrap_or_default();
            left /= 10;
            first = place;
            if left == 0 {
                break;
            }
        }
        serializer.serialize_str(digits.get(first..).and_then(|digits| str::from_utf8(digits).ok()).unwrap_or("0"))
    }
}

/// Digits of the largest `u64`.
const MAX_DIGITS: usize = 20;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::event::json;

    fn check(nanos: u64) {
        let mut out = Vec::new();
        json::write(&UnixNanos(SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos)), &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), format!("\"{nanos}\""));
    }

    #[test]
    fn the_epoch_and_the_last_moment_have_their_digits() {
        check(0);
        check(10);
        // The largest time some systems have.
        check(i64::MAX.unsigned_abs());
    }

    proptest::proptest! {
        #[test]
        fn any_time_is_written_in_decimal(nanos in 0..i64::MAX.unsigned_abs()) {
            check(nanos);
        }
    }
}
