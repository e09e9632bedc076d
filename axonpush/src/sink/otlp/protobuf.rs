//! OTLP/Protobuf: the few messages of `opentelemetry.proto` that carry logs and spans, by their field numbers.

mod span;

use super::{
    fields::{Fields, Group, Names, has_entries, hex, text},
    json::integer,
};
use crate::event::{
    json::has_backslash,
    record::Lane,
    scan::{self, Entries},
};

/// A whole `ExportLogsServiceRequest` or `ExportTraceServiceRequest`; their field numbers agree.
pub(super) fn batch(lane: Lane, groups: &[Group<'_>]) -> Vec<u8> {
    let size: usize = groups.iter().map(|group| group.records.len() + 2 * group.resource.len() + 256).sum();
    let mut out = Vec::with_capacity(size);
    let (mut resource, mut scope) = (Vec::new(), Vec::new());
    for group in groups {
        resource.clear();
        scope.clear();
        if has_entries(group.resource) {
            message(1, &mut resource, |resource| attributes(1, Names::Otlp, Entries::of(group.resource), resource));
        }
        message(1, &mut scope, |scope| scope_of(lane, group, scope));
        // The records are most of it: the lengths of what is around them are known before, so that nothing is moved.
        let scope_records = scope.len() + group.records.len();
        let resource_records = resource.len() + 1 + varint_len(scope_records) + scope_records;
        tag(1, 2, &mut out);
        varint(resource_records as u64, &mut out);
        out.extend_from_slice(&resource);
        tag(2, 2, &mut out);
        varint(scope_records as u64, &mut out);
        out.extend_from_slice(&scope);
        out.extend_from_slice(&group.records);
    }
    out
}

/// A record, as the field of its scope.
pub(super) fn record(lane: Lane, fields: &Fields<'_>, out: &mut Vec<u8>) {
    message(2, out, |out| if lane == Lane::Spans { span::write(fields, out) } else { log(fields, out) });
}

fn scope_of(lane: Lane, group: &Group<'_>, out: &mut Vec<u8>) {
    if lane != Lane::Spans {
        bytes(1, &text(group.scope), out);
        return;
    }
    for (key, value) in Entries::of(group.scope) {
        match key {
            b"name" => bytes(1, &text(value), out),
            b"version" => bytes(2, &text(value), out),
            _ => {}
        }
    }
}

fn log(fields: &Fields<'_>, out: &mut Vec<u8>) {
    if let Some(moment) = fields.payload.moment {
        fixed64(1, moment.nanos, out);
        varint_field(2, moment.severity.number().into(), out);
        bytes(3, moment.severity.text().as_bytes(), out);
    }
    fixed64(1, nanos(fields.payload.time), out);
    varint_field(2, number(fields.payload.severity_number), out);
    bytes(3, &text(fields.payload.severity_text), out);
    let body = fields.payload.body;
    if !body.is_empty() {
        message(5, out, |out| any_value(body, out));
    }
    attributes(6, Names::Otlp, fields.payload.attributes.iter().copied(), out);
    leftovers(6, fields, out);
    hex_bytes(9, hex::<32>(fields.trace), out);
    hex_bytes(10, hex::<16>(fields.span), out);
    if fields.is_event {
        bytes(12, &text(fields.identifier), out);
    }
}

/// The span kind as OTLP numbers it, one above the API's number.
pub(super) fn kind(fields: &Fields<'_>) -> u64 {
    number(fields.payload.kind) + 1
}

fn attributes<'a>(field: u32, names: Names, entries: impl Iterator<Item = (&'a [u8], &'a [u8])>, out: &mut Vec<u8>) {
    for (key, value) in entries {
        match names.of(key) {
            None => key_value(field, &scan::unescaped(key), value, out),
            Some(name) => key_value(field, name, value, out),
        }
    }
}

fn leftovers(field: u32, fields: &Fields<'_>, out: &mut Vec<u8>) {
    for (key, value) in fields.leftovers() {
        key_value(field, key.as_bytes(), value, out);
    }
}

fn key_value(field: u32, key: &[u8], value: &[u8], out: &mut Vec<u8>) {
    // Most attributes are short: each length takes one byte, which is filled in once all is there.
    let start = out.len();
    tag(field, 2, out);
    let whole = out.len();
    if let Ok(key_len @ ..0x80) = u8::try_from(key.len()) {
        out.extend_from_slice(&[0, 1 << 3 | 2, key_len]);
        out.extend_from_slice(key);
        out.extend_from_slice(&[2 << 3 | 2, 0]);
        let inner = out.len();
        any_value(value, out);
        if let Ok(length @ ..0x80) = u8::try_from(out.len() - whole - 1) {
            let inner_length = length - key_len - 4;
            for (at, length) in [(whole, length), (inner - 1, inner_length)] {
                if let Some(place) = out.get_mut(at) {
                    *place = length;
                }
            }
            return;
        }
    }
    out.truncate(start);
    key_and_any_value(field, key, value, out);
}

fn key_and_any_value(field: u32, key: &[u8], value: &[u8], out: &mut Vec<u8>) {
    message(field, out, |out| {
        bytes(1, key, out);
        message(2, out, |out| any_value(value, out));
    });
}

