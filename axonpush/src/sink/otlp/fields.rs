//! The fields of an event's body, as slices of its JSON text.

use std::borrow::Cow;

use crate::event::{
    draft::{self, Field, Moment, Part, Parts, span::Span},
    json,
    record::Lane,
    scan::{self, Entries},
};

/// The fields of one event body. Empty slices stand for absent fields.
#[derive(Debug, Default)]
pub(super) struct Fields<'a> {
    /// A span that waits as a draft: what is not among the others of these.
    pub(super) drafted: Option<Span<'a>>,
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
    /// Whether it is neither log nor span, and travels as a log record that is named: OTLP calls it an event.
    pub(super) is_event: bool,
    unused: &'a [u8],
}

/// The fields of a log's or span's payload that OTLP has a place for. Empty slices stand for absent fields.
#[derive(Debug, Default)]
pub(super) struct Payload<'a> {
    /// Time and severity of a draft, which has none of the next three.
    pub(super) moment: Option<Moment>,
    pub(super) time: &'a [u8],
    pub(super) severity_number: &'a [u8],
    pub(super) severity_text: &'a [u8],
    pub(super) body: &'a [u8],
    /// Keys and values. Found on the way to their end, so that nobody has to look for them again.
    pub(super) attributes: Vec<(&'a [u8], &'a [u8])>,
    pub(super) resource: &'a [u8],
    pub(super) scope: &'a [u8],
    pub(super) name: &'a [u8],
    pub(super) kind: &'a [u8],
    pub(super) start: &'a [u8],
    pub(super) end: &'a [u8],
    pub(super) status: &'a [u8],
    pub(super) events: &'a [u8],
    pub(super) links: &'a [u8],
    pub(super) trace_state: &'a [u8],
    pub(super) flags: &'a [u8],
    /// How many attributes, events and links of a span were left out.
    pub(super) dropped: [&'a [u8]; 3],
}

impl<'a> Payload<'a> {
    /// What an event says as a log: this body, then and so bad, in place of what its payload calls by these names.
    #[cfg(feature = "otlp")]
    pub(super) fn in_place_of(&mut self, body: &'a [u8], moment: Moment) {
        (self.body, self.moment) = (body, Some(moment));
        (self.time, self.severity_number, self.severity_text, self.scope) = (b"", b"", b"", b"");
    }

    /// Reads the object that `text` begins with; returns its length.
    fn read(&mut self, text: &'a [u8]) -> usize {
        let mut entries = Entries::of(text);
        while let Some((key, start)) = entries.key() {
            if key == b"attributes" && text.get(start) == Some(&b'{') && self.attributes.is_empty() {
                let mut attributes = Entries::of(text.get(start..).unwrap_or_default());
                self.attributes.extend(&mut attributes);
                entries.go_on_behind(start + attributes.end());
                continue;
            }
            let end = scan::value_end(text, start);
            entries.go_on_behind(end);
            let place = match key {
                b"timeUnixNano" => &mut self.time,
                b"severityNumber" => &mut self.severity_number,
                b"severityText" => &mut self.severity_text,
                b"body" => &mut self.body,
                b"resource" => &mut self.resource,
                b"scope" => &mut self.scope,
                b"name" => &mut self.name,
                b"kind" => &mut self.kind,
                b"startTimeUnixNano" => &mut self.start,
                b"endTimeUnixNano" => &mut self.end,
                b"status" => &mut self.status,
                b"events" => &mut self.events,
                b"links" => &mut self.links,
                b"traceState" => &mut self.trace_state,
                b"flags" => &mut self.flags,
                b"droppedAttributesCount" => &mut self.dropped[0],
                b"droppedEventsCount" => &mut self.dropped[1],
                b"droppedLinksCount" => &mut self.dropped[2],
                _ => continue,
            };
            // Of a key that stands there twice, the first counts.
            if place.is_empty() {
                *place = text.get(start..end).unwrap_or_default();
            }
        }
        entries.end()
    }
}

impl<'a> Fields<'a> {
    /// The fields of another body, in the room of these.
    pub(super) fn read(self, body: &'a [u8]) -> Self {
        let mut attributes = self.payload.attributes;
        attributes.clear();
        let mut fields = Self { payload: Payload { attributes, ..Payload::default() }, ..Self::default() };
        if draft::is_span(body) {
            fields.read_span(body);
            return fields;
        }
        if draft::is_draft(body) {
            fields.read_draft(body);
            return fields;
        }
        let mut entries = Entries::of(body);
        while let Some((key, start)) = entries.key() {
            let rest = body.get(start..).unwrap_or_default();
            if key == b"payload" && rest.first() == Some(&b'{') {
                // Most of the body: what is in it is read on the way to its end.
                let length = fields.payload.read(rest);
                entries.go_on_behind(start + length);
                continue;
            }
            let end = scan::value_end(body, start);
            entries.go_on_behind(end);
            let place = match key {
                b"identifier" => &mut fields.identifier,
                b"channel_id" => &mut fields.channel,
                b"eventType" => &mut fields.event_type,
                b"agentId" => &mut fields.agent,
                b"traceId" => &mut fields.trace,
                b"spanId" => &mut fields.span,
                b"parentSpanId" => &mut fields.parent,
                b"dedupKey" => &mut fields.dedup,
                b"metadata" => &mut fields.metadata,
                _ => continue,
            };
            *place = body.get(start..end).unwrap_or_default();
        }
        fields
    }

