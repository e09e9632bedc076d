//! Spans.

use super::{
    Fields, Names, attributes, bytes, fixed32, fixed64, hex, hex_bytes, kind, leftovers, message, nanos, number, text,
    varint_field,
};
use crate::event::{
    draft::span::Span,
    scan::{self, Entries},
};

/// Appends the fields of a span.
pub(super) fn write(fields: &Fields<'_>, out: &mut Vec<u8>) {
    if let Some(span) = &fields.drafted {
        return drafted(span, fields, out);
    }
    hex_bytes(1, hex::<32>(fields.trace), out);
    hex_bytes(2, hex::<16>(fields.span), out);
    bytes(3, &text(fields.payload.trace_state), out);
    hex_bytes(4, hex::<16>(fields.parent), out);
    bytes(5, &text(fields.span_name()), out);
    varint_field(6, kind(fields), out);
    fixed64(7, nanos(fields.payload.start), out);
    fixed64(8, nanos(fields.payload.end), out);
    attributes(9, Names::AsTheyAre, fields.payload.attributes.iter().copied(), out);
    leftovers(9, fields, out);
    scan::for_each_item(fields.payload.events, |event| message(11, out, |out| span_event(event, out)));
    scan::for_each_item(fields.payload.links, |link| message(13, out, |out| span_link(link, out)));
    for (field, count) in [10, 12, 14].into_iter().zip(fields.payload.dropped) {
        varint_field(field, number(count), out);
    }
    message(15, out, |out| status(fields.payload.status, out));
    fixed32(16, number(fields.payload.flags), out);
}

fn span_event(event: &[u8], out: &mut Vec<u8>) {
    for (key, value) in Entries::of(event) {
        match key {
            b"timeUnixNano" => fixed64(1, nanos(value), out),
            b"name" => bytes(2, &text(value), out),
            b"attributes" => attributes(3, Names::AsTheyAre, Entries::of(value), out),
            b"droppedAttributesCount" => varint_field(4, number(value), out),
            _ => {}
        }
    }
}

fn span_link(link: &[u8], out: &mut Vec<u8>) {
    for (key, value) in Entries::of(link) {
        match key {
            b"traceId" => hex_bytes(1, hex::<32>(value), out),
            b"spanId" => hex_bytes(2, hex::<16>(value), out),
            b"traceState" => bytes(3, &text(value), out),
            b"attributes" => attributes(4, Names::AsTheyAre, Entries::of(value), out),
            b"droppedAttributesCount" => varint_field(5, number(value), out),
            _ => {}
        }
    }
}

fn status(status: &[u8], out: &mut Vec<u8>) {
    for (key, value) in Entries::of(status) {
        match key {
            b"message" => bytes(2, &text(value), out),
            b"code" => varint_field(3, number(value), out),
            _ => {}
        }
    }
}

/// As [`write`], of one that waits as a draft.
fn drafted(span: &Span<'_>, fields: &Fields<'_>, out: &mut Vec<u8>) {
    let facts = &span.facts;
    id(1, &facts.trace, out);
    id(2, &facts.span, out);
    bytes(3, &text(span.trace_state), out);
    id(4, &facts.parent, out);
    bytes(5, &text(fields.span_name()), out);
    varint_field(6, u64::from(facts.kind) + 1, out);
    fixed64(7, facts.start, out);
    fixed64(8, facts.end, out);
    attributes(9, Names::AsTheyAre, span.attributes(), out);
    leftovers(9, fields, out);
    for event in span.events() {
        message(11, out, |out| {
            fixed64(1, event.nanos, out);
            bytes(2, &text(event.name), out);
            attributes(3, Names::AsTheyAre, event.attributes(), out);
            varint_field(4, event.dropped.into(), out);
        });
    }
    for link in span.links() {
        message(13, out, |out| {
            id(1, &link.trace, out);
            id(2, &link.span, out);
            attributes(4, Names::AsTheyAre, link.attributes(), out);
            bytes(3, &text(link.trace_state), out);
            varint_field(5, link.dropped.into(), out);
        });
    }
    for (field, count) in [10, 12, 14].into_iter().zip(facts.dropped) {
        varint_field(field, count, out);
    }
    message(15, out, |out| {
        varint_field(3, facts.code.into(), out);
        bytes(2, &text(span.message), out);
    });
    fixed32(16, facts.flags.into(), out);
}

/// An id, unless it is that of nothing.
fn id<const BYTES: usize>(field: u32, id: &[u8; BYTES], out: &mut Vec<u8>) {
    if *id != [0; BYTES] {
        bytes(field, id, out);
    }
}
