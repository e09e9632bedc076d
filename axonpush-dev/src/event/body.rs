//! The body of `POST /event`: a closed set of fields, checked all at once.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::json;
use crate::problem::{Fault, Problem};
use crate::rfc3339::Rfc3339;

/// A body that was accepted.
#[derive(Debug)]
pub(crate) struct EventBody {
    pub(crate) identifier: String,
    pub(crate) payload: Map<String, Value>,
    /// The payload as it was sent, if it was sent as JSON. Numbers keep digits here that a `Value` may round.
    pub(crate) payload_text: Option<Box<RawValue>>,
    pub(crate) metadata: Option<Map<String, Value>>,
    pub(crate) metadata_text: Option<Box<RawValue>>,
    pub(crate) channel_id: String,
    pub(crate) event_type: String,
    pub(crate) agent_id: Option<String>,
    pub(crate) trace_id: Option<String>,
    pub(crate) span_id: Option<String>,
    pub(crate) parent_span_id: Option<String>,
    pub(crate) dedup_key: Option<String>,
    pub(crate) occurred_at: Option<Timestamp>,
}

impl EventBody {
    /// Reads a body.
    ///
    /// # Errors
    /// 400 for what is not JSON, 422 with every fault for what is not an event.
    pub(crate) fn parse(body: &[u8], accept_occurred_at: bool) -> Result<Self, Problem> {
        let text = std::str::from_utf8(body).map_err(|_| Problem::bad_request("the body is not valid UTF-8"))?;
        if !text.trim_ascii_start().starts_with('{') {
            return Err(not_an_object(text));
        }
        let fields: BTreeMap<String, &RawValue> = serde_json::from_str(text).map_err(|error| malformed(&error))?;
        let mut reader = Reader { fields, faults: Vec::new() };

        let identifier = reader.required_text("identifier");
        let payload = reader.object("payload")?;
        if payload.is_none() && !reader.faulted("payload") {
            reader.fault("expected required property payload to be present", "payload", None);
        }
        let metadata = reader.object("metadata")?;
        let channel_id = reader.text("channel_id");
        let event_type = reader.text("eventType");
        let agent_id = reader.text("agentId");
        let trace_id = reader.text("traceId");
        let span_id = reader.text("spanId");
        let parent_span_id = reader.text("parentSpanId");
        let dedup_key = reader.text("dedupKey");
        let occurred_at = if accept_occurred_at { reader.timestamp("occurredAt") } else { None };
        reader.boolean("sync");
        reader.text("$schema");
        reader.refuse_unknown();

        match (identifier, payload) {
            (Some(identifier), Some((payload, payload_text))) if reader.faults.is_empty() => {
                let (metadata, metadata_text) = metadata.unzip();
                Ok(Self {
                    identifier,
                    payload,
                    payload_text: Some(payload_text),
                    metadata,
                    metadata_text,
                    channel_id: channel_id.unwrap_or_else(|| DEFAULT_CHANNEL.to_owned()),
                    event_type: event_type.unwrap_or_else(|| "custom".to_owned()),
                    agent_id,
                    trace_id,
                    span_id,
                    parent_span_id,
                    dedup_key,
                    occurred_at,
                })
            }
            _ => Err(Problem::invalid(reader.faults)),
        }
    }

    /// The text from which [`parse`](Self::parse) reads this body again.
    pub(crate) fn to_bytes(&self) -> Bytes {
        let mut text = Vec::new();
        self.write(&mut text);
        text.into()
    }

    /// The same, at the end of `text`.
    pub(crate) fn write(&self, text: &mut Vec<u8>) {
        let occurred_at = self.occurred_at.map(|time| time.to_string());
        let fields = [
            ("identifier", Some(&self.identifier)),
            ("channel_id", Some(&self.channel_id)),
            ("eventType", Some(&self.event_type)),
            ("agentId", self.agent_id.as_ref()),
            ("traceId", self.trace_id.as_ref()),
            ("spanId", self.span_id.as_ref()),
            ("parentSpanId", self.parent_span_id.as_ref()),
            ("dedupKey", self.dedup_key.as_ref()),
            ("occurredAt", occurred_at.as_ref()),
        ];
        let mut separator = b'{';
        for (name, value) in fields {
            if let Some(value) = value {
                text.push(separator);
                separator = b',';
                json::write_string(name, text);
                text.push(b':');
                json::write_string(value, text);
            }
        }
        text.extend_from_slice(b",\"payload\":");
        match &self.payload_text {
            Some(payload) => text.extend_from_slice(payload.get().as_bytes()),
            None => json::write_object(&self.payload, text),
        }
        if let Some(metadata) = &self.metadata_text {
            text.extend_from_slice(b",\"metadata\":");
            text.extend_from_slice(metadata.get().as_bytes());
        }
        text.push(b'}');
    }

