//! Records as entries of a chunk: a time and a map.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{
    FluentdField, FluentdFormat, SinkRecord,
    format::Base,
    msgpack::{self, Container},
};
use crate::{
    event::{
        json,
        scan::{self, Entries},
    },
    sink::lines::JsonLines,
};

/// Writes entries. What it needs to do so it keeps, so that hardly any of them costs an allocation.
pub(super) struct Entry {
    format: FluentdFormat,
    hostname: String,
    lines: JsonLines,
    /// A record as an object, in JSON.
    object: Vec<u8>,
    /// What is added to a record, each with where its value ends in `values`.
    added: Vec<(usize, usize)>,
    /// JSON text.
    values: Vec<u8>,
}

impl Entry {
    pub(super) fn new(format: FluentdFormat, hostname: String) -> Self {
        let lines = JsonLines::new();
        Self { format, hostname, lines, object: Vec::new(), added: Vec::new(), values: Vec::new() }
    }

    /// Appends the entry of a record.
    pub(super) fn write(&mut self, record: &SinkRecord<'_>, out: &mut Vec<u8>) {
        msgpack::short_array(2, out);
        msgpack::event_time(record.nanos(), out);
        self.add(record);
        let mut map = Container::map(out);
        let mut start = 0;
        for (name, end) in self.added() {
            map.count();
            msgpack::string(name.as_bytes(), out);
            msgpack::value(self.values.get(start..end).unwrap_or_default(), out);
            start = end;
        }
        self.object.clear();
        let base = match self.format.base {
            Base::Nothing => b"{}".as_slice(),
            Base::Payload if json::is_object(record.payload) && !record.is_log => record.payload,
            Base::Payload | Base::Fields => {
                self.lines.write_object(record, &mut self.object);
                &self.object
            }
        };
        for (key, value) in Entries::of(base) {
            let is_replaced = |(name, _): (&str, usize)| name.as_bytes() == &*scan::unescaped(key);
            if !self.added().any(is_replaced) {
                map.count();
                msgpack::field(key, value, out);
            }
        }
        map.end(out);
    }

    /// Names of what is added, and where their values end.
    fn added(&self) -> impl Iterator<Item = (&str, usize)> {
        self.added.iter().filter_map(|(at, end)| Some((self.format.fields.get(*at)?.0.as_str(), *end)))
    }

    /// Looks up what is added to a record.
    fn add(&mut self, record: &SinkRecord<'_>) {
        self.added.clear();
        self.values.clear();
        for (at, (_, field)) in self.format.fields.iter().enumerate() {
            let start = self.values.len();
            look_up(field, &self.hostname, record, &mut self.values);
            if self.values.len() > start {
                self.added.push((at, self.values.len()));
            }
        }
    }
}

/// Appends the value of a field, JSON text, if there is one.
fn look_up(field: &FluentdField, hostname: &str, record: &SinkRecord<'_>, out: &mut Vec<u8>) {
    match field {
        FluentdField::Hostname => json::write_str(hostname, out),
        FluentdField::Level => json::write_str(record.severity().text(), out),
        FluentdField::Text(text) => json::write_str(text, out),
        FluentdField::StackTrace => {
            let stack = record.attributes.clone().find(|(key, _)| *key == b"exception.stacktrace");
            out.extend_from_slice(stack.map(|(_, value)| value).filter(|value| *value != b"null").unwrap_or_default());
        }
        FluentdField::Where => {
            if let Some(place) = place(record) {
                json::write_str(&place, out);
            }
        }
        FluentdField::Computed(function) => {
            // What an application's function can't say costs its field alone.
            let said = catch_unwind(AssertUnwindSafe(|| function.call(record))).unwrap_or_default();
            let start = out.len();
            if said.is_some_and(|value| json::write(&value, out).is_err()) {
                out.truncate(start);
            }
        }
    }
}

/// Where a record was logged: module, file and line, function, as far as they are known.
fn place(record: &SinkRecord<'_>) -> Option<String> {
    let mut parts = [const { String::new() }; 4];
    for (key, value) in record.attributes() {
        let at = match &*key {
            "code.namespace" => 0,
            "code.filepath" | "code.file.path" => 1,
            "code.lineno" | "code.line.number" => 2,
            "code.function" | "code.function.name" => 3,
            _ => continue,
        };
        if let Some(part) = parts.get_mut(at).filter(|_| value != "null") {
            *part = text(&value);
        }
    }
    let [module, file, line, function] = parts;
    let spot = if line.is_empty() || file.is_empty() { file } else { format!("{file}:{line}") };
    let known: Vec<_> = [module, spot, function].into_iter().filter(|part| !part.is_empty()).collect();
    (!known.is_empty()).then(|| known.join(" "))
}

