//! A span as it waits: numbers and ids as they are, and the rest as the JSON text that it will be.
//!
//! Its texts stand in one order, each behind its length. Whoever wants one finds it without looking at the others.

mod json_text;

pub(super) use self::json_text::to_body;
pub(crate) use self::json_text::write_hex;
use super::{
    SPAN_MARK,
    writer::{self, framed},
};
use crate::event::{json, wire};

/// What of a span is no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Facts {
    /// Zeros where there is none, as in the next ones.
    pub(crate) trace: [u8; 16],
    pub(crate) span: [u8; 8],
    pub(crate) parent: [u8; 8],
    /// Nanoseconds since the epoch.
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// As the OpenTelemetry API numbers it.
    pub(crate) kind: u8,
    /// The code of its status.
    pub(crate) code: u8,
    pub(crate) flags: u32,
    /// How many attributes, events and links were left out.
    pub(crate) dropped: [u64; 3],
}

/// The parts of a span's draft. What is no number is JSON text, or empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Span<'a> {
    pub(crate) facts: Facts,
    pub(crate) channel: &'a [u8],
    pub(crate) dedup: &'a [u8],
    occurred_at: &'a [u8],
    pub(crate) name: &'a [u8],
    /// What its status says.
    pub(crate) message: &'a [u8],
    attributes: &'a [u8],
    events: &'a [u8],
    links: &'a [u8],
    pub(crate) trace_state: &'a [u8],
    pub(crate) resource: &'a [u8],
    pub(crate) scope: &'a [u8],
    /// Where it is not the name.
    identifier: &'a [u8],
}

/// What happened in a span.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SpanEvent<'a> {
    pub(crate) nanos: u64,
    /// How many of its attributes were left out.
    pub(crate) dropped: u32,
    pub(crate) name: &'a [u8],
    attributes: &'a [u8],
}

/// What a span is linked to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SpanLink<'a> {
    pub(crate) trace: [u8; 16],
    pub(crate) span: [u8; 8],
    /// How many of its attributes were left out.
    pub(crate) dropped: u32,
    pub(crate) trace_state: &'a [u8],
    attributes: &'a [u8],
}

/// Keys, as they stand between their quotes, and values.
pub(crate) type Entry<'a> = (&'a [u8], &'a [u8]);

/// Begins the draft of what such a body says about itself, but for identifier and ids. From the name on it is written by
/// [`text`], in the order of [`Span`]; the [facts](Facts::write) are last.
pub(crate) fn begin(body: &wire::Body<'_>, out: &mut Vec<u8>) {
    out.push(SPAN_MARK);
    text(out, |out| body.channel_id.inspect(|id| json::write_str(id, out)));
    text(out, |out| wire::dedup_key(body, out));
    text(out, |out| body.occurred_at.and_then(wire::timestamp).inspect(|time| json::write_str(time, out)));
}

/// Appends a text of a draft, which `write` appends.
#[inline]
pub(crate) fn text<T>(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    framed(out, write)
}

/// The entries that [`Draft::distinct`](super::Draft::distinct) has written.
pub(crate) fn entries(attributes: &[u8]) -> impl Iterator<Item = Entry<'_>> {
    writer::attributes(attributes)
}

/// The text that `draft` has at `start`.
pub(crate) fn text_at(draft: &[u8], start: usize) -> &[u8] {
    next(&mut draft.get(start..).unwrap_or_default())
}

