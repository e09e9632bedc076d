//! Log records that others hand in: a logging library, the panic hook.

use std::time::SystemTime;

use super::{AxonPush, encode};
use crate::{
    clock,
    context::RequestContext,
    event::{
        ChannelId, EventType, MAX_ID_BYTES, Severity,
        draft::{self, Draft, Field, Moment},
        json, wire,
    },
    publisher::DeliveryMode,
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
    pub(crate) when: WhenFull,
}

impl AxonPush {
    /// Hands a record over. `say` adds the body and then attributes, which those bound to the context give way to, and
    /// `know` what this crate knows by itself.
    ///
    /// Never blocks and never does I/O; what can't be handed over is counted.
    ///
    /// Both are told the number of the settings in force, by which they know those of what they have kept.
    pub(crate) fn hear(
        &self,
        heard: &Heard<'_>,
        say: impl FnOnce(&mut Draft<'_>, u64),
        know: impl FnOnce(&mut Draft<'_>, u64),
    ) {
        let Some(inner) = &self.0 else { return };
        let live = inner.live.load();
        if inner.is_echo() {
            return;
        }
        if !live.wants(heard.identifier, heard.severity) {
            return inner.publisher.filter(1);
        }
        let lane = inner.publisher.lane(true, false);
        let is_blank = heard.identifier.trim().is_empty();
        let config = &live.config;
        let digits = heard.context.map(RequestContext::digits).unwrap_or_default();
        let body = wire::Body {
            identifier: json::prefix(if is_blank { "log" } else { heard.identifier }, MAX_ID_BYTES),
            event_type: heard.event_type.as_str(),
            channel_id: config.channel_id.as_ref().map(ChannelId::as_str),
            occurred_at: config.send_occurred_at.then_some(heard.time),
            made_at: Some(heard.time),
            ..wire::Body::default()
        };
        let moment = Moment { nanos: json::nanos(heard.time), severity: heard.severity };
        let write = |out: &mut Vec<u8>| {
            let mut draft = Draft::of(&body, digits, out, &config.redaction);
            draft.own_object(Field::Metadata, heard.metadata);
            draft.when(&body, moment);
            say(&mut draft, live.id);
            if let Some(context) = heard.context {
                encode::tie(&mut draft, context);
            }
            know(&mut draft, live.id);
            draft.end_attributes();
            if !live.resource.is_empty() {
                draft.field(Field::Resource, |out| out.extend_from_slice(&live.resource));
            }
            draft::check_size(body.identifier, out.len())
        };
        let enqueue = |record: &[u8]| {
            if heard.when == WhenFull::ApplyPolicyAtOnce {
                // A panic is being told: no step of the application's may run.
                live.fail_with(heard.severity, heard.context, false);
                return inner.hand_over(clock::now(), heard.severity, lane, record, heard.when).map(drop);
            }
            inner.pass(&live, record, heard.severity, heard.context, |record, now| {
                inner.hand_over(now, heard.severity, lane, record, heard.when).map(drop)
            })
        };
        if let Err(error) = encode::lend(write, enqueue).flatten() {
            self.refuse(error);
        }
    }

    /// Whether hiding what must not leave takes code of the application.
    pub(crate) fn redacts_with_foreign_code(&self) -> bool {
        self.0.as_ref().is_some_and(|inner| inner.live.load().config.redaction.has_patterns())
    }

    /// Whether handing over waits for the delivery.
    pub(crate) fn is_sync(&self) -> bool {
        self.0.as_ref().is_some_and(|inner| *inner.live.load().config.delivery.mode == DeliveryMode::Sync)
    }

    /// Lends what hides what must not leave, and the number of the settings it is of; `None` from a disabled client.
    #[cfg(feature = "tracing-layer")]
    pub(crate) fn guarded<T>(&self, with: impl FnOnce(&dyn draft::Guard, u64) -> T) -> Option<T> {
        self.0.as_ref().map(|inner| {
            let live = inner.live.load();
            with(&live.config.redaction, live.id)
        })
    }
}
