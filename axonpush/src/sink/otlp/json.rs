//! OTLP/JSON.

use super::fields::{Fields, Group, Names, has_entries, hex};
use crate::event::{
    draft::span::{Span, write_hex},
    json,
    record::Lane,
    scan::{self, Entries},
};

/// A whole request.
pub(super) fn batch(lane: Lane, groups: &[Group<'_>]) -> Vec<u8> {
    let (resources, scopes, records) = match lane {
        Lane::Spans => ("resourceSpans", "scopeSpans", "spans"),
        _ => ("resourceLogs", "scopeLogs", "logRecords"),
    };
    let size: usize = groups.iter().map(|group| group.records.len() + 2 * group.resource.len() + 256).sum();
    let mut out = Vec::with_capacity(size);
    out.push(b'{');
    json::write_own_key(resources, &mut out);
    out.push(b'[');
    for group in groups {
        comma(&mut out);
        out.push(b'{');
        if has_entries(group.resource) {
            json::write_own_key("resource", &mut out);
            out.push(b'{');
            attributes(Names::Otlp, Entries::of(group.resource), std::iter::empty(), &mut out);
            out.push(b'}');
        }
        json::write_own_key(scopes, &mut out);
        out.extend_from_slice(b"[{");
        json::write_own_key("scope", &mut out);
        out.push(b'{');
        if lane == Lane::Spans {
            out.extend_from_slice(scan::inside(group.scope));
        } else {
            raw("name", group.scope, &mut out);
        }
        out.push(b'}');
        json::write_own_key(records, &mut out);
        out.push(b'[');
        out.extend_from_slice(&group.records);
        out.extend_from_slice(b"]}]}");
    }
    out.extend_from_slice(b"]}");
    out
}

/// A record, after a comma where there is one before it.
pub(super) fn record(lane: Lane, fields: &Fields<'_>, out: &mut Vec<u8>) {
    if !out.is_empty() {
        out.push(b',');
    }
    out.push(b'{');
    if lane == Lane::Spans {
        span(fields, out);
    } else {
        log(fields, out);
    }
    out.push(b'}');
}

fn log(fields: &Fields<'_>, out: &mut Vec<u8>) {
    if let Some(moment) = fields.payload.moment {
        moment.write(out);
    }
    raw("timeUnixNano", fields.payload.time, out);
    raw("severityNumber", fields.payload.severity_number, out);
    raw("severityText", fields.payload.severity_text, out);
    let body = fields.payload.body;
    if !body.is_empty() {
        json::write_own_key("body", out);
        any_value(body, out);
    }
    ids(fields, out);
    if fields.is_event {
        raw("eventName", fields.identifier, out);
    }
    attributes(Names::Otlp, fields.payload.attributes.iter().copied(), fields.leftovers(), out);
}

/// As [`span`], of one that waits as a draft.
fn drafted(span: &Span<'_>, fields: &Fields<'_>, out: &mut Vec<u8>) {
    let facts = &span.facts;
    number_of("traceId", &facts.trace, out);
    number_of("spanId", &facts.span, out);
    number_of("parentSpanId", &facts.parent, out);
    raw("name", fields.span_name(), out);
    facts.write_times(out);
    json::write_own_key("kind", out);
    json::write_number(u64::from(facts.kind) + 1, out);
    span.write_status(out);
    raw("traceState", span.trace_state, out);
    facts.write_flags(out);
    facts.write_dropped(out);
    attributes(Names::AsTheyAre, span.attributes(), fields.leftovers(), out);
    span.write_lists(&|entries, out| attributes(Names::AsTheyAre, entries, std::iter::empty(), out), out);
}

/// An id, unless it is that of nothing.
fn number_of<const BYTES: usize>(key: &'static str, id: &[u8; BYTES], out: &mut Vec<u8>) {
    if *id != [0; BYTES] {
        json::write_own_key(key, out);
        out.push(b'"');
        write_hex(id, out);
        out.push(b'"');
    }
}

fn span(fields: &Fields<'_>, out: &mut Vec<u8>) {
    if let Some(span) = &fields.drafted {
        return drafted(span, fields, out);
    }
    ids(fields, out);
    id("parentSpanId", hex::<16>(fields.parent), out);
    raw("name", fields.span_name(), out);
    raw("startTimeUnixNano", fields.payload.start, out);
    raw("endTimeUnixNano", fields.payload.end, out);
    json::write_own_key("kind", out);
    out.extend_from_slice(super::protobuf::kind(fields).to_string().as_bytes());
    raw("status", fields.payload.status, out);
    raw("traceState", fields.payload.trace_state, out);
    raw("flags", fields.payload.flags, out);
    let [dropped_attributes, dropped_events, dropped_links] = fields.payload.dropped;
    raw("droppedAttributesCount", dropped_attributes, out);
    raw("droppedEventsCount", dropped_events, out);
    raw("droppedLinksCount", dropped_links, out);
    attributes(Names::AsTheyAre, fields.payload.attributes.iter().copied(), fields.leftovers(), out);
    for (list, items) in [("events", fields.payload.events), ("links", fields.payload.links)] {
        if !items.is_empty() {
            json::write_own_key(list, out);
            out.push(b'[');
            scan::for_each_item(items, |item| {
                comma(out);
                out.push(b'{');
                for (key, value) in Entries::of(item) {
                    if key == b"attributes" {
                        attributes(Names::AsTheyAre, Entries::of(value), std::iter::empty(), out);
                        continue;
                    }
                    json::write_entry(key, value, out);
                }
                out.push(b'}');
            });
            out.push(b']');
        }
    }
}

fn ids(fields: &Fields<'_>, out: &mut Vec<u8>) {
    id("traceId", hex::<32>(fields.trace), out);
    id("spanId", hex::<16>(fields.span), out);
}

fn id<const DIGITS: usize>(key: &'static str, hex: Option<[u8; DIGITS]>, out: &mut Vec<u8>) {
    if let Some(hex) = hex {
        json::write_own_key(key, out);
        out.push(b'"');
        out.extend_from_slice(&hex);
        out.push(b'"');
    }
}

fn raw(key: &'static str, value: &[u8], out: &mut Vec<u8>) {
    if !value.is_empty() && value != b"null" {
        json::write_own_key(key, out);
        out.extend_from_slice(value);
    }
}

fn attributes<'a>(
    names: Names,
    entries: impl Iterator<Item = (&'a [u8], &'a [u8])>,
    more: impl Iterator<Item = (&'static str, &'a [u8])>,
    out: &mut Vec<u8>,
) {
    json::write_own_key("attributes", out);
    out.push(b'[');
    key_values(names, entries, out);
    for (key, value) in more {
        key_value(key.as_bytes(), value, out);
    }
    out.push(b']');
}

