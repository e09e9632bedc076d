//! The fields of an event's body, as slices of its JSON text.

use std::borrow::Cow;

use crate::event::{json, scan};

/// The fields of one event body. Empty slices stand for absent fields.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Fields<'a> {
    pub(super) identifier: &'a [u8],
    pub(super) payload: Payload<'a>,
    pub(super) channel: &'a [u8],
    pub(super) event_type: &'a [u8],
    pub(super) agent: &'a [u8],
    pub(super) trace: &'a [u8],
    pub(super) span: &'a [u8],
    pub(super) parent: &'a [u8],
    pub(super) dedup: &'a [u8],
    pub(super) metadata: &'a [u8],
}

/// The fields of a log's or span's payload that OTLP has a place for. Empty slices stand for absent fields.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Payload<'a> {
    pub(super) time: &'a [u8],
    pub(super) severity_number: &'a [u8],
    pub(super) severity_text: &'a [u8],
    pub(super) body: &'a [u8],
    pub(super) attributes: &'a [u8],
    pub(super) resource: &'a [u8],
    pub(super) scope: &'a [u8],
    pub(super) name: &'a [u8],
    pub(super) kind: &'a [u8],
    pub(super) start: &'a [u8],
    pub(super) end: &'a [u8],
    pub(super) status: &'a [u8],
    pub(super) events: &'a [u8],
    pub(super) links: &'a [u8],
}

impl<'a> Payload<'a> {
    /// The fields of the object that `text` begins with, and its length.
    fn read(text: &'a [u8]) -> (Self, usize) {
        let mut payload = Self::default();
        let length = scan::for_each_entry(text, |key, entry| {
            let place = match key {
                "timeUnixNano" => &mut payload.time,
                "severityNumber" => &mut payload.severity_number,
                "severityText" => &mut payload.severity_text,
                "body" => &mut payload.body,
                "attributes" => &mut payload.attributes,
                "resource" => &mut payload.resource,
                "scope" => &mut payload.scope,
                "name" => &mut payload.name,
                "kind" => &mut payload.kind,
                "startTimeUnixNano" => &mut payload.start,
                "endTimeUnixNano" => &mut payload.end,
                "status" => &mut payload.status,
                "events" => &mut payload.events,
                "links" => &mut payload.links,
                _ => return,
            };
            // Of a key that stands there twice, the first counts.
            if place.is_empty() {
                *place = value(entry);
            }
        });
        (payload, length)
    }
}

impl<'a> Fields<'a> {
    pub(super) fn read(body: &'a [u8]) -> Self {
        let mut fields = Self::default();
        let mut at = 1;
        while body.get(at) == Some(&b'"') {
            let key_end = scan::string_end(body, at);
            let (key, start) = (body.get(at..key_end).unwrap_or_default(), key_end + 1);
            let rest = body.get(start..).unwrap_or_default();
            if key == b"\"payload\"" && rest.first() == Some(&b'{') {
                // Most of the body: what is in it is read on the way to its end.
                let (payload, length) = Payload::read(rest);
                fields.payload = payload;
                at = start + length + 1;
                continue;
            }
            let end = scan::value_end(body, start);
            let place = match key {
                b"\"identifier\"" => Some(&mut fields.identifier),
                b"\"channel_id\"" => Some(&mut fields.channel),
                b"\"eventType\"" => Some(&mut fields.event_type),
                b"\"agentId\"" => Some(&mut fields.agent),
                b"\"traceId\"" => Some(&mut fields.trace),
                b"\"spanId\"" => Some(&mut fields.span),
                b"\"parentSpanId\"" => Some(&mut fields.parent),
                b"\"dedupKey\"" => Some(&mut fields.dedup),
                b"\"metadata\"" => Some(&mut fields.metadata),
                _ => None,
            };
            if let Some(place) = place {
                *place = body.get(start..end).unwrap_or_default();
            }
            at = end + 1;
        }
        fields
    }

