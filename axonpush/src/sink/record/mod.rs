//! What a sink is shown of a record.

pub(super) mod known;

use std::{
    borrow::Cow,
    fmt,
    time::{Duration, SystemTime},
};

use self::known::{Found, Known};
use crate::event::{
    Severity,
    draft::{self, Field, Part, Parts},
    json,
    scan::{self, Entries},
};

/// A view of one record, redacted: a log record, or any other event that was handed over.
#[derive(Clone)]
pub struct SinkRecord<'a> {
    raw: &'a [u8],
    severity: Severity,
    nanos: u64,
    sequence: u64,
    pub(in crate::sink) is_log: bool,
    // JSON text, or empty.
    pub(in crate::sink) identifier: &'a [u8],
    pub(in crate::sink) event_type: &'a [u8],
    pub(in crate::sink) agent: &'a [u8],
    pub(in crate::sink) trace: &'a [u8],
    pub(in crate::sink) span: &'a [u8],
    pub(in crate::sink) body: &'a [u8],
    /// Empty, or an object, as are the next ones.
    pub(in crate::sink) metadata: &'a [u8],
    pub(in crate::sink) resource: &'a [u8],
    /// Who speaks unless the record says so itself: the client's.
    speaker: &'a [u8],
    /// Of an event that is no log: what it consists of.
    pub(in crate::sink) payload: &'a [u8],
    pub(in crate::sink) attributes: Pairs<'a>,
    pub(in crate::sink) found: Found<'a>,
}

/// What filters ask for of a record, at less than a view of all of it.
pub(crate) struct SinkName<'a> {
    /// Who said it, or what happened.
    pub(crate) target: Cow<'a, str>,
    pub(crate) event_type: Cow<'a, str>,
}

impl<'a> SinkName<'a> {
    /// That of what waits in a queue, a body or a draft.
    pub(crate) fn of(raw: &'a [u8]) -> Self {
        let (mut identifier, mut event_type): (&[u8], &[u8]) = (b"", b"");
        if draft::is_draft(raw) {
            for part in Parts::of(raw) {
                match part {
                    Part::Field(Field::Identifier, value) => identifier = value,
                    Part::Field(Field::EventType, value) => event_type = value,
                    // They come before what is said.
                    Part::Moment(_) | Part::Attribute(..) => break,
                    Part::Field(..) => {}
                }
            }
        } else {
            for (key, value) in Entries::of(raw) {
                match key {
                    b"identifier" => identifier = value,
                    b"eventType" => event_type = value,
                    b"payload" => break,
                    _ => {}
                }
            }
        }
        Self { target: text_of(identifier), event_type: type_of(event_type) }
    }
}

impl<'a> SinkRecord<'a> {
    /// A view of what waits in a queue. `accepted_at` are nanoseconds since the epoch, for what has no time of its own,
    /// and `speaker` is the client's resource, for what does not say who speaks.
    pub(crate) fn new(raw: &'a [u8], severity: Severity, accepted_at: u64, speaker: &'a [u8]) -> Self {
        let mut record = Self {
            raw,
            severity,
            nanos: accepted_at,
            sequence: 0,
            is_log: true,
            identifier: b"",
            event_type: b"",
            agent: b"",
            trace: b"",
            span: b"",
            body: b"",
            metadata: b"",
            resource: b"",
            speaker,
            payload: b"",
            attributes: Pairs::None,
            found: Found::default(),
        };
        if draft::is_draft(raw) {
            record.read_draft();
        } else {
            record.read_body();
        }
        record
    }

    /// This record, with its place in its sink's queue.
    pub(crate) fn at(mut self, sequence: u64) -> Self {
        self.sequence = sequence;
        self
    }

    /// Its place in the order in which its sink was handed records, from 0: no two of one process share it, and a record
    /// that is written once more keeps it.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// When it was: a log's own time, [`occurred_at`](crate::Event::occurred_at) of any other event, or else when it was
    /// handed over.
    pub fn time(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_nanos(self.nanos)
    }

