//! Lost events on their way to the loss hook.

use crate::loss::{LossReason, LostEvent, LostEvents};

/// Records and bytes kept between two calls of the hook; beyond them losses are only counted.
const MAX_EVENTS: usize = 1000;
const MAX_BYTES: usize = 1 << 20;

/// What was lost since the worker last looked. Without a hook nothing is kept.
#[derive(Debug)]
pub(super) struct Lost {
    keep: bool,
    by_reason: [LostEvents; LossReason::ALL.len()],
    events: usize,
    bytes: usize,
}

impl Lost {
    pub(super) fn new(keep: bool) -> Self {
        Self { keep, by_reason: Default::default(), events: 0, bytes: 0 }
    }

    /// Takes a lost record in; gives its buffer back when it is not kept.
    pub(super) fn add(&mut self, reason: LossReason, body: Vec<u8>) -> Option<Vec<u8>> {
        if !self.keep {
            return Some(body);
        }
        let slot = self.by_reason.get_mut(reason as usize)?;
        slot.reason = Some(reason);
        slot.count += 1;
        if self.events == MAX_EVENTS || self.bytes + body.len() > MAX_BYTES {
            return Some(body);
        }
        (self.events, self.bytes) = (self.events + 1, self.bytes + body.len());
        slot.events.push(LostEvent(body));
        None
    }

    /// Everything since the last call, one entry a reason.
    pub(super) fn take(&mut self) -> Vec<LostEvents> {
        (self.events, self.bytes) = (0, 0);
        self.by_reason.iter_mut().map(std::mem::take).filter(|lost| lost.count > 0).collect()
    }
}
