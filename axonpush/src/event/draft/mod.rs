//! A log record as it waits: its fields end to end, each as the JSON text that it will be.
//!
//! An event's body is an object. Whoever wants its fields again has to look for them; whoever wants another form of them
//! has to take it apart. Here each field says what it is and how long, so that the body of `POST /event` and an OTLP
//! record are both put together from slices. Like a body it is complete, and nothing is left in it to redact.

mod edit;
#[cfg(any(feature = "tracing-layer", feature = "log-bridge"))]
#[cfg_attr(not(feature = "tracing-layer"), expect(dead_code, reason = "what spans and lines of source need"))]
mod kept;
mod log;
mod open;
pub(crate) mod span;
mod writer;

#[cfg(any(feature = "tracing-layer", feature = "log-bridge"))]
pub(crate) use self::kept::Kept;
pub(crate) use self::{
    edit::{Edit, find, judge_again, renew},
    log::{check_size, write as write_log},
    open::Open,
    writer::{Draft, Guard},
};
use super::{Severity, json};

/// The first byte, which no JSON text has.
const MARK: u8 = 1;

/// The first byte of a span's draft.
const SPAN_MARK: u8 = 2;

/// What a field is. The order is that of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Identifier,
    Channel,
    EventType,
    Agent,
    Trace,
    Span,
    Parent,
    Dedup,
    Metadata,
    OccurredAt,
    // From here on the payload's.
    /// When it was, and how bad: no text, but a [`Moment`].
    Moment,
    Body,
    Attribute,
    Resource,
}

impl Field {
    /// Its name in the body.
    fn name(self) -> &'static str {
        Self::ALL.get(self as usize).map_or("", |(_, name)| name)
    }

    /// Each with its name in the body, at the place of its number.
    const ALL: [(Self, &'static str); 14] = [
        (Self::Identifier, "identifier"),
        (Self::Channel, "channel_id"),
        (Self::EventType, "eventType"),
        (Self::Agent, "agentId"),
        (Self::Trace, "traceId"),
        (Self::Span, "spanId"),
        (Self::Parent, "parentSpanId"),
        (Self::Dedup, "dedupKey"),
        (Self::Metadata, "metadata"),
        (Self::OccurredAt, "occurredAt"),
        (Self::Moment, ""),
        (Self::Body, "body"),
        (Self::Attribute, "attributes"),
        (Self::Resource, "resource"),
    ];
}

/// Whether what waits is a draft, and not yet the body of `POST /event`.
pub(crate) fn is_draft(record: &[u8]) -> bool {
    matches!(record.first(), Some(&(MARK | SPAN_MARK)))
}

/// Whether it is the draft of a span.
pub(crate) fn is_span(record: &[u8]) -> bool {
    record.first() == Some(&SPAN_MARK)
}

/// The channel that a draft names: JSON text, or empty.
pub(crate) fn channel(draft: &[u8]) -> &[u8] {
    if is_span(draft) {
        return span::text_at(draft, 1);
    }
    let channel = Parts::of(draft).find_map(|part| match part {
        Part::Field(Field::Channel, channel) => Some(channel),
        _ => None,
    });
    channel.unwrap_or_default()
}

/// When something was logged, and how bad it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Nanoseconds since the epoch.
    pub(crate) nanos: u64,
    pub(crate) severity: Severity,
}

impl Moment {
    fn read(text: &[u8]) -> Option<Self> {
        let (nanos, severity) = text.split_first_chunk()?;
        let severity = *Severity::ALL.get(usize::from(*severity.first()?))?;
        Some(Self { nanos: u64::from_le_bytes(*nanos), severity })
    }

    /// Appends its entries of a log's payload.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        json::write_own_key("severityNumber", out);
        json::write_number(self.severity.number().into(), out);
        json::write_own_key("severityText", out);
        json::write_plain_str(self.severity.text(), out);
        json::write_own_key("timeUnixNano", out);
        out.push(b'"');
        json::write_number(self.nanos, out);
        out.push(b'"');
    }
}