    /// Who said it, or what happened.
    pub fn identifier(&self) -> Cow<'a, str> {
        text_of(self.identifier)
    }

    /// `app.log`, `custom`, ….
    pub fn event_type(&self) -> Cow<'a, str> {
        type_of(self.event_type)
    }

    /// Whether it is a log record.
    pub fn is_log(&self) -> bool {
        self.is_log
    }

    /// What a log record says, as text; `None` of any other event.
    pub fn body(&self) -> Option<Cow<'a, str>> {
        said(self.body)
    }

    /// The trace it belongs to.
    pub fn trace_id(&self) -> Option<Cow<'a, str>> {
        said(self.trace)
    }

    /// The span it belongs to.
    pub fn span_id(&self) -> Option<Cow<'a, str>> {
        said(self.span)
    }

    /// The request it belongs to.
    pub fn request_id(&self) -> Option<Cow<'a, str>> {
        said(self.found.value(Known::RequestId))
    }

    /// Its attributes, each with its value as JSON text.
    pub fn attributes(&self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> + use<'a> {
        self.attributes.clone().map(|(key, value)| (scan::unescaped_text(key), String::from_utf8_lossy(value)))
    }

    /// Who speaks, `service.name` and the like, each with its value as JSON text.
    pub fn resource(&self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> + use<'a> {
        let resource = if self.resource.is_empty() { self.speaker } else { self.resource };
        Entries::of(resource).map(|(key, value)| (scan::unescaped_text(key), String::from_utf8_lossy(value)))
    }

    /// The whole event as JSON text, as it is sent to AxonPush: the body of `POST /event`.
    pub fn as_json(&self) -> Cow<'a, str> {
        if draft::is_draft(self.raw) {
            let body = String::from_utf8(draft::to_body(self.raw));
            return Cow::Owned(body.unwrap_or_else(|broken| String::from_utf8_lossy(broken.as_bytes()).into_owned()));
        }
        String::from_utf8_lossy(self.raw)
    }

    /// Values of entries of the resource, the record's own or the client's, each for the first of its keys that there is;
    /// empty where neither has it.
    pub(in crate::sink) fn of_resource<const N: usize>(&self, keys: &[&[&str]; N]) -> [&'a [u8]; N] {
        let mut found = [(b"".as_slice(), usize::MAX); N];
        // One look at each, as most of what they hold is asked for.
        for (own, object) in [self.resource, self.speaker].into_iter().enumerate() {
            for (key, value) in Entries::of(object) {
                for (place, keys) in found.iter_mut().zip(keys) {
                    let rank = keys.iter().position(|known| known.as_bytes() == key).map(|at| own * keys.len() + at);
                    if let Some(rank) = rank.filter(|rank| *rank < place.1) {
                        *place = (value, rank);
                    }
                }
            }
        }
        found.map(|(value, _)| value)
    }

    /// The text of an entry of the resource, or else of an attribute.
    #[cfg(feature = "loki")]
    pub(in crate::sink) fn named(&self, key: &str) -> Option<Cow<'a, str>> {
        self.named_by_resource(key).or_else(|| {
            let (_, value) = self.attributes.clone().find(|(name, _)| *scan::unescaped(name) == *key.as_bytes())?;
            said(value)
        })
    }

    /// The text of an entry of the resource.
    #[cfg(feature = "loki")]
    pub(in crate::sink) fn named_by_resource(&self, key: &str) -> Option<Cow<'a, str>> {
        let [value] = self.of_resource(&[&[key]]);
        said(value)
    }

    /// Whether it has an attribute of one of these names.
    #[cfg(feature = "loki")]
    pub(in crate::sink) fn has_attribute_of(&self, keys: &[&str]) -> bool {
        let is_one = |name: &[u8]| keys.iter().any(|key| key.as_bytes() == name);
        !keys.is_empty() && self.attributes.clone().any(|(name, _)| is_one(&scan::unescaped(name)))
    }

    /// Whether both have the same resource, word for word.
    #[cfg(feature = "loki")]
    pub(in crate::sink) fn has_resource_of(&self, other: &Self) -> bool {
        self.resource == other.resource && self.speaker == other.speaker
    }

    /// The resource, or else the client's: JSON text of an object, or empty.
    #[cfg(feature = "otlp")]
    pub(in crate::sink) fn speaks(&self) -> &'a [u8] {
        if self.resource.is_empty() { self.speaker } else { self.resource }
    }

    /// What waits in the queue: no two that were handed over are alike, as each has a dedup key of its own.
    #[cfg(any(feature = "fluentd", feature = "otlp"))]
    pub(in crate::sink) fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// Nanoseconds since the epoch.
    pub(in crate::sink) fn nanos(&self) -> u64 {
        self.nanos
    }

    fn read_draft(&mut self) {
        let mut parts = Parts::of(self.raw);
        loop {
            let here = parts.clone();
            match parts.next() {
                None => break,
                Some(Part::Moment(moment)) => (self.nanos, self.severity) = (moment.nanos, moment.severity),
                Some(Part::Attribute(key, value)) => {
                    if matches!(self.attributes, Pairs::None) {
                        self.attributes = Pairs::Draft(here);
                    }
                    self.found.offer(key, value);
                }
                Some(Part::Field(field, value)) => {
                    let place = match field {
                        Field::Identifier => &mut self.identifier,
                        Field::EventType => &mut self.event_type,
                        Field::Agent => &mut self.agent,
                        Field::Trace => &mut self.trace,
                        Field::Span => &mut self.span,
                        Field::Metadata => &mut self.metadata,
                        Field::Body => &mut self.body,
                        Field::Resource => &mut self.resource,
                        _ => continue,
                    };
                    *place = value;
                }
            }
        }
    }

    fn read_body(&mut self) {
        for (key, value) in Entries::of(self.raw) {
            let place = match key {
                b"identifier" => &mut self.identifier,
                b"eventType" => &mut self.event_type,
                b"agentId" => &mut self.agent,
                b"traceId" => &mut self.trace,
                b"spanId" => &mut self.span,
                b"metadata" => &mut self.metadata,
                b"payload" => &mut self.payload,
                b"occurredAt" => {
                    self.nanos = moment_of(value).unwrap_or(self.nanos);
                    continue;
                }
                _ => continue,
            };
            *place = value;
        }
        self.is_log = matches!(self.event_type, b"\"app.log\"" | b"\"agent.log\"");
        let payload = self.payload;
        for (key, value) in Entries::of(payload) {
            match key {
                b"attributes" if json::is_object(value) => self.attributes = Pairs::Object(Entries::of(value)),
                b"resource" if json::is_object(value) => self.resource = value,
                b"body" if self.is_log => self.body = value,
                b"timeUnixNano" if self.is_log => {
                    let nanos = text_of(value).parse();
                    self.nanos = nanos.unwrap_or(self.nanos);
                }
                _ => {}
            }
        }
        // What surrounds an event that has no attributes stands in its metadata.
        for (key, value) in self.attributes.clone().chain(Entries::of(self.metadata)) {
            self.found.offer(key, value);
        }
    }
}