impl Facts {
    /// Ends a draft.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.trace);
        out.extend_from_slice(&self.span);
        out.extend_from_slice(&self.parent);
        out.extend_from_slice(&self.start.to_le_bytes());
        out.extend_from_slice(&self.end.to_le_bytes());
        out.extend_from_slice(&[self.kind, self.code]);
        out.extend_from_slice(&self.flags.to_le_bytes());
        for count in self.dropped {
            out.extend_from_slice(&count.to_le_bytes());
        }
    }

    fn read(mut bytes: &[u8]) -> Option<Self> {
        let from = &mut bytes;
        let facts = Self {
            trace: take(from)?,
            span: take(from)?,
            parent: take(from)?,
            start: u64::from_le_bytes(take(from)?),
            end: u64::from_le_bytes(take(from)?),
            kind: u8::from_le_bytes(take(from)?),
            code: u8::from_le_bytes(take(from)?),
            flags: u32::from_le_bytes(take(from)?),
            dropped: [0; 3],
        };
        let mut dropped = [0; 3];
        for count in &mut dropped {
            *count = u64::from_le_bytes(take(from)?);
        }
        Some(Self { dropped, ..facts })
    }
}

impl<'a> Span<'a> {
    pub(crate) fn read(draft: &'a [u8]) -> Self {
        let Some((texts, facts)) = draft.split_last_chunk::<FACTS>() else { return Self::default() };
        let rest = &mut texts.get(1..).unwrap_or_default();
        Self {
            facts: Facts::read(facts).unwrap_or_default(),
            channel: next(rest),
            dedup: next(rest),
            occurred_at: next(rest),
            name: next(rest),
            message: next(rest),
            attributes: next(rest),
            events: next(rest),
            links: next(rest),
            trace_state: next(rest),
            resource: next(rest),
            scope: next(rest),
            identifier: next(rest),
        }
    }

    /// What its event is called.
    pub(crate) fn identifier(&self) -> &'a [u8] {
        if self.identifier.is_empty() { self.name } else { self.identifier }
    }

    pub(crate) fn attributes(&self) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        entries(self.attributes)
    }

    pub(crate) fn events(&self) -> impl Iterator<Item = SpanEvent<'a>> + use<'a> {
        Items(self.events).map_while(|mut item| {
            let from = &mut item;
            let (nanos, dropped) = (u64::from_le_bytes(take(from)?), u32::from_le_bytes(take(from)?));
            Some(SpanEvent { nanos, dropped, name: next(from), attributes: item })
        })
    }

    pub(crate) fn links(&self) -> impl Iterator<Item = SpanLink<'a>> + use<'a> {
        Items(self.links).map_while(|mut item| {
            let from = &mut item;
            let (trace, span, dropped) = (take(from)?, take(from)?, u32::from_le_bytes(take(from)?));
            Some(SpanLink { trace, span, dropped, trace_state: next(from), attributes: item })
        })
    }
}

impl<'a> SpanEvent<'a> {
    pub(crate) fn attributes(&self) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        entries(self.attributes)
    }

    /// Appends what stands before the attributes of one.
    pub(crate) fn begin(time: u64, dropped: u32, out: &mut Vec<u8>) {
        out.extend_from_slice(&time.to_le_bytes());
        out.extend_from_slice(&dropped.to_le_bytes());
    }
}

impl<'a> SpanLink<'a> {
    pub(crate) fn attributes(&self) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        entries(self.attributes)
    }

    /// Appends what stands before the trace state and the attributes of one.
    pub(crate) fn begin(trace: u128, span: u64, dropped: u32, out: &mut Vec<u8>) {
        out.extend_from_slice(&trace.to_be_bytes());
        out.extend_from_slice(&span.to_be_bytes());
        out.extend_from_slice(&dropped.to_le_bytes());
    }
}

/// Texts behind their lengths.
struct Items<'a>(&'a [u8]);

impl<'a> Iterator for Items<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        (!self.0.is_empty()).then(|| next(&mut self.0))
    }
}

/// Takes a text off the beginning of `rest`; where none is, all of it and an empty one.
#[inline]
fn next<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let found = take(rest).and_then(|length| rest.split_at_checked(u32::from_le_bytes(length) as usize));
    let (text, after) = found.unwrap_or_default();
    *rest = after;
    text
}

#[inline]
fn take<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (bytes, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(*bytes)
}

/// Bytes of the facts, at the end of a draft.
const FACTS: usize = 16 + 8 + 8 + 8 + 8 + 1 + 1 + 4 + 3 * 8;
