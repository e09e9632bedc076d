//! A log event as a draft.

use super::{Draft, Field, Guard, Moment};
use crate::{
    error::Error,
    event::{
        AttributeValue, Event, LogPayload,
        json::{self, Refusal},
        record::MAX_EVENT_BYTES,
        wire::{self, Body, Surroundings},
    },
};

/// Appends a log event as a draft; `bound` adds the attributes of what surrounds it.
pub(crate) fn write(
    event: &Event,
    record: &LogPayload,
    around: &Surroundings<'_>,
    bound: impl FnOnce(&mut Draft<'_>),
    guard: &dyn Guard,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let start = out.len();
    let head = wire::head(event, around)?;
    let body = Body { made_at: Some(record.time), ..head };
    let moment = Moment { nanos: json::nanos(record.time), severity: record.severity };
    let mut draft = Draft::of(&body, [None; 3], out, guard);
    if !event.metadata.is_empty() {
        draft.object(Field::Metadata, &event.metadata);
    }
    draft.when(&body, moment);
    draft.value(Field::Body, |out| record.body.write(out)).map_err(unsendable("payload.body"))?;
    for (key, value) in &event.attributes {
        draft.add(key, value).map_err(unsendable("attributes"))?;
    }
    for (key, value) in &record.attributes {
        if event.attributes.get(key).is_none() {
            draft.add(key, value).map_err(unsendable("payload.attributes"))?;
        }
    }
    bound(&mut draft);
    draft.end_attributes();
    if !record.resource.is_empty() {
        draft
            .value(Field::Resource, |out| json::write(&record.resource, out))
            .map_err(unsendable("payload.resource"))?;
    } else if !around.resource.is_empty() {
        draft.field(Field::Resource, |out| out.extend_from_slice(around.resource));
    }
    check_size(&event.identifier, out.len() - start)
}

/// Refuses a draft that is too large to be sent.
pub(crate) fn check_size(identifier: &str, size: usize) -> Result<(), Error> {
    if size > MAX_EVENT_BYTES { Err(wire::too_large(identifier, size)) } else { Ok(()) }
}

fn unsendable(field: &'static str) -> impl FnOnce(Refusal) -> Error {
    move |refusal| Error::invalid(format!("event field `{field}` can't be sent: {refusal}"))
}

impl<'a> Draft<'a> {
    /// A draft of what an event says about itself. Metadata may follow, then [`when`](Self::when) must.
    ///
    /// `digits` are the ids of trace, span and parent where they are known to be no more than that, in place of those in
    /// `body`: nobody has to look at them once more.
    pub(crate) fn of(body: &Body<'_>, digits: [Option<&[u8]>; 3], out: &'a mut Vec<u8>, guard: &'a dyn Guard) -> Self {
        let mut draft = Self::begin(out, guard);
        draft.text(Field::Identifier, body.identifier);
        for (field, text) in [
            (Field::Channel, body.channel_id),
            (Field::EventType, Some(body.event_type).filter(|text| !text.is_empty())),
            (Field::Agent, body.agent_id),
            (Field::Trace, body.trace_id),
            (Field::Span, body.span_id),
            (Field::Parent, body.parent_span_id),
        ] {
            if let Some(text) = text {
                draft.text(field, text);
            }
        }
        for (field, digits) in [Field::Trace, Field::Span, Field::Parent].into_iter().zip(digits) {
            if let Some(digits) = digits {
                draft.plain(field, digits);
            }
        }
        draft.field(Field::Dedup, |out| wire::dedup_key(body, out));
        draft
    }

    /// Adds what stands before the body of a log, which is next.
    pub(crate) fn when(&mut self, body: &Body<'_>, moment: Moment) {
        if let Some(time) = body.occurred_at.and_then(wire::timestamp) {
            self.text(Field::OccurredAt, &time);
        }
        self.moment(moment);
    }

    /// Adds an attribute.
    pub(crate) fn add(&mut self, key: &str, value: &AttributeValue) -> Result<(), Refusal> {
        self.attribute(key, |out| value.write(out))
    }
}
