//! The payload of `app.span`, written in one go.

use super::{
    contents::{EventWriter, LinkWriter, SpanContents, write_attributes, write_count, write_digits, write_text},
    facts::{Digits, SpanFacts},
};
use crate::event::{
    draft::Guard,
    json::{self, Refusal},
};

/// Appends the payload.
pub(super) fn write(
    span: &SpanFacts<'_>,
    ids: &Digits,
    contents: &dyn SpanContents,
    resource: &[u8],
    guard: &dyn Guard,
    out: &mut Vec<u8>,
) -> Result<(), Refusal> {
    out.push(b'{');
    json::write_own_key("traceId", out);
    write_digits(ids.trace().as_bytes(), out);
    json::write_own_key("spanId", out);
    write_digits(ids.span().as_bytes(), out);
    if let Some(parent) = ids.parent() {
        json::write_own_key("parentSpanId", out);
        write_digits(parent.as_bytes(), out);
    }
    json::write_own_key("name", out);
    write_text(span.name, guard, out);
    json::write_own_key("kind", out);
    json::write_number(span.kind as u64, out);
    json::write_own_key("startTimeUnixNano", out);
    json::write_nanos(span.start, out);
    json::write_own_key("endTimeUnixNano", out);
    json::write_nanos(span.end, out);
    status(span.status, guard, out);
    write_attributes(guard, out, |attributes| contents.attributes(attributes))?;
    let mut events = EventWriter::new(out, guard);
    contents.events(&mut events);
    let mut dropped = span.dropped.map(u64::from);
    dropped[1] += events.close();
    let mut links = LinkWriter::new(out, guard);
    contents.links(&mut links);
    dropped[2] += links.close();
    for (key, count) in ["droppedAttributesCount", "droppedEventsCount", "droppedLinksCount"].into_iter().zip(dropped) {
        write_count(key, count, out);
    }
    if !span.trace_state.is_empty() {
        json::write_own_key("traceState", out);
        write_text(span.trace_state, guard, out);
    }
    write_count("flags", span.flags.into(), out);
    if !resource.is_empty() {
        json::write_own_key("resource", out);
        out.extend_from_slice(resource);
    }
    let (name, version) = span.scope;
    json::write_own_key("scope", out);
    out.push(b'{');
    json::write_own_key("name", out);
    write_text(name, guard, out);
    json::write_own_key("version", out);
    write_text(version, guard, out);
    out.extend_from_slice(b"}}");
    Ok(())
}

fn status((code, message): (u8, &str), guard: &dyn Guard, out: &mut Vec<u8>) {
    json::write_own_key("status", out);
    out.push(b'{');
    json::write_own_key("code", out);
    json::write_number(code.into(), out);
    json::write_own_key("message", out);
    if message.is_empty() {
        out.extend_from_slice(b"\"\"");
    } else {
        write_text(message, guard, out);
    }
    out.push(b'}');
}
