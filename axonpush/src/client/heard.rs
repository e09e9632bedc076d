//! Log records that a logging library hands in.

use std::time::SystemTime;

use super::{AxonPush, encode};
use crate::{
    clock,
    context::RequestContext,
    event::{
        EventType, MAX_ID_BYTES, Severity,
        draft::{self, Draft, Field, Moment},
        json, wire,
    },
    queue::WhenFull,
};

/// A record that was heard, but for its body and attributes.
pub(crate) struct Heard<'a> {
    /// Who said it.
    pub(crate) identifier: &'a str,
    pub(crate) event_type: EventType,
    pub(crate) severity: Severity,
    pub(crate) time: SystemTime,
    /// JSON text of an object, which names the library.
    pub(crate) metadata: &'static [u8],
    pub(crate) context: Option<&'a RequestContext>,
}

impl AxonPush {
    /// Hands a record over. `say` adds the body and then attributes, which those bound to the context give way to, and
    /// `know` what this crate knows by itself.
    ///
    /// Never blocks and never does I/O; what can't be handed over is counted.
    pub(crate) fn hear(&self, heard: &Heard<'_>, say: impl FnOnce(&mut Draft<'_>), know: impl FnOnce(&mut Draft<'_>)) {
        let Some(inner) = &self.0 else { return };
        let publisher = &*inner.publisher;
        if publisher.is_echo() {
            return;
        }
        let lane = publisher.lane(true, false);
        let is_blank = heard.identifier.trim().is_empty();
        let around = inner.surroundings(heard.context);
        let body = wire::Body {
            identifier: json::prefix(if is_blank { "log" } else { heard.identifier }, MAX_ID_BYTES),
            event_type: heard.event_type.as_str(),
            channel_id: around.channel_id.map(crate::event::ChannelId::as_str),
            trace_id: around.trace_id,
            span_id: around.span_id,
            parent_span_id: around.parent_span_id,
            occurred_at: around.send_occurred_at.then_some(heard.time),
            made_at: Some(heard.time),
            ..wire::Body::default()
        };
        let moment = Moment { nanos: json::nanos(heard.time), severity: heard.severity };
        let write = |out: &mut Vec<u8>| {
            let mut draft = Draft::of(&body, out, &inner.config.redaction);
            draft.own_object(Field::Metadata, heard.metadata);
            draft.when(&body, moment);
            say(&mut draft);
            if let Some(context) = heard.context {
                encode::tie(&mut draft, context);
            }
            know(&mut draft);
            draft.end_attributes();
            if !inner.resource.is_empty() {
                draft.own_object(Field::Resource, &inner.resource);
            }
            draft::check_size(body.identifier, out.len())
        };
        let enqueue = |record: &[u8]| {
            inner.hand_over(clock::now(), heard.severity, lane, record, WhenFull::ApplyPolicy).map(drop)
        };
        if let Err(error) = encode::lend(write, enqueue).flatten() {
            self.refuse(error);
        }
    }

    /// What hides what must not leave; `None` from a disabled client.
    #[cfg(feature = "tracing-layer")]
    pub(crate) fn guard(&self) -> Option<&dyn draft::Guard> {
        self.0.as_ref().map(|inner| &inner.config.redaction as &dyn draft::Guard)
    }
}
