//! What `tail` knows of an event.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value};

/// An event document, as far as it is looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SeenEvent<'a> {
    #[serde(borrow)]
    pub(super) event_id: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) event_type: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) created_at: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) occurred_at: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) operation_name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) service_name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) trace_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) status: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) error_type: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) error_message: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(super) duration_ms: Option<f64>,
    #[serde(default)]
    payload: Option<Map<String, Value>>,
}

impl<'a> SeenEvent<'a> {
    /// `None` for what is not an event.
    pub(super) fn read(json: &'a str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    pub(super) fn payload(&self, name: &str) -> Option<&Value> {
        self.payload.as_ref()?.get(name)
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&Value> {
        self.payload("attributes")?.get(name)
    }

    /// OpenTelemetry's number: as a log record says it, else what follows from the status.
    pub(super) fn severity(&self) -> u64 {
        let said = self.payload("severityNumber").and_then(Value::as_u64).filter(|number| *number > 0);
        said.unwrap_or(if self.status.as_deref() == Some("error") { ERROR } else { INFO })
    }
}

pub(super) const INFO: u64 = 9;
pub(super) const WARN: u64 = 13;
pub(super) const ERROR: u64 = 17;
