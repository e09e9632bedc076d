//! Log records of this crate's own that are written whole by whoever knows what is alike in several of them.

use std::time::Instant;

use super::{Foreign, Own, Snapshot, encode};
use crate::{
    error::Error,
    event::{ChannelId, EventType, Severity, record::MAX_EVENT_BYTES},
    queue::WhenFull,
};

/// What a client's settings say of such a record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OwnText<'a> {
    pub(crate) channel_id: Option<&'a str>,
    pub(crate) send_occurred_at: bool,
}

impl Snapshot {
    /// `None` where redaction has to look at this crate's own words too, or nothing is published.
    pub(crate) fn own_text(&self) -> Option<OwnText<'_>> {
        let config = &self.live()?.config;
        config.redaction.spares_own_text().then(|| OwnText {
            channel_id: config.channel_id.as_ref().map(ChannelId::as_str),
            send_occurred_at: config.send_occurred_at,
        })
    }

    /// Masks what the JSON string holds that `out` has from `start` to its end.
    pub(crate) fn mask_string(&self, out: &mut Vec<u8>, start: usize) {
        if let Some(live) = self.live() {
            live.config.redaction.mask_string(out, start);
        }
    }

    /// Copies an object from the application, JSON text, without what must not leave.
    pub(crate) fn redact(&self, object: &[u8], out: &mut Vec<u8>) {
        if let Some(live) = self.live() {
            live.config.redaction.redact(object, false, out);
        }
    }

    /// Hands an event of this crate's own over, whose payload is written where it will stand.
    pub(crate) fn enqueue_own(
        &self,
        own: &Own<'_>,
        payload: impl FnOnce(&mut Vec<u8>, Foreign<'_>),
    ) -> Result<(), Error> {
        let Some((inner, live)) = &self.0 else { return Ok(()) };
        if inner.is_echo() {
            return Ok(());
        }
        let lane = inner.publisher.lane(own.event_type.is_log(), own.event_type == EventType::AppSpan);
        let enqueue = |body: &[u8]| inner.hand_over(own.at, own.severity, lane, body, WhenFull::ApplyPolicy).map(drop);
        live.encode_own(own, payload, enqueue).flatten()
    }

    /// Counts an event that could not be handed over.
    pub(crate) fn refuse(&self, error: Error) {
        if let Some(inner) = self.inner() {
            inner.publisher.refuse(error);
        }
    }

    /// Hands over the log record of which `write` writes the whole body, redacted. `false`: it is too large.
    pub(crate) fn enqueue_log(
        &self,
        severity: Severity,
        at: Instant,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<bool, Error> {
        let Some(inner) = self.inner() else { return Ok(true) };
        if inner.is_echo() {
            return Ok(true);
        }
        let lane = inner.publisher.lane(true, false);
        let write = |out: &mut Vec<u8>| {
            write(out);
            Ok(())
        };
        let enqueue = |body: &[u8]| {
            if body.len() > MAX_EVENT_BYTES {
                return Ok(false);
            }
            inner.hand_over(at, severity, lane, body, WhenFull::ApplyPolicy).map(|_| true)
        };
        encode::lend(write, enqueue).flatten()
    }
}
