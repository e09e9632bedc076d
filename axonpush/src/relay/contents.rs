//! What a span contains, written where it will stand.

use std::time::SystemTime;

use serde::Serialize;

use super::facts::trace_digits;
use crate::{
    context::hex::hex_digits,
    event::{
        draft::Guard,
        json::{self, Refusal},
        record::MAX_EVENT_BYTES,
    },
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
    out: &'a mut Vec<u8>,
    guard: &'a dyn Guard,
    start: usize,
    /// Whether each attribute was judged by itself.
    judged: bool,
    refusal: Option<Refusal>,
}

impl<'a> AttributeWriter<'a> {
    pub(super) fn open(out: &'a mut Vec<u8>, guard: &'a dyn Guard) -> Self {
        let start = out.len();
        out.push(b'{');
        Self { out, guard, start, judged: true, refusal: None }
    }

    /// Adds an attribute: whatever serialises. NaN and infinities become strings, as do integers beyond 64 bits.
    pub fn add<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) {
        if self.refusal.is_some() {
            return;
        }
        let before = self.out.len();
        json::write_key(key, self.out);
        let start = self.out.len();
        if let Err(refusal) = json::write(value, self.out) {
            // One that has no JSON form is left out; what is too large is too large for all.
            self.out.truncate(before);
            self.refusal = Some(refusal).filter(|refusal| matches!(refusal, Refusal::TooLarge));
            return;
        }
        self.judged &= if json::is_plain(key) {
            self.guard.entry(key.as_bytes(), self.out, start)
        } else {
            let mut inside = Vec::new();
            json::write_inside(key, &mut inside);
            self.guard.entry(&inside, self.out, start)
        };
        if self.out.len() - self.start > json::MAX_BYTES {
            self.refusal = Some(Refusal::TooLarge);
        }
    }

    pub(super) fn close(self) -> Result<(), Refusal> {
        self.out.push(b'}');
        if !self.judged {
            let written = self.out.split_off(self.start);
            self.guard.object(&written, self.out);
        }
        self.refusal.map_or(Ok(()), Err)
    }
}

/// Takes what happened in a span, until it is more than an event carries; the rest is counted.
pub struct EventWriter<'a>(List<'a>);

impl<'a> EventWriter<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>, guard: &'a dyn Guard) -> Self {
        Self(List::new("events", out, guard))
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
            json::write_own_key("timeUnixNano", out);
            json::write_nanos(time, out);
            json::write_own_key("name", out);
            write_text(name, guard, out);
            write_attributes(guard, out, attributes)?;
            write_count("droppedAttributesCount", dropped_attributes.into(), out);
            Ok(())
        });
    }

    pub(super) fn close(self) -> u64 {
        self.0.close()
    }
}

/// Takes what a span is linked to, until it is more than an event carries; the rest is counted.
pub struct LinkWriter<'a>(List<'a>);

impl<'a> LinkWriter<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>, guard: &'a dyn Guard) -> Self {
        Self(List::new("links", out, guard))
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
            json::write_own_key("traceId", out);
            write_digits(&trace_digits(trace_id), out);
            json::write_own_key("spanId", out);
            write_digits(&hex_digits(span_id), out);
            write_attributes(guard, out, attributes)?;
            if !trace_state.is_empty() {
                json::write_own_key("traceState", out);
                write_text(trace_state, guard, out);
            }
            write_count("droppedAttributesCount", dropped_attributes.into(), out);
            Ok(())
        });
    }

    pub(super) fn close(self) -> u64 {
        self.0.close()
    }
}

/// A list that has room for so much. Without an item it is not there at all.
struct List<'a> {
    key: &'static str,
    out: &'a mut Vec<u8>,
    guard: &'a dyn Guard,
    start: usize,
    is_open: bool,
    left_out: u64,
}

impl<'a> List<'a> {
    fn new(key: &'static str, out: &'a mut Vec<u8>, guard: &'a dyn Guard) -> Self {
        Self { key, start: out.len(), out, guard, is_open: false, left_out: 0 }
    }

    fn item(&mut self, write: impl FnOnce(&mut Vec<u8>, &dyn Guard) -> Result<(), Refusal>) {
        // Those that come first stay: what is missing is one piece, and one number says how long.
        if self.left_out > 0 {
            self.left_out += 1;
            return;
        }
        let before = self.out.len();
        if self.is_open {
            self.out.push(b',');
        } else {
            json::write_own_key(self.key, self.out);
            self.out.push(b'[');
        }
        self.out.push(b'{');
        let written = write(self.out, self.guard);
        self.out.push(b'}');
        if written.is_err() || self.out.len() - self.start > MAX_LIST_BYTES {
            self.out.truncate(before);
            self.left_out += 1;
        } else {
            self.is_open = true;
        }
    }

    fn close(self) -> u64 {
        if self.is_open {
            self.out.push(b']');
        }
        self.left_out
    }
}

/// Appends a text under a key that says nothing of it.
pub(super) fn write_text(text: &str, guard: &dyn Guard, out: &mut Vec<u8>) {
    let start = out.len();
    json::write_str(json::prefix(text, json::MAX_STRING_BYTES), out);
    guard.text(out, start);
}

pub(super) fn write_digits(digits: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(digits);
    out.push(b'"');
}

/// Appends a count, unless it is none.
pub(super) fn write_count(key: &'static str, count: u64, out: &mut Vec<u8>) {
    if count > 0 {
        json::write_own_key(key, out);
        json::write_number(count, out);
    }
}

pub(super) fn write_attributes(
    guard: &dyn Guard,
    out: &mut Vec<u8>,
    attributes: impl FnOnce(&mut AttributeWriter<'_>),
) -> Result<(), Refusal> {
    json::write_own_key("attributes", out);
    let mut writer = AttributeWriter::open(out, guard);
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