    fn read_draft(&mut self, draft: &'a [u8]) {
        for part in Parts::of(draft) {
            match part {
                Part::Attribute(key, value) => self.payload.attributes.push((key, value)),
                Part::Moment(moment) => self.payload.moment = Some(moment),
                Part::Field(field, value) => *self.place(field) = value,
            }
        }
    }

    fn read_span(&mut self, draft: &'a [u8]) {
        let span = Span::read(draft);
        (self.channel, self.dedup) = (span.channel, span.dedup);
        (self.payload.resource, self.payload.scope) = (span.resource, span.scope);
        (self.identifier, self.payload.name) = (span.identifier(), span.name);
        if span.facts.trace == [0; 16] {
            self.trace = NO_TRACE;
        }
        self.drafted = Some(span);
    }

    fn place(&mut self, field: Field) -> &mut &'a [u8] {
        match field {
            Field::Identifier => &mut self.identifier,
            Field::Channel => &mut self.channel,
            Field::EventType => &mut self.event_type,
            Field::Agent => &mut self.agent,
            Field::Trace => &mut self.trace,
            Field::Span => &mut self.span,
            Field::Parent => &mut self.parent,
            Field::Dedup => &mut self.dedup,
            Field::Metadata => &mut self.metadata,
            Field::Body => &mut self.payload.body,
            Field::Resource => &mut self.payload.resource,
            // OTLP has a time of its own for each record; the others are no text, or many.
            Field::OccurredAt | Field::Moment | Field::Attribute => &mut self.unused,
        }
    }

    /// What a span is called. Without a name it would be refused.
    pub(super) fn span_name(&self) -> &'a [u8] {
        if scan::inside(self.payload.name).is_empty() { self.identifier } else { self.payload.name }
    }

    /// What OTLP has no place for, as attributes: a name, and JSON text.
    pub(super) fn leftovers(&self) -> impl Iterator<Item = (&'static str, &'a [u8])> {
        let trace = if hex::<32>(self.trace).is_none() { self.trace } else { b"" };
        let says_type = self.is_event || self.event_type == b"\"agent.log\"";
        let event_type = if says_type { self.event_type } else { b"" };
        let parent = if self.is_event { self.parent } else { b"" };
        [
            ("axonpush.event_type", event_type),
            ("axonpush.parent_span_id", parent),
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
    /// JSON text, or empty: of logs the name of their scope, of spans the scope itself, an object.
    pub(super) scope: &'a [u8],
    /// The records as they stand in the batch, one after the other.
    pub(super) records: Vec<u8>,
}

impl<'a> Group<'a> {
    /// Writes a record into its group; groups are in the order in which they first appear.
    pub(super) fn add(
        groups: &mut Vec<Self>,
        lane: Lane,
        fields: &Fields<'a>,
        size: usize,
        write: impl FnOnce(&Fields<'a>, &mut Vec<u8>),
    ) {
        let resource = fields.payload.resource;
        let scope = match lane {
            Lane::Spans => fields.payload.scope,
            // That of an event is its own name, and so none.
            _ if fields.is_event => b"",
            _ => fields.identifier,
        };
        // Neighbours are likely to share theirs.
        let at = groups.iter().rposition(|group| same(group.resource, resource) && same(group.scope, scope));
        let at = at.unwrap_or_else(|| {
            // The first one is likely to be the only one.
            let records = Vec::with_capacity(if groups.is_empty() { size } else { 0 });
            groups.push(Self { resource, scope, records });
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(at) {
            write(fields, &mut group.records);
        }
    }
}

/// Whether both are the same text. An empty slice may point nowhere, where some processors compare nothing at great cost.
fn same(one: &[u8], another: &[u8]) -> bool {
    one.len() == another.len() && (one.is_empty() || one == another)
}

/// What attributes are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// As on the event path: what the conventions have renamed since is called by its newer name.
    Otlp,
    /// As whoever recorded them likes.
    AsTheyAre,
}

impl Names {
    /// The other name of an attribute, if it has one.
    pub(super) fn of(self, key: &[u8]) -> Option<&'static [u8]> {
        match key.first() {
            Some(b'c' | b'd') if self == Self::Otlp => match key {
                b"deployment.environment" => Some(b"deployment.environment.name"),
                b"code.filepath" => Some(b"code.file.path"),
                b"code.lineno" => Some(b"code.line.number"),
                b"code.function" => Some(b"code.function.name"),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The text of a JSON string.
pub(super) fn text(string: &[u8]) -> Cow<'_, [u8]> {
    scan::unescaped(scan::inside(string))
}

/// An id of so many hex digits, or `None` when the field holds something else.
pub(super) fn hex<const DIGITS: usize>(string: &[u8]) -> Option<[u8; DIGITS]> {
    if string.is_empty() {
        return None;
    }
    let mut id = [b'0'; DIGITS];
    let mut places = id.iter_mut();
    for byte in text(string).iter().filter(|byte| **byte != b'-') {
        *places.next()? = byte.is_ascii_hexdigit().then(|| byte.to_ascii_lowercase())?;
    }
    let complete = places.next().is_none();
    (complete && id != [b'0'; DIGITS]).then_some(id)
}

/// Whether JSON text is an object with something in it.
pub(super) fn has_entries(object: &[u8]) -> bool {
    json::is_object(object) && !scan::inside(object).is_empty()
}

/// What a trace is called that is none.
const NO_TRACE: &[u8] = b"\"00000000000000000000000000000000\"";
