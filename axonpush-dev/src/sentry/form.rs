//! What the events made of Sentry's have in common.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::event::EventBody;

/// An event that is being put together.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) identifier: String,
    pub(super) event_type: &'static str,
    pub(super) payload: Map<String, Value>,
    pub(super) attributes: Map<String, Value>,
    pub(super) trace_id: Option<String>,
    pub(super) span_id: Option<String>,
    pub(super) parent_span_id: Option<String>,
    pub(super) dedup_key: Option<String>,
    pub(super) occurred_at: Option<Timestamp>,
}

impl Draft {
    /// A draft with what every kind of event says of where it comes from.
    pub(super) fn of(event_type: &'static str, event: &Map<String, Value>) -> Self {
        let mut draft = Self { event_type, ..Self::default() };
        let mut resource = Map::new();
        for (name, from) in
            [("service.version", "release"), ("deployment.environment", "environment"), ("host.name", "server_name")]
        {
            put(&mut resource, name, event.get(from).cloned());
        }
        if !resource.is_empty() {
            draft.payload.insert("resource".to_owned(), resource.into());
        }
        draft.tags(event.get("tags"));
        let user = event.get("user").and_then(Value::as_object);
        for (name, from) in [("user.id", "id"), ("user.email", "email"), ("user.name", "username")] {
            put(&mut draft.attributes, name, user.and_then(|user| user.get(from)).cloned());
        }
        for name in ["contexts", "extra", "request", "sdk", "modules"] {
            put(&mut draft.payload, name, event.get(name).filter(|part| !is_empty(part)).cloned());
        }
        let trace = event.get("contexts").and_then(|contexts| contexts.get("trace"));
        let id = |name| trace.and_then(|trace| text(trace.get(name)));
        draft.trace_id = id("trace_id");
        draft.span_id = id("span_id");
        draft.parent_span_id = id("parent_span_id");
        draft.occurred_at = time(event.get("timestamp"));
        draft.dedup_key = text(event.get("event_id")).map(|id| format!("sentry:{id}"));
        draft
    }

    /// Tags are a map, or a list of pairs.
    fn tags(&mut self, tags: Option<&Value>) {
        match tags {
            Some(Value::Object(tags)) => self.attributes.extend(tags.clone()),
            Some(Value::Array(pairs)) => {
                let pair = |pair: &Value| Some((text(pair.get(0))?, pair.get(1)?.clone()));
                self.attributes.extend(pairs.iter().filter_map(pair));
            }
            _ => {}
        }
    }

    pub(super) fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.payload.insert(name.to_owned(), value.into());
    }

    pub(super) fn attribute(&mut self, name: &str, value: Option<Value>) {
        put(&mut self.attributes, name, value);
    }

    /// Puts the event's severity in, and its time as log records have it.
    pub(super) fn severity(&mut self, level: &str) {
        let (number, name) = match level {
            "fatal" | "critical" => (21, "FATAL"),
            "error" => (17, "ERROR"),
            "warning" | "warn" => (13, "WARN"),
            "debug" => (5, "DEBUG"),
            "trace" => (1, "TRACE"),
            _ => (9, "INFO"),
        };
        self.put("severityNumber", number);
        self.put("severityText", name);
        if let Some(at) = self.occurred_at {
            self.put("timeUnixNano", at.as_nanosecond().to_string());
        }
    }

    pub(super) fn finish(mut self, channel: &str) -> EventBody {
        if !self.attributes.is_empty() {
            let attributes = std::mem::take(&mut self.attributes);
            self.put("attributes", attributes);
        }
        EventBody {
            identifier: Some(self.identifier).filter(|name| !name.is_empty()).unwrap_or_else(|| "sentry".to_owned()),
            payload: self.payload,
            payload_text: None,
            metadata: None,
            metadata_text: None,
            channel_id: channel.to_owned(),
            event_type: self.event_type.to_owned(),
            agent_id: None,
            trace_id: self.trace_id,
            span_id: self.span_id,
            parent_span_id: self.parent_span_id,
            dedup_key: self.dedup_key,
            occurred_at: self.occurred_at,
        }
    }
}

/// A string that has something in it.
pub(super) fn text(value: Option<&Value>) -> Option<String> {
    value?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A time, which is text or a number of seconds.
pub(super) fn time(value: Option<&Value>) -> Option<Timestamp> {
    match value? {
        Value::String(text) => {
            // Older SDKs leave the zone out, and mean UTC.
            text.parse().or_else(|_| format!("{text}Z").parse()).ok()
        }
        Value::Number(seconds) => {
            let whole = seconds.as_f64().filter(|seconds| seconds.is_finite())?;
            jiff::SignedDuration::try_from_secs_f64(whole).ok().and_then(|since| Timestamp::from_duration(since).ok())
        }
        _ => None,
    }
}

/// What two values that stand for one list say: `{"values": [..]}`, or the list itself.
pub(super) fn values(list: Option<&Value>) -> &[Value] {
    let inner = list.map(|list| list.get("values").unwrap_or(list));
    inner.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

pub(super) fn put(map: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    if let Some(value) = value.filter(|value| !value.is_null()) {
        map.insert(name.to_owned(), value);
    }
}

/// An object of the entries that are not null.
pub(super) fn compact(value: Value) -> Value {
    match value {
        Value::Object(map) => map.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        other => other,
    }
}

fn is_empty(part: &Value) -> bool {
    *part == Value::Null || *part == json!({}) || *part == json!([])
}