/// What a draft is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    Moment(Moment),
    /// Any other field but an attribute, and its JSON text.
    Field(Field, &'a [u8]),
    /// Key, as it stands between the quotes, and JSON text.
    Attribute(&'a [u8], &'a [u8]),
}

/// The parts of a draft, in their order.
#[derive(Debug, Clone)]
pub(crate) struct Parts<'a>(&'a [u8]);

impl<'a> Parts<'a> {
    pub(crate) fn of(draft: &'a [u8]) -> Self {
        Self(draft.get(1..).unwrap_or_default())
    }

    fn text(&mut self, length: [u8; 4]) -> Option<&'a [u8]> {
        let (text, rest) = self.0.split_at_checked(u32::from_le_bytes(length) as usize)?;
        self.0 = rest;
        Some(text)
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    #[inline]
    fn next(&mut self) -> Option<Part<'a>> {
        let ([tag, length @ ..], rest) = self.0.split_first_chunk::<5>()?;
        let (field, _) = *Field::ALL.get(usize::from(*tag))?;
        match field {
            Field::Attribute => {
                let (value_length, rest) = rest.split_first_chunk()?;
                self.0 = rest;
                Some(Part::Attribute(self.text(*length)?, self.text(*value_length)?))
            }
            Field::Moment => {
                self.0 = rest;
                Moment::read(self.text(*length)?).map(Part::Moment)
            }
            _ => {
                self.0 = rest;
                Some(Part::Field(field, self.text(*length)?))
            }
        }
    }
}

/// The body of `POST /event` that a draft stands for.
pub(crate) fn to_body(draft: &[u8]) -> Vec<u8> {
    if is_span(draft) {
        return span::to_body(draft);
    }
    // A key's quotes, its colon and its comma take no more than the lengths did; fields have names, but few.
    let mut out = Vec::with_capacity(draft.len() + 128);
    out.push(b'{');
    let mut inside = Inside::Event;
    for part in Parts::of(draft) {
        match part {
            Part::Attribute(key, value) => {
                inside.go_to(Inside::Attributes, &mut out);
                json::write_entry(key, value, &mut out);
            }
            Part::Moment(moment) => {
                inside.go_to(Inside::Payload, &mut out);
                moment.write(&mut out);
            }
            Part::Field(field, value) => {
                inside.go_to(if field as u8 > Field::Moment as u8 { Inside::Payload } else { inside }, &mut out);
                json::write_own_key(field.name(), &mut out);
                out.extend_from_slice(value);
            }
        }
    }
    inside.go_to(Inside::Payload, &mut out);
    out.extend_from_slice(b"}}");
    out
}

/// Which object is being written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Event,
    Payload,
    Attributes,
}

impl Inside {
    fn go_to(&mut self, to: Self, out: &mut Vec<u8>) {
        if *self == Self::Attributes && to != Self::Attributes {
            out.push(b'}');
            *self = Self::Payload;
        }
        if *self == Self::Event && to != Self::Event {
            json::write_own_key("payload", out);
            out.push(b'{');
            *self = Self::Payload;
        }
        if *self == Self::Payload && to == Self::Attributes {
            json::write_own_key("attributes", out);
            out.push(b'{');
            *self = to;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_its_number() {
        for (number, (field, _)) in Field::ALL.into_iter().enumerate() {
            assert_eq!(field as usize, number);
        }
    }

    #[test]
    fn a_draft_is_no_body() {
        assert!(is_draft(&[MARK]) && is_draft(&[SPAN_MARK]) && !is_draft(b"{}") && !is_draft(b""));
    }

    proptest::proptest! {
        #[test]
        fn foreign_bytes_never_panic(mut bytes: Vec<u8>) {
            bytes.insert(0, SPAN_MARK);
            to_body(&bytes);
            bytes[0] = MARK;
            to_body(&bytes);
            bytes.truncate(1);
            proptest::prop_assert_eq!(to_body(&bytes), br#"{"payload":{}}"#);
        }
    }
}