/// A JSON string without its quotes, and any other value as it is.
fn text(value: &str) -> String {
    match value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inside) => scan::unescaped_text(inside.as_bytes()).into_owned(),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::event::Severity;

    fn entry(format: FluentdFormat, raw: &str) -> rmpv::Value {
        let mut out = Vec::new();
        let record = SinkRecord::new(raw.as_bytes(), Severity::Warn, 1_000_000_002, b"");
        let mut entry = Entry::new(format, "box-1".to_owned());
        entry.write(&record, &mut out);
        let once = out.len();
        // Nothing is left of one record in the next.
        entry.write(&record, &mut out);
        assert_eq!(out[..once], out[once..]);
        let read = rmpv::decode::read_value(&mut &out[..once]).unwrap();
        let [time, record] = <[rmpv::Value; 2]>::try_from(read.as_array().unwrap().clone()).unwrap();
        assert_eq!(time, rmpv::Value::Ext(0, vec![0, 0, 0, 1, 0, 0, 0, 2]));
        record
    }

    /// What is expected, whose entries stand in this order.
    fn map(json: &str) -> rmpv::Value {
        let mut out = Vec::new();
        msgpack::value(compact(json).as_bytes(), &mut out);
        rmpv::decode::read_value(&mut out.as_slice()).unwrap()
    }

    const LOG: &str = r#"{"identifier":"billing","eventType":"app.log","traceId":"t","payload":{"body":"declined",
        "attributes":{"n":7,"message":"m","code.namespace":"shop","code.filepath":"src/a.rs","code.lineno":12,
        "exception.stacktrace":"at a\nat b"}}}"#;
    const EVENT: &str =
        r#"{"identifier":"follow","eventType":"agent.start","traceId":"t","payload":{"from":"a","to":"b"}}"#;

    fn compact(json: &str) -> String {
        json.replace("\n        ", "")
    }

    #[test]
    fn a_log_says_what_a_line_says_and_calls_it_message() {
        let expected = map(r#"{"level":"WARN","message":"declined","target":"billing","trace_id":"t","n":7,
        "fields.message":"m","code.namespace":"shop","code.filepath":"src/a.rs","code.lineno":12,
        "exception.stacktrace":"at a\nat b"}"#);
        assert_eq!(entry(FluentdFormat::new(), &compact(LOG)), expected);
        assert_eq!(entry(FluentdFormat::payload(), &compact(LOG)), expected);
    }

    #[test]
    fn an_event_is_its_payload_and_what_surrounds_it_or_its_payload_alone() {
        let whole = r#"{"level":"WARN","event":"follow","target":"agent.start","trace_id":"t","from":"a","to":"b"}"#;
        assert_eq!(entry(FluentdFormat::new(), EVENT), map(whole));
        assert_eq!(entry(FluentdFormat::payload(), EVENT), map(r#"{"from":"a","to":"b"}"#));
        assert_eq!(entry(FluentdFormat::nothing(), EVENT), map("{}"));
    }

    #[test]
    fn fields_that_are_added_stand_first_and_replace_others() {
        let format = FluentdFormat::nothing()
            .field("host", FluentdField::text("not this one"))
            .field("where", FluentdField::Where)
            .field("host", FluentdField::Hostname)
            .field("bad", FluentdField::Level)
            .field("stack", FluentdField::StackTrace)
            .field("none", FluentdField::computed(|_| None))
            .field("panics", FluentdField::computed(|record| Some(record.identifier()[99..].into())))
            .field("twice", FluentdField::computed(|record| Some(json!([record.identifier(), record.identifier()]))));
        let expected = r#"{"where":"shop src/a.rs:12","host":"box-1","bad":"WARN","stack":"at a\nat b",
        "twice":["billing","billing"]}"#;
        assert_eq!(entry(format, &compact(LOG)), map(expected));

        let format = FluentdFormat::payload().field("to", FluentdField::text("c")).field("at", FluentdField::Where);
        assert_eq!(entry(format, EVENT), map(r#"{"to":"c","from":"a"}"#));
    }
}