    /// What OTLP has no place for, as attributes: a name, and JSON text.
    pub(super) fn leftovers(&self) -> impl Iterator<Item = (&'static str, &'a [u8])> {
        let trace = if hex(self.trace, 32).is_none() { self.trace } else { b"" };
        let event_type: &[u8] = if self.event_type == b"\"agent.log\"" { self.event_type } else { b"" };
        [
            ("axonpush.event_type", event_type),
            ("axonpush.agent_id", self.agent),
            ("axonpush.dedup_key", self.dedup),
            ("axonpush.trace_id", trace),
            ("axonpush.metadata", self.metadata),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
    }
}

/// Records that share a resource and a scope.
#[derive(Debug)]
pub(super) struct Group<'a> {
    /// JSON text of an object, or empty.
    pub(super) resource: &'a [u8],
    /// JSON text of a string, or empty.
    pub(super) name: &'a [u8],
    /// JSON text of an object, or empty: the scope of spans.
    pub(super) scope: &'a [u8],
    /// The records as they stand in the batch, one after the other.
    pub(super) records: Vec<u8>,
}

impl<'a> Group<'a> {
    /// Writes a record into its group; groups are in the order in which they first appear.
    pub(super) fn add(
        groups: &mut Vec<Self>,
        fields: &Fields<'a>,
        size: usize,
        write: impl FnOnce(&Fields<'a>, &mut Vec<u8>),
    ) {
        let (resource, name) = (fields.payload.resource, fields.identifier);
        // Neighbours are likely to share theirs.
        let at = groups.iter().rposition(|group| group.resource == resource && group.name == name);
        let at = at.unwrap_or_else(|| {
            // The first one is likely to be the only one.
            let records = Vec::with_capacity(if groups.is_empty() { size } else { 0 });
            groups.push(Self { resource, name, scope: fields.payload.scope, records });
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(at) {
            write(fields, &mut group.records);
        }
    }
}

/// The names of resource attributes on the OTLP path, where they differ from the event path.
pub(super) fn otlp_name(key: &str) -> &str {
    match key {
        _ if !key.starts_with("code.") && !key.starts_with("deployment.") => key,
        "deployment.environment" => "deployment.environment.name",
        "code.filepath" => "code.file.path",
        "code.lineno" => "code.line.number",
        "code.function" => "code.function.name",
        _ => key,
    }
}

/// The text of a JSON string, as bytes.
pub(super) fn text_bytes(string: &[u8]) -> Cow<'_, [u8]> {
    let inside = scan::inside(string);
    if inside.contains(&b'\\') {
        return Cow::Owned(text(string).into_owned().into_bytes());
    }
    Cow::Borrowed(inside)
}

/// The text of a JSON string.
pub(super) fn text(string: &[u8]) -> Cow<'_, str> {
    let inside = scan::inside(string);
    if inside.contains(&b'\\') {
        return Cow::Owned(serde_json::from_slice(string).unwrap_or_default());
    }
    Cow::Borrowed(std::str::from_utf8(inside).unwrap_or_default())
}

/// An id of `digits` hex digits, or `None` when the field holds something else.
pub(super) fn hex(string: &[u8], digits: usize) -> Option<String> {
    let id: String = text(string).chars().filter(|c| *c != '-').collect::<String>().to_ascii_lowercase();
    let valid = id.len() == digits && id.bytes().all(|byte| byte.is_ascii_hexdigit()) && id.bytes().any(|b| b != b'0');
    valid.then_some(id)
}

/// The value of a `"key":value` entry.
pub(super) fn value(entry: &[u8]) -> &[u8] {
    entry.get(scan::string_end(entry, 0) + 1..).unwrap_or_default()
}

/// Whether JSON text is an object with something in it.
pub(super) fn has_entries(object: &[u8]) -> bool {
    json::is_object(object) && !scan::inside(object).is_empty()
}
