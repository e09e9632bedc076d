//! What of a span waits: a draft but for its head, written in one go.

use super::{
    contents::{EventWriter, LinkWriter, SpanContents, write_attributes, write_optional, write_text},
    facts::SpanFacts,
};
use crate::event::{
    draft::{
        Guard,
        span::{Facts, text},
    },
    json::{self, Refusal},
};

/// Appends its texts from the name to the scope, and returns what is no text.
pub(super) fn write(
    span: &SpanFacts<'_>,
    contents: &dyn SpanContents,
    resource: &[u8],
    guard: &dyn Guard,
    out: &mut Vec<u8>,
) -> Result<Facts, Refusal> {
    let (code, message) = span.status;
    text(out, |out| write_text(span.name, guard, out));
    text(out, |out| write_optional(message, guard, out));
    text(out, |out| write_attributes(guard, out, |attributes| contents.attributes(attributes)))?;
    let mut dropped = span.dropped.map(u64::from);
    dropped[1] += text(out, |out| {
        let mut events = EventWriter::new(out, guard);
        contents.events(&mut events);
        events.left_out()
    });
    dropped[2] += text(out, |out| {
        let mut links = LinkWriter::new(out, guard);
        contents.links(&mut links);
        links.left_out()
    });
    text(out, |out| write_optional(span.trace_state, guard, out));
    text(out, |out| out.extend_from_slice(resource));
    text(out, |out| scope(span.scope, guard, out));
    Ok(Facts {
        trace: span.trace.to_be_bytes(),
        span: span.span.to_be_bytes(),
        parent: span.parent.unwrap_or_default().to_be_bytes(),
        start: json::nanos(span.start),
        end: json::nanos(span.end),
        kind: span.kind as u8,
        code,
        flags: span.flags,
        dropped,
    })
}

fn scope((name, version): (&str, &str), guard: &dyn Guard, out: &mut Vec<u8>) {
    out.push(b'{');
    json::write_own_key("name", out);
    write_text(name, guard, out);
    json::write_own_key("version", out);
    write_text(version, guard, out);
    out.push(b'}');
}
