//! An event as it arrived.

use std::fmt;

use serde_json::Value;

use crate::event::EventType;

/// An event as it arrived: completed, redacted, as the server would see it.
#[derive(Clone, PartialEq)]
pub struct SentEvent(pub(super) Value);

impl SentEvent {
    /// What happened.
    pub fn identifier(&self) -> &str {
        self.text("/identifier").unwrap_or_default()
    }

    /// Its type; [`EventType::Custom`] when it names none.
    pub fn event_type(&self) -> EventType {
        self.text("/eventType").map_or(EventType::Custom, EventType::from)
    }

    /// What it is about.
    pub fn payload(&self) -> &Value {
        self.field("/payload").unwrap_or(&Value::Null)
    }

    /// An attribute, wherever it stands: in the payload or, for what the request around it adds, in the metadata.
    pub fn attribute(&self, name: &str) -> Option<&Value> {
        let of = |object: &str| self.field(object)?.get(name);
        of("/payload/attributes").or_else(|| of("/metadata"))
    }

    /// Any part, by its JSON pointer (RFC 6901): `/payload/items/0`, `/traceId`.
    pub fn field(&self, pointer: &str) -> Option<&Value> {
        self.0.pointer(pointer)
    }

    /// The whole body of `POST /event`.
    pub fn as_json(&self) -> &Value {
        &self.0
    }

    pub(crate) fn text(&self, pointer: &str) -> Option<&str> {
        self.field(pointer)?.as_str()
    }
}

impl fmt::Debug for SentEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.0)
    }
}