    /// An entry of `payload.attributes`. Dots in `name` are plain characters.
    pub(crate) fn attribute(&self, name: &str) -> Option<&Value> {
        self.payload.get("attributes")?.get(name)
    }
}

/// An object, and the text it was sent as.
type Object = (Map<String, Value>, Box<RawValue>);

/// Takes fields out of a body one by one and notes what is wrong with them.
struct Reader<'a> {
    fields: BTreeMap<String, &'a RawValue>,
    faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    /// A string; an empty one counts as absent.
    fn text(&mut self, name: &str) -> Option<String> {
        let raw = self.fields.remove(name)?;
        let text = serde_json::from_str::<String>(raw.get());
        if text.is_err() {
            self.fault("expected string", name, Some(raw));
        }
        text.ok().filter(|text| !text.is_empty())
    }

    fn required_text(&mut self, name: &str) -> Option<String> {
        let raw = self.fields.get(name).copied();
        let text = self.text(name);
        match raw {
            None => self.fault(&format!("expected required property {name} to be present"), name, None),
            Some(raw) if text.is_none() && !self.faulted(name) => {
                self.fault("expected length >= 1", name, Some(raw));
            }
            Some(_) => {}
        }
        text
    }

    /// # Errors
    /// 400 when a value inside it cannot be held, such as one nested too deep.
    fn object(&mut self, name: &str) -> Result<Option<Object>, Problem> {
        let Some(raw) = self.fields.remove(name) else { return Ok(None) };
        if !raw.get().starts_with('{') {
            self.fault("expected object", name, Some(raw));
            return Ok(None);
        }
        let object = serde_json::from_str(raw.get()).map_err(|error| malformed(&error))?;
        Ok(Some((object, raw.to_owned())))
    }

    fn timestamp(&mut self, name: &str) -> Option<Timestamp> {
        let raw = self.fields.get(name).copied()?;
        let known_faults = self.faults.len();
        let timestamp = self.text(name).and_then(|text| text.parse().ok()).map(|Rfc3339(time)| time);
        if timestamp.is_none() && self.faults.len() == known_faults {
            self.fault("expected string to be RFC 3339 date-time", name, Some(raw));
        }
        timestamp
    }

    fn boolean(&mut self, name: &str) {
        if let Some(raw) = self.fields.remove(name)
            && !matches!(raw.get(), "true" | "false")
        {
            self.fault("expected boolean", name, Some(raw));
        }
    }

    fn refuse_unknown(&mut self) {
        for (name, raw) in std::mem::take(&mut self.fields) {
            self.fault("unexpected property", &name, Some(raw));
        }
    }

    fn faulted(&self, name: &str) -> bool {
        self.faults.iter().any(|fault| fault.is_at(&format!("body.{name}")))
    }

    fn fault(&mut self, message: &str, name: &str, raw: Option<&'a RawValue>) {
        let fault = Fault::new(format!("body.{name}"), message);
        let value =
            raw.filter(|raw| raw.get().len() <= MAX_ECHOED_VALUE).and_then(|raw| serde_json::from_str(raw.get()).ok());
        self.faults.push(match value {
            Some(value) => fault.with_value(value),
            None => fault,
        });
    }
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::bad_request(format!("the body is not valid JSON: {error}"))
}

fn not_an_object(text: &str) -> Problem {
    match serde_json::from_str::<&RawValue>(text) {
        Ok(_) => Problem::invalid(vec![Fault::new("body", "expected object")]),
        Err(error) => malformed(&error),
    }
}

/// The channel of events that name none.
pub(crate) const DEFAULT_CHANNEL: &str = "default";

/// Long values tell a reader nothing that the location does not.
const MAX_ECHOED_VALUE: usize = 1_024;
