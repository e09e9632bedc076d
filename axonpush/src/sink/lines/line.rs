//! A record as a line of JSON, or as an object of the same fields.

#[cfg(feature = "loki")]
use super::output::Inside;
use super::{
    names::Names,
    output::{Output, Place, Text},
    text,
    time::Stamp,
};
use crate::{
    event::{json, scan::Entries},
    sink::record::{
        SinkRecord,
        known::{Known, is_reserved},
    },
};

/// Writes lines of JSON. What it needs to do so it keeps, so that a line costs no allocation.
pub(in crate::sink) struct JsonLines {
    stamp: Stamp,
    names: Names,
    #[cfg(feature = "loki")]
    once: Vec<u8>,
}

impl JsonLines {
    pub(in crate::sink) fn new() -> Self {
        Self {
            stamp: Stamp::new(),
            names: Names::new(),
            #[cfg(feature = "loki")]
            once: Vec::new(),
        }
    }

    /// Appends one line.
    pub(in crate::sink) fn write(&mut self, record: &SinkRecord<'_>, out: &mut Vec<u8>) {
        self.line(record, &mut Text(out));
        out.extend_from_slice(b"}\n");
    }

    /// Appends the same, but for the line break at its end, as it stands between the quotes of a JSON string. Returns how
    /// many bytes the line has itself.
    #[cfg(feature = "loki")]
    pub(in crate::sink) fn write_inside(&mut self, record: &SinkRecord<'_>, out: &mut Vec<u8>) -> usize {
        let mut once = std::mem::take(&mut self.once);
        let mut inside = Inside::new(out, &mut once);
        self.line(record, &mut inside);
        inside.plain().push(b'}');
        let length = inside.line_len();
        self.once = once;
        length
    }

    /// Appends the same as an object without its time, for what has a place of its own for that. What a log says is called
    /// `message` there.
    #[cfg(feature = "fluentd")]
    pub(in crate::sink) fn write_object(&mut self, record: &SinkRecord<'_>, out: &mut Vec<u8>) {
        out.push(b'{');
        self.fields(record, if record.is_log { MESSAGE } else { "event" }, &mut Text(out));
        out.push(b'}');
    }

    /// Appends a line but for its end.
    fn line(&mut self, record: &SinkRecord<'_>, out: &mut impl Output) {
        out.plain().push(b'{');
        own_key("timestamp", out);
        out.quote();
        self.stamp.write(record.nanos(), 9, out.plain());
        out.quote();
        out.plain().push(b',');
        self.fields(record, "event", out);
    }

    /// Appends the fields of a line but for its time. What the record says first is called `said`.
    fn fields(&mut self, record: &SinkRecord<'_>, said: &'static str, out: &mut impl Output) {
        own_key("level", out);
        out.quote();
        out.plain().extend_from_slice(record.severity().text().as_bytes());
        out.quote();
        let (event, target) = if record.is_log {
            (record.body, record.identifier)
        } else {
            (record.identifier, if record.event_type.is_empty() { b"\"custom\"" } else { record.event_type })
        };
        own(said, event, out);
        own("target", target, out);
        let speaker = record.of_resource(&RESOURCE.map(|(_, keys)| keys));
        for ((name, _), value) in RESOURCE.iter().zip(speaker) {
            own(name, value, out);
        }
        own("request_id", record.found.value(Known::RequestId), out);
        own("trace_id", record.trace, out);
        own("span_id", record.span, out);
        own("user_id", record.found.value(Known::UserId), out);
        own("error", record.found.value(Known::Error), out);
        own("error_type", record.found.value(Known::ErrorType), out);
        self.names.clear();
        self.rest(record, speaker, said, out);
    }

    /// Appends what has no place of its own.
    fn rest(&mut self, record: &SinkRecord<'_>, speaker: [&[u8]; 3], said: &'static str, out: &mut impl Output) {
        let mut line = Line { names: &mut self.names, said, repeated: 1, out };
        for (key, value) in record.attributes.clone() {
            if !says_the_target_again(record, key, value) && !record.found.covers(key, value) {
                line.field(key, value);
            }
        }
        if !record.is_log {
            for (key, value) in Entries::of(record.payload) {
                let is_taken_apart = matches!(key, b"attributes" | b"resource") && json::is_object(value);
                if !is_taken_apart {
                    line.field(key, value);
                }
            }
        }
        if !record.agent.is_empty() {
            line.field(b"agent_id", record.agent);
        }
        for (key, value) in Entries::of(record.resource) {
            let known = RESOURCE.iter().position(|(_, keys)| keys.iter().any(|known| known.as_bytes() == key));
            if known.and_then(|known| speaker.get(known)) != Some(&value) {
                line.field(key, value);
            }
        }
        for (key, value) in Entries::of(record.metadata) {
            if key != b"framework" && !record.found.covers(key, value) {
                line.field(key, value);
            }
        }
    }
}

/// The second half of a line, where names are those of the application.
struct Line<'a, O> {
    names: &'a mut Names,
    /// A name that is taken besides those that always are.
    said: &'static str,
    /// How many fields were called otherwise; the first of a name is the first.
    repeated: u64,
    out: &'a mut O,
}

impl<O: Output> Line<'_, O> {
    fn field(&mut self, key: &[u8], value: &[u8]) {
        let key = text::canonical(key);
        self.out.plain().push(b',');
        self.out.quote();
        let start = self.out.end();
        self.out.json(&key);
        if is_reserved(&key) || *key == *self.said.as_bytes() || !self.is_new(start) {
            self.rename(&key, start);
        }
        self.out.quote();
        self.out.plain().push(b':');
        self.out.json(value);
    }

    /// Whether the name is new that stands at the end of the line.
    fn is_new(&mut self, start: Place) -> bool {
        self.names.add(self.out.since(start))
    }

    /// Writes a name that is not taken in the place of one that is.
    fn rename(&mut self, key: &[u8], start: Place) {
        self.out.take_back(start);
        self.out.plain().extend_from_slice(b"fields.");
        self.out.json(key);
        let end = self.out.end();
        while !self.is_new(start) {
            self.repeated += 1;
            self.out.take_back(end);
            self.out.plain().push(b'.');
            json::write_number(self.repeated, self.out.plain());
        }
    }
}

/// Appends a field of the line's own, if there is anything to say.
fn own(name: &'static str, value: &[u8], out: &mut impl Output) {
    if !value.is_empty() {
        out.plain().push(b',');
        own_key(name, out);
        out.json(value);
    }
}

/// Appends a key of the line's own.
#[inline]
fn own_key(name: &'static str, out: &mut impl Output) {
    out.quote();
    out.plain().extend_from_slice(name.as_bytes());
    out.quote();
    out.plain().push(b':');
}

/// What a log says.
#[cfg(feature = "fluentd")]
const MESSAGE: &str = "message";

/// What a line says of who speaks, and the attributes of a resource that tell, the one that counts most first.
const RESOURCE: [(&str, &[&str]); 3] = [
    ("service", &["service.name"]),
    ("version", &["service.version"]),
    ("environment", &["deployment.environment", "deployment.environment.name"]),
];

/// Whether an attribute is the name of the logger, which is the target.
pub(super) fn says_the_target_again(record: &SinkRecord<'_>, key: &[u8], value: &[u8]) -> bool {
    key == b"logger.name" && record.is_log && value == record.identifier
}

#[cfg(test)]
mod tests;
