//! What a span's draft says, as JSON text.

use super::{Entry, Facts, Span};
use crate::event::{EventType, json};

/// Appends `"attributes"` in some form.
pub(crate) type WriteAttributes<'w> = &'w dyn Fn(&mut dyn Iterator<Item = Entry<'_>>, &mut Vec<u8>);

impl Facts {
    /// The ids of trace, span and parent in hex; that of no parent is empty.
    pub(crate) fn digits(&self) -> [String; 3] {
        let hex = |id: &[u8]| {
            let mut digits = Vec::new();
            write_hex(id, &mut digits);
            String::from_utf8(digits).unwrap_or_default()
        };
        let parent: &[u8] = if self.parent == [0; 8] { &[] } else { &self.parent };
        [hex(&self.trace), hex(&self.span), hex(parent)]
    }

    /// Appends the ids as entries of an object.
    fn write_ids(&self, out: &mut Vec<u8>) {
        id("traceId", &self.trace, out);
        id("spanId", &self.span, out);
        if self.parent != [0; 8] {
            id("parentSpanId", &self.parent, out);
        }
    }

    /// Appends when it ran as entries of an object.
    pub(crate) fn write_times(&self, out: &mut Vec<u8>) {
        nanos("startTimeUnixNano", self.start, out);
        nanos("endTimeUnixNano", self.end, out);
    }

    /// Appends what was left out as entries of an object.
    pub(crate) fn write_dropped(&self, out: &mut Vec<u8>) {
        let keys = ["droppedAttributesCount", "droppedEventsCount", "droppedLinksCount"];
        for (key, number) in keys.into_iter().zip(self.dropped) {
            count(key, number, out);
        }
    }

    /// Appends the flags as an entry of an object, if there are any.
    pub(crate) fn write_flags(&self, out: &mut Vec<u8>) {
        count("flags", self.flags.into(), out);
    }
}

impl Span<'_> {
    /// Appends the payload of its event.
    pub(crate) fn write_payload(&self, out: &mut Vec<u8>) {
        let facts = &self.facts;
        out.push(b'{');
        facts.write_ids(out);
        entry("name", self.name, out);
        json::write_own_key("kind", out);
        json::write_number(facts.kind.into(), out);
        facts.write_times(out);
        self.write_status(out);
        object(&mut self.attributes(), out);
        self.write_lists(&object, out);
        facts.write_dropped(out);
        entry("traceState", self.trace_state, out);
        facts.write_flags(out);
        entry("resource", self.resource, out);
        entry("scope", self.scope, out);
        out.push(b'}');
    }

    /// Appends its status as an entry of an object.
    pub(crate) fn write_status(&self, out: &mut Vec<u8>) {
        json::write_own_key("status", out);
        out.push(b'{');
        json::write_own_key("code", out);
        json::write_number(self.facts.code.into(), out);
        entry("message", if self.message.is_empty() { b"\"\"" } else { self.message }, out);
        out.push(b'}');
    }

    /// Appends what happened in it and what it is linked to as entries of an object, as far as there is any.
    pub(crate) fn write_lists(&self, attributes_of: WriteAttributes<'_>, out: &mut Vec<u8>) {
        if !self.events.is_empty() {
            list("events", self.events(), out, |event, out| {
                nanos("timeUnixNano", event.nanos, out);
                entry("name", event.name, out);
                attributes_of(&mut event.attributes(), out);
                count("droppedAttributesCount", event.dropped.into(), out);
            });
        }
        if !self.links.is_empty() {
            list("links", self.links(), out, |link, out| {
                id("traceId", &link.trace, out);
                id("spanId", &link.span, out);
                attributes_of(&mut link.attributes(), out);
                entry("traceState", link.trace_state, out);
                count("droppedAttributesCount", link.dropped.into(), out);
            });
        }
    }
}

/// The body of `POST /event` that a span's draft stands for.
pub(in crate::event::draft) fn to_body(draft: &[u8]) -> Vec<u8> {
    let span = Span::read(draft);
    let mut out = Vec::with_capacity(2 * draft.len() + 256);
    out.push(b'{');
    entry("identifier", span.identifier(), &mut out);
    entry("channel_id", span.channel, &mut out);
    json::write_own_key("eventType", &mut out);
    json::write_plain_str(EventType::AppSpan.as_str(), &mut out);
    span.facts.write_ids(&mut out);
    entry("dedupKey", span.dedup, &mut out);
    entry("occurredAt", span.occurred_at, &mut out);
    json::write_own_key("payload", &mut out);
    span.write_payload(&mut out);
    out.push(b'}');
    out
}

/// Appends the digits of an id in hex.
pub(crate) fn write_hex(id: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or_default();

    out.extend(id.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
}

/// Appends an entry, unless its value is empty.
fn entry(key: &'static str, value: &[u8], out: &mut Vec<u8>) {
    if !value.is_empty() {
        json::write_own_key(key, out);
        out.extend_from_slice(value);
    }
}

fn id(key: &'static str, id: &[u8], out: &mut Vec<u8>) {
    json::write_own_key(key, out);
    out.push(b'"');
    write_hex(id, out);
    out.push(b'"');
}

fn nanos(key: &'static str, nanos: u64, out: &mut Vec<u8>) {
    json::write_own_key(key, out);
    out.push(b'"');
    json::write_number(nanos, out);
    out.push(b'"');
}

/// Appends a count, unless it is none.
fn count(key: &'static str, count: u64, out: &mut Vec<u8>) {
    if count > 0 {
        json::write_own_key(key, out);
        json::write_number(count, out);
    }
}

fn list<T>(key: &'static str, items: impl Iterator<Item = T>, out: &mut Vec<u8>, write: impl Fn(T, &mut Vec<u8>)) {
    json::write_own_key(key, out);
    out.push(b'[');
    for item in items {
        if out.last() != Some(&b'[') {
            out.push(b',');
        }
        out.push(b'{');
        write(item, out);
        out.push(b'}');
    }
    out.push(b']');
}

/// Appends attributes as an object.
fn object(attributes: &mut dyn Iterator<Item = Entry<'_>>, out: &mut Vec<u8>) {
    json::write_own_key("attributes", out);
    out.push(b'{');
    attributes.for_each(|(key, value)| json::write_entry(key, value, out));
    out.push(b'}');
}
