//! A log record becomes an event of type `app.log`.

use serde_json::Value;

use super::context::{Context, Ids};
use super::map::{attributes, id, put, value};
use super::message::LogRecord;
use super::{Invalid, Record};
use crate::event::EventBody;

impl Record for LogRecord {
    const LISTS: [&'static str; 3] = ["resourceLogs", "scopeLogs", "logRecords"];
    const REJECTED: &'static str = "rejectedLogRecords";

    fn into_event(self, context: &Context<'_>) -> Result<EventBody, Invalid> {
        let ids = Ids {
            trace: id(&self.trace_id, 16, "the trace id is not 16 bytes long")?,
            span: id(&self.span_id, 8, "the span id is not 8 bytes long")?,
            parent: None,
        };
        let attributes = attributes(self.attributes);
        let text = |name| attributes.get(name).and_then(Value::as_str);
        let names =
            [Some(self.event_name.as_str()), text("event.name"), Some(&context.scope_name), text("logger.name")];
        let identifier = names.into_iter().flatten().find(|name| !name.is_empty()).unwrap_or("log").to_owned();

        let mut payload = context.payload();
        payload.insert("severityNumber".to_owned(), self.severity_number.into());
        payload.insert("severityText".to_owned(), self.severity_text.into());
        let body = match value(self.body) {
            Value::Null => Value::from(""),
            body => body,
        };
        payload.insert("body".to_owned(), body);
        // Times are text because not every reader of JSON can hold their digits.
        for (name, time) in
            [("timeUnixNano", self.time_unix_nano), ("observedTimeUnixNano", self.observed_time_unix_nano)]
        {
            if time != 0 {
                payload.insert(name.to_owned(), time.to_string().into());
            }
        }
        put(&mut payload, "attributes", attributes);
        put(&mut payload, "droppedAttributesCount", self.dropped_attributes_count);
        put(&mut payload, "flags", self.flags);
        put(&mut payload, "eventName", self.event_name);
        Ok(context.event("app.log", identifier, ids, payload))
    }
}