impl fmt::Debug for SinkRecord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SinkRecord")
            .field("severity", &self.severity)
            .field("identifier", &self.identifier())
            .finish_non_exhaustive()
    }
}

/// Keys, as they stand between their quotes, and values, as JSON text.
#[derive(Debug, Clone)]
pub(in crate::sink) enum Pairs<'a> {
    None,
    /// They stand together in a draft.
    Draft(Parts<'a>),
    Object(Entries<'a>),
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a [u8], &'a [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::None => None,
            Self::Draft(parts) => match parts.next() {
                Some(Part::Attribute(key, value)) => Some((key, value)),
                _ => None,
            },
            Self::Object(entries) => entries.next(),
        }
    }
}

/// The text of a JSON string; of any other value its JSON text.
fn text_of(value: &[u8]) -> Cow<'_, str> {
    if value.first() == Some(&b'"') { scan::unescaped_text(scan::inside(value)) } else { scan::lossy(value) }
}

/// The type of an event that may not say it.
fn type_of(value: &[u8]) -> Cow<'_, str> {
    if value.is_empty() { Cow::Borrowed("custom") } else { text_of(value) }
}

/// Nanoseconds since the epoch of a time in RFC 3339; what lies before it is the epoch.
fn moment_of(value: &[u8]) -> Option<u64> {
    let time: jiff::Timestamp = text_of(value).parse().ok()?;
    Some(u64::try_from(time.as_nanosecond().max(0)).unwrap_or(u64::MAX))
}

/// The text of a value that is there and not null.
fn said(value: &[u8]) -> Option<Cow<'_, str>> {
    (!value.is_empty() && value != b"null").then(|| text_of(value))
}

#[cfg(test)]
mod tests;
