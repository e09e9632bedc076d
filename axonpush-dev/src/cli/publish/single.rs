//! One event, from flags.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::cli::Stop;

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "The event")]
pub(super) struct EventArguments {
    /// What happened, such as `order.placed`.
    #[arg(value_name = "NAME")]
    identifier: Option<String>,

    /// The event's type; `app.log` with --log, else `custom`.
    #[arg(long = "type", value_name = "TYPE", requires = "identifier")]
    event_type: Option<String>,

    /// The payload, a JSON object.
    #[arg(long, value_name = "JSON", value_parser = object, requires = "identifier")]
    payload: Option<Object>,

    /// An attribute of the payload. A value that is JSON keeps its type, all else is text. May be repeated.
    #[arg(short, long = "attribute", value_name = "NAME=VALUE", value_parser = attribute, requires = "identifier")]
    attributes: Vec<(String, Value)>,

    /// Make it a log record with this text.
    #[arg(long, value_name = "TEXT", requires = "identifier")]
    log: Option<String>,

    /// How severe the log record is.
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t, requires = "log")]
    severity: Level,

    #[arg(long, value_name = "ID", requires = "identifier", help = "The trace it belongs to")]
    trace_id: Option<String>,

    #[arg(long, value_name = "ID", requires = "identifier", help = "The span it happened in")]
    span_id: Option<String>,

    #[arg(long, value_name = "ID", requires = "identifier", help = "The span around that one")]
    parent_span_id: Option<String>,

    #[arg(long, value_name = "ID", requires = "identifier", help = "The agent that tells it")]
    agent_id: Option<String>,

    /// Stored once however often it is published. Default: a fresh key.
    #[arg(long, value_name = "KEY", requires = "identifier")]
    dedup_key: Option<String>,

    /// When it happened, such as 2026-05-04T12:00:00Z. Default: when it arrives.
    #[arg(long, value_name = "TIME", requires = "identifier")]
    occurred_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Level {
    Trace,
    Debug,
    #[default]
    Info,
    Warn,
    Error,
    Fatal,
}

/// A JSON object. The name keeps clap from taking a map for a list of arguments.
type Object = Map<String, Value>;

impl EventArguments {
    /// The body to send, or `None` when no event was named.
    ///
    /// # Errors
    /// When the payload already says what an option says otherwise.
    pub(super) fn event(&self, channel: Option<&str>) -> Result<Option<String>, Stop> {
        let Some(identifier) = &self.identifier else { return Ok(None) };
        let mut body = Object::new();
        let mut put = |name: &str, value: Option<&str>| {
            body.extend(value.map(|value| (name.to_owned(), Value::from(value))));
        };
        put("identifier", Some(identifier));
        put("channel_id", channel);
        put("eventType", self.event_type.as_deref().or_else(|| self.log.as_ref().map(|_| "app.log")));
        put("traceId", self.trace_id.as_deref());
        put("spanId", self.span_id.as_deref());
        put("parentSpanId", self.parent_span_id.as_deref());
        put("agentId", self.agent_id.as_deref());
        put("occurredAt", self.occurred_at.map(|time| time.to_string()).as_deref());
        put("dedupKey", Some(&self.dedup_key.clone().unwrap_or_else(fresh_key)));
        body.insert("payload".to_owned(), self.payload()?.into());
        Ok(Some(Value::Object(body).to_string()))
    }

    fn payload(&self) -> Result<Object, Stop> {
        let mut payload = self.payload.clone().unwrap_or_default();
        if let Some(text) = &self.log {
            let (number, name) = self.severity.said();
            let now = Timestamp::now().as_nanosecond().to_string();
            for (name, value) in [
                ("severityNumber", json!(number)),
                ("severityText", json!(name)),
                ("body", json!(text)),
                ("timeUnixNano", json!(now)),
            ] {
                if payload.insert(name.to_owned(), value).is_some() {
                    return Err(Stop::Failed(format!("--payload: it has a `{name}`, which --log sets; leave one out")));
                }
            }
        }
        if self.attributes.is_empty() {
            return Ok(payload);
        }
        match payload.entry("attributes").or_insert_with(|| json!({})) {
            Value::Object(attributes) => attributes.extend(self.attributes.iter().cloned()),
            _ => {
                return Err(Stop::Failed("--payload: its `attributes` are no object to add --attribute to".to_owned()));
            }
        }
        Ok(payload)
    }
}

impl Level {
    fn said(self) -> (u8, &'static str) {
        match self {
            Self::Trace => (1, "TRACE"),
            Self::Debug => (5, "DEBUG"),
            Self::Info => (9, "INFO"),
            Self::Warn => (13, "WARN"),
            Self::Error => (17, "ERROR"),
            Self::Fatal => (21, "FATAL"),
        }
    }
}

/// A key that no other event has.
pub(super) fn fresh_key() -> String {
    Uuid::now_v7().to_string()
}

fn object(text: &str) -> Result<Object, String> {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err("expected a JSON object, such as {\"total\":42}".to_owned()),
        Err(error) => Err(format!("expected a JSON object, such as {{\"total\":42}}, but it is not JSON: {error}")),
    }
}

fn attribute(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE, such as total=42")?;
    if name.is_empty() {
        return Err("expected a name before the `=`, such as total=42".to_owned());
    }
    Ok((name.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| value.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_keeps_its_type_where_it_has_one() {
        for (text, value) in [
            ("a=42", json!(42)),
            ("a=true", json!(true)),
            ("a=\"42\"", json!("42")),
            ("a=x=y", json!("x=y")),
            ("a=", json!("")),
            ("a=[1]", json!([1])),
        ] {
            assert_eq!(attribute(text), Ok(("a".to_owned(), value)), "{text}");
        }
        assert!(attribute("a").is_err() && attribute("=1").is_err());
    }

    #[test]
    fn only_an_object_is_a_payload() {
        assert!(object(r#"{"a":1}"#).is_ok());
        for text in ["", "1", "[]", "{", "null"] {
            assert!(object(text).unwrap_err().contains("JSON object"), "{text}");
        }
    }
}
