//! OTLP/JSON.

use super::fields::{Fields, Group, has_entries, hex, otlp_name, text, value};
use crate::event::{json, record::Lane, scan};

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
            attributes(group.resource, std::iter::empty(), &mut out);
            out.push(b'}');
        }
        json::write_own_key(scopes, &mut out);
        out.extend_from_slice(b"[{");
        json::write_own_key("scope", &mut out);
        out.push(b'{');
        if lane == Lane::Spans {
            out.extend_from_slice(scan::inside(group.scope));
        } else {
            json::write_own_key("name", &mut out);
            out.extend_from_slice(group.name);
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
    raw("timeUnixNano", fields.payload.time, out);
    raw("severityNumber", fields.payload.severity_number, out);
    raw("severityText", fields.payload.severity_text, out);
    let body = fields.payload.body;
    if !body.is_empty() {
        json::write_own_key("body", out);
        any_value(body, out);
    }
    ids(fields, out);
    attributes(fields.payload.attributes, fields.leftovers(), out);
}

fn span(fields: &Fields<'_>, out: &mut Vec<u8>) {
    ids(fields, out);
    if let Some(parent) = hex(fields.parent, 16) {
        json::write_own_key("parentSpanId", out);
        json::write_plain_str(&parent, out);
    }
    raw("name", fields.payload.name, out);
    raw("startTimeUnixNano", fields.payload.start, out);
    raw("endTimeUnixNano", fields.payload.end, out);
    json::write_own_key("kind", out);
    out.extend_from_slice(super::protobuf::kind(fields).to_string().as_bytes());
    raw("status", fields.payload.status, out);
    attributes(fields.payload.attributes, fields.leftovers(), out);
    for (list, items) in [("events", fields.payload.events), ("links", fields.payload.links)] {
        if !items.is_empty() {
            json::write_own_key(list, out);
            out.push(b'[');
            scan::for_each_item(items, |item| {
                comma(out);
                out.push(b'{');
                scan::for_each_entry(item, |key, entry| {
                    if key == "attributes" {
                        attributes(value(entry), std::iter::empty(), out);
                        return;
                    }
                    if out.last() != Some(&b'{') {
                        out.push(b',');
                    }
                    out.extend_from_slice(entry);
                });
                out.push(b'}');
            });
            out.push(b']');
        }
    }
}

fn ids(fields: &Fields<'_>, out: &mut Vec<u8>) {
    for (key, id) in [("traceId", hex(fields.trace, 32)), ("spanId", hex(fields.span, 16))] {
        if let Some(id) = id {
            json::write_own_key(key, out);
            json::write_plain_str(&id, out);
        }
    }
}

fn raw(key: &'static str, value: &[u8], out: &mut Vec<u8>) {
    if !value.is_empty() && value != b"null" {
        json::write_own_key(key, out);
        out.extend_from_slice(value);
    }
}

fn attributes<'a>(object: &[u8], more: impl Iterator<Item = (&'static str, &'a [u8])>, out: &mut Vec<u8>) {
    json::write_own_key("attributes", out);
    out.push(b'[');
    key_values(object, out);
    for (key, value) in more {
        key_value(key, value, out);
    }
    out.push(b']');
}

fn key_values(object: &[u8], out: &mut Vec<u8>) {
    scan::for_each_entry(object, |key, entry| {
        let renamed = otlp_name(key);
        let key_text = entry.get(..scan::string_end(entry, 0)).unwrap_or_default();
        if renamed == key && key_text.contains(&b'\\') {
            key_value(&text(key_text), value(entry), out);
        } else {
            key_value(renamed, value(entry), out);
        }
    });
}

fn key_value(key: &str, value: &[u8], out: &mut Vec<u8>) {
    comma(out);
    out.push(b'{');
    json::write_own_key("key", out);
    json::write_str(key, out);
    json::write_own_key("value", out);
    any_value(value, out);
    out.push(b'}');
}

/// An `AnyValue`. As deep as the payload is, which the encoder has bounded.
fn any_value(value: &[u8], out: &mut Vec<u8>) {
    out.push(b'{');
    match value.first() {
        Some(b'"') => raw("stringValue", value, out),
        Some(b't' | b'f') => raw("boolValue", value, out),
        Some(b'[') => {
            json::write_own_key("arrayValue", out);
            out.extend_from_slice(b"{\"values\":[");
            scan::for_each_item(value, |item| {
                comma(out);
                any_value(item, out);
            });
            out.extend_from_slice(b"]}");
        }
        Some(b'{') => {
            json::write_own_key("kvlistValue", out);
            out.extend_from_slice(b"{\"values\":[");
            key_values(value, out);
            out.extend_from_slice(b"]}");
        }
        // `AnyValue` says null by saying nothing.
        Some(b'n') | None => {}
        Some(_) if is_integer(value) => {
            json::write_own_key("intValue", out);
            out.push(b'"');
            out.extend_from_slice(value);
            out.push(b'"');
        }
        Some(_) => raw("doubleValue", value, out),
    }
    out.push(b'}');
}

/// Whether a number fits OTLP's 64-bit signed integer; larger ones travel as doubles.
pub(super) fn is_integer(number: &[u8]) -> bool {
    std::str::from_utf8(number).is_ok_and(|text| text.parse::<i64>().is_ok())
}

fn comma(out: &mut Vec<u8>) {
    if out.last() != Some(&b'[') {
        out.push(b',');
    }
}
