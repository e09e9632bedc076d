//! What a span contains, written where it will stand.

use std::time::SystemTime;

use serde::Serialize;

use crate::event::{
    draft::{
        Draft, Guard,
        span::{self, SpanEvent, SpanLink},
    },
    json::{self, Refusal},
    record::MAX_EVENT_BYTES,
};

/// What a span contains. Each is asked for once, in this order.
pub trait SpanContents {
    /// Tells its attributes.
    fn attributes(&self, to: &mut AttributeWriter<'_>);

    /// Tells what happened in it, if anything did.
    fn events(&self, _to: &mut EventWriter<'_>) {}

    /// Tells what it is linked to, if it is.
    fn links(&self, _to: &mut LinkWriter<'_>) {}
}

/// Takes attributes, each of a key that none before it had.
pub struct AttributeWriter<'a> {
    draft: Draft<'a>,
    start: usize,
    refusal: Option<Refusal>,
}

impl<'a> AttributeWriter<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>, guard: &'a dyn Guard) -> Self {
        let start = out.len();
        Self { draft: Draft::attributes(out, guard), start, refusal: None }
    }

    /// Adds an attribute: whatever serialises. NaN and infinities become strings, as do integers beyond 64 bits.
    pub fn add<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) {
        if self.refusal.is_some() {
            return;
        }
        let written = self.draft.distinct(key, |out| json::write(value, out));
        // One that has no JSON form is left out; what is too large is too large for all.
        self.refusal = written.err().filter(|refusal| matches!(refusal, Refusal::TooLarge));
        if self.draft.len() - self.start > json::MAX_BYTES {
            self.refusal = Some(Refusal::TooLarge);
        }
    }

    pub(super) fn close(mut self) -> Result<(), Refusal> {
        self.draft.end_attributes();
        self.refusal.map_or(Ok(()), Err)
    }
}

/// Takes what happened in a span, until it is more than an event carries; the rest is counted.
pub struct EventWriter<'a>(List<'a>);

impl<'a> EventWriter<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>, guard: &'a dyn Guard) -> Self {
        Self(List::new(out, guard))
    }

    /// Adds one, of whose attributes so many were left out before.
    pub fn add(
        &mut self,
        name: &str,
        time: SystemTime,
        dropped_attributes: u32,
        attributes: impl FnOnce(&mut AttributeWriter<'_>),
    ) {
        self.0.item(|out, guard| {
            SpanEvent::begin(json::nanos(time), dropped_attributes, out);
            span::text(out, |out| write_text(name, guard, out));
            write_attributes(guard, out, attributes)
        });
    }

    /// How many were left out.
    pub(super) fn left_out(&self) -> u64 {
        self.0.left_out
    }
}

/// Takes what a span is linked to, until it is more than an event carries; the rest is counted.
pub struct LinkWriter<'a>(List<'a>);

impl<'a> LinkWriter<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>, guard: &'a dyn Guard) -> Self {
        Self(List::new(out, guard))
    }

    /// Adds one, of whose attributes so many were left out before. Ids of no span at all are 0.
    pub fn add(
        &mut self,
        trace_id: u128,
        span_id: u64,
        trace_state: &str,
        dropped_attributes: u32,
        attributes: impl FnOnce(&mut AttributeWriter<'_>),
    ) {
        self.0.item(|out, guard| {
            SpanLink::begin(trace_id, span_id, dropped_attributes, out);
            span::text(out, |out| write_optional(trace_state, guard, out));
            write_attributes(guard, out, attributes)
        });
    }

    /// How many were left out.
    pub(super) fn left_out(&self) -> u64 {
        self.0.left_out
    }
}

/// A list that has room for so much.
struct List<'a> {
    out: &'a mut Vec<u8>,
    guard: &'a dyn Guard,
    /// What its items weigh as JSON text, at most.
    weight: usize,
    left_out: u64,
}

impl<'a> List<'a> {
    fn new(out: &'a mut Vec<u8>, guard: &'a dyn Guard) -> Self {
        Self { out, guard, weight: 0, left_out: 0 }
    }

    fn item(&mut self, write: impl FnOnce(&mut Vec<u8>, &dyn Guard) -> Result<(), Refusal>) {
        // Those that come first stay: what is missing is one piece, and one number says how long.
        if self.left_out > 0 {
            self.left_out += 1;
            return;
        }
        let before = self.out.len();
        let written = span::text(self.out, |out| write(out, self.guard));
        self.weight += self.out.len() - before + MAX_KEYS_BYTES;
        if written.is_err() || self.weight > MAX_LIST_BYTES {
            self.out.truncate(before);
            self.left_out += 1;
        }
    }
}

/// Appends a text under a key that says nothing of it.
pub(super) fn write_text(text: &str, guard: &dyn Guard, out: &mut Vec<u8>) {
    let start = out.len();
    json::write_str(json::prefix(text, json::MAX_STRING_BYTES), out);
    guard.text(out, start);
}

/// As [`write_text`], unless it is empty.
pub(super) fn write_optional(text: &str, guard: &dyn Guard, out: &mut Vec<u8>) {
    if !text.is_empty() {
        write_text(text, guard, out);
    }
}

pub(super) fn write_attributes(
    guard: &dyn Guard,
    out: &mut Vec<u8>,
    attributes: impl FnOnce(&mut AttributeWriter<'_>),
) -> Result<(), Refusal> {
    let mut writer = AttributeWriter::new(out, guard);
    attributes(&mut writer);
    writer.close()
}

macro_rules! opaque {
    ($($writer:ident),*) => {$(
        impl std::fmt::Debug for $writer<'_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($writer)).finish_non_exhaustive()
            }
        }
    )*};
}

opaque!(AttributeWriter, EventWriter, LinkWriter);

/// Bytes that events may take, and links: together they leave half of the largest event to the rest of the span.
const MAX_LIST_BYTES: usize = MAX_EVENT_BYTES / 4;

/// Bytes that keys and digits of an event or a link take as JSON text beyond what they take in a draft.
const MAX_KEYS_BYTES: usize = 96;