fn key_values<'a>(names: Names, entries: impl Iterator<Item = (&'a [u8], &'a [u8])>, out: &mut Vec<u8>) {
    for (key, value) in entries {
        key_value(names.of(key).unwrap_or(key), value, out);
    }
}

/// `key` as it stands in JSON text.
fn key_value(key: &[u8], value: &[u8], out: &mut Vec<u8>) {
    comma(out);
    out.extend_from_slice(b"{\"key\":\"");
    out.extend_from_slice(key);
    if value.first() == Some(&b'"') {
        // What most attributes are, in one go.
        wrapped(b"\",\"value\":{\"stringValue\":", value, b"}}", out);
    } else {
        out.extend_from_slice(b"\",\"value\":");
        any_value(value, out);
        out.push(b'}');
    }
}

/// An `AnyValue`. As deep as the payload is, which the encoder has bounded.
fn any_value(value: &[u8], out: &mut Vec<u8>) {
    match value.first() {
        Some(b'"') => wrapped(b"{\"stringValue\":", value, b"}", out),
        Some(b't' | b'f') => wrapped(b"{\"boolValue\":", value, b"}", out),
        Some(b'[') => {
            out.extend_from_slice(b"{\"arrayValue\":{\"values\":[");
            scan::for_each_item(value, |item| {
                comma(out);
                any_value(item, out);
            });
            out.extend_from_slice(b"]}}");
        }
        Some(b'{') => {
            out.extend_from_slice(b"{\"kvlistValue\":{\"values\":[");
            key_values(Names::AsTheyAre, Entries::of(value), out);
            out.extend_from_slice(b"]}}");
        }
        // `AnyValue` says null by saying nothing.
        Some(b'n') | None => out.extend_from_slice(b"{}"),
        Some(_) if integer(value).is_some() => wrapped(b"{\"intValue\":\"", value, b"\"}", out),
        Some(_) => wrapped(b"{\"doubleValue\":", value, b"}", out),
    }
}

#[inline]
fn wrapped(before: &[u8], value: &[u8], after: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(before);
    out.extend_from_slice(value);
    out.extend_from_slice(after);
}

/// A number that fits OTLP's 64-bit signed integer; others travel as doubles.
pub(super) fn integer(number: &[u8]) -> Option<i64> {
    /// So many digits fit, whatever they are.
    const SHORT: usize = 18;

    let digits = number.strip_prefix(b"-").unwrap_or(number);
    if digits.is_empty() || digits.len() > SHORT {
        return str::from_utf8(number).ok()?.parse().ok();
    }
    let value =
        digits.iter().try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0')))?;
    Some(if digits.len() < number.len() { -value } else { value })
}

fn comma(out: &mut Vec<u8>) {
    if out.last() != Some(&b'[') {
        out.push(b',');
    }
}
