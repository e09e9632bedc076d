//! The fields of an event's body, as slices of its JSON text.

use std::borrow::Cow;

use crate::event::{json, scan};

/// The fields of one event body. Empty slices stand for absent fields.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Fields<'a> {
    pub(super) identifier: &'a [u8],
    pub(super) payload: &'a [u8],
    pub(super) channel: &'a [u8],
    pub(super) event_type: &'a [u8],
    pub(super) agent: &'a [u8],
    pub(super) trace: &'a [u8],
    pub(super) span: &'a [u8],
    pub(super) parent: &'a [u8],
    pub(super) dedup: &'a [u8],
    pub(super) metadata: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn read(body: &'a [u8]) -> Self {
        let mut fields = Self::default();
        scan::for_each_entry(body, |key, entry| {
            let value = value(entry);
            match key {
                "identifier" => fields.identifier = value,
                "payload" => fields.payload = value,
                "channel_id" => fields.channel = value,
                "eventType" => fields.event_type = value,
                "agentId" => fields.agent = value,
                "traceId" => fields.trace = value,
                "spanId" => fields.span = value,
                "parentSpanId" => fields.parent = value,
                "dedupKey" => fields.dedup = value,
                "metadata" => fields.metadata = value,
                _ => {}
            }
        });
        fields
    }

    /// A field of the payload.
    pub(super) fn payload(&self, key: &str) -> &'a [u8] {
        scan::entry(self.payload, key).and_then(|range| self.payload.get(range)).unwrap_or_default()
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
    pub(super) scope: &'a [u8],
    pub(super) records: Vec<Fields<'a>>,
}

impl<'a> Group<'a> {
    /// Every record in its group, in the order the groups first appear.
    pub(super) fn all(records: &[Fields<'a>]) -> Vec<Self> {
        let mut groups: Vec<Self> = Vec::new();
        for fields in records {
            let (resource, scope) = (fields.payload("resource"), fields.identifier);
            // Neighbours are likely to share theirs.
            match groups.iter_mut().rev().find(|group| group.resource == resource && group.scope == scope) {
                Some(group) => group.records.push(*fields),
                None => groups.push(Self { resource, scope, records: vec![*fields] }),
            }
        }
        groups
    }
}

/// The names of resource attributes on the OTLP path, where they differ from the event path.
pub(super) fn otlp_name(key: &str) -> &str {
    match key {
        "deployment.environment" => "deployment.environment.name",
        "code.filepath" => "code.file.path",
        "code.lineno" => "code.line.number",
        "code.function" => "code.function.name",
        _ => key,
    }
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