fn any_value(value: &[u8], out: &mut Vec<u8>) {
    match value.first() {
        // An empty string is a value, unlike an absent one.
        Some(b'"') => {
            let inside = scan::inside(value);
            if has_backslash(inside) { string_value(&scan::unescaped(inside), out) } else { string_value(inside, out) }
        }
        Some(b't' | b'f') => {
            tag(2, 0, out);
            varint(u64::from(value == b"true"), out);
        }
        Some(b'[') => {
            message(5, out, |out| scan::for_each_item(value, |item| message(1, out, |out| any_value(item, out))));
        }
        Some(b'{') => message(6, out, |out| attributes(1, Names::AsTheyAre, Entries::of(value), out)),
        Some(b'n') | None => {}
        Some(_) => {
            if let Some(number) = integer(value) {
                tag(3, 0, out);
                varint(number.cast_unsigned(), out);
            } else {
                let number: f64 = str::from_utf8(value).unwrap_or_default().parse().unwrap_or_default();
                tag(4, 1, out);
                out.extend_from_slice(&number.to_le_bytes());
            }
        }
    }
}

#[inline]
fn string_value(text: &[u8], out: &mut Vec<u8>) {
    tag(1, 2, out);
    varint(text.len() as u64, out);
    out.extend_from_slice(text);
}

/// `rejected_log_records` or `rejected_spans` of an export response, and why; `None` when it is no such message.
pub(super) fn rejected(mut response: &[u8]) -> Option<(u64, &[u8])> {
    let (mut rejected, mut why) = (0, b"".as_slice());
    while !response.is_empty() {
        let key = read_varint(&mut response)?;
        match (key >> 3, key & 7) {
            (1, 2) => {
                let mut partial = read_bytes(&mut response)?;
                while !partial.is_empty() {
                    match read_varint(&mut partial)? {
                        // Field 1, a varint.
                        8 => rejected = read_varint(&mut partial)?,
                        // Field 2, the message's text.
                        18 => why = read_bytes(&mut partial)?,
                        _ => return None,
                    }
                }
            }
            _ => return None,
        }
    }
    Some((rejected, why))
}

fn read_bytes<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(read_varint(from)?).ok()?;
    let (bytes, rest) = from.split_at_checked(length)?;
    *from = rest;
    Some(bytes)
}

fn read_varint(from: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = from.split_first()?;
        *from = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// A nested message: its length is known when it is written. One byte is kept for it; where it takes more, the message is
/// moved to make room, which only the longer ones are.
#[inline]
fn message(field: u32, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    tag(field, 2, out);
    let start = out.len();
    out.push(0);
    write(out);
    let length = out.len() - start - 1;
    match out.get_mut(start) {
        Some(byte) if length < 0x80 => *byte = u8::try_from(length).unwrap_or_default(),
        _ => lengthen(start, length, out),
    }
}

/// Writes the length of a message where one byte for it is too small.
#[cold]
fn lengthen(start: usize, length: usize, out: &mut Vec<u8>) {
    let more = varint_len(length) - 1;
    let end = out.len();
    out.resize(end + more, 0);
    out.copy_within(start + 1..end, start + 1 + more);
    let mut left = length as u64;
    for byte in out.iter_mut().skip(start).take(more + 1) {
        *byte = (left & 0x7f) as u8 | 0x80;
        left >>= 7;
    }
    if let Some(last) = out.get_mut(start + more) {
        *last &= 0x7f;
    }
}

fn bytes(field: u32, value: &[u8], out: &mut Vec<u8>) {
    if !value.is_empty() {
        tag(field, 2, out);
        varint(value.len() as u64, out);
        out.extend_from_slice(value);
    }
}

fn hex_bytes<const DIGITS: usize>(field: u32, hex: Option<[u8; DIGITS]>, out: &mut Vec<u8>) {
    let Some(hex) = hex else { return };
    let digit = |digit: u8| if digit.is_ascii_digit() { digit - b'0' } else { digit - b'a' + 10 };
    let (pairs, _) = hex.as_chunks::<2>();
    let mut id = [0; 16];
    for (byte, [high, low]) in id.iter_mut().zip(pairs) {
        *byte = digit(*high) << 4 | digit(*low);
    }
    bytes(field, id.get(..DIGITS / 2).unwrap_or_default(), out);
}

fn fixed64(field: u32, value: u64, out: &mut Vec<u8>) {
    if value > 0 {
        tag(field, 1, out);
        out.extend_from_slice(&value.to_le_bytes());
    }
}

fn fixed32(field: u32, value: u64, out: &mut Vec<u8>) {
    if let Ok(value @ 1..) = u32::try_from(value) {
        tag(field, 5, out);
        out.extend_from_slice(&value.to_le_bytes());
    }
}

fn varint_field(field: u32, value: u64, out: &mut Vec<u8>) {
    if value > 0 {
        tag(field, 0, out);
        varint(value, out);
    }
}

#[inline]
fn tag(field: u32, wire_type: u32, out: &mut Vec<u8>) {
    varint(u64::from(field << 3 | wire_type), out);
}

fn varint_len(value: usize) -> usize {
    value.max(1).ilog2() as usize / 7 + 1
}

#[inline]
fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}

/// Nanoseconds from a decimal string.
fn nanos(string: &[u8]) -> u64 {
    number(scan::inside(string))
}

/// A number that is decimal digits alone; 0 where it is something else.
fn number(digits: &[u8]) -> u64 {
    let number = digits.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    });
    number.unwrap_or_default()
}
