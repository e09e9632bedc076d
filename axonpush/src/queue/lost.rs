//! Lost events on their way to the loss hook.

use std::fmt;

use crate::{
    event::{Severity, draft, record::Lane},
    loss::LossReason,
};

/// Records and bytes kept between two calls of the hook; beyond them losses are only counted.
const MAX_EVENTS: usize = 1000;
const MAX_BYTES: usize = 1 << 20;

/// Events that were lost for one reason, handed back to the application's loss hook.
#[derive(Debug, Clone, Default)]
pub struct LostEvents {
    reason: Option<LossReason>,
    count: u64,
    events: Vec<LostEvent>,
}

impl LostEvents {
    /// Why.
    pub fn reason(&self) -> LossReason {
        self.reason.unwrap_or(LossReason::Internal)
    }

    /// How many, exactly.
    pub fn len(&self) -> u64 {
        self.count
    }

    /// Whether there are none; a hook is never called with none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Makes of every draft the body that it stands for.
    pub(super) fn write_out(&mut self) {
        for event in &mut self.events {
            if draft::is_draft(&event.body) {
                event.body = draft::to_body(&event.body);
            }
        }
    }

    /// The events themselves. In a flood of losses only the first 1,000 or 1 MiB between two calls are kept, so these
    /// may be fewer than [`len`](Self::len).
    pub fn events(&self) -> &[LostEvent] {
        &self.events
    }
}

/// One lost event: the request body that was not delivered, redacted. To offer it once more, hand it to
/// [`Events::enqueue_again`](crate::Events::enqueue_again).
#[derive(Clone, PartialEq, Eq)]
pub struct LostEvent {
    pub(crate) severity: Severity,
    pub(crate) lane: Lane,
    pub(crate) body: Vec<u8>,
}

impl LostEvent {
    /// The body as JSON text, fit for a file and for sending again: its `dedupKey` makes a repetition harmless.
    pub fn as_json(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }

    /// How bad what it tells is, as far as the queue is concerned.
    pub fn severity(&self) -> Severity {
        self.severity
    }
}

impl fmt::Debug for LostEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LostEvent({} bytes)", self.body.len())
    }
}

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
    pub(super) fn add(&mut self, reason: LossReason, severity: Severity, lane: Lane, body: Vec<u8>) -> Option<Vec<u8>> {
        if !self.keep {
            return Some(body);
        }
        let slot = self.by_reason.get_mut(reason as usize)?;
        slot.reason = Some(reason);
        slot.count += 1;
        // Of a record whose delivery failed inside this library there may be no body left.
        if body.is_empty() || self.events == MAX_EVENTS || self.bytes + body.len() > MAX_BYTES {
            return Some(body);
        }
        (self.events, self.bytes) = (self.events + 1, self.bytes + body.len());
        slot.events.push(LostEvent { severity, lane, body });
        None
    }

    /// Everything since the last call, one entry a reason.
    pub(super) fn take(&mut self) -> Vec<LostEvents> {
        (self.events, self.bytes) = (0, 0);
        self.by_reason.iter_mut().map(std::mem::take).filter(|lost| lost.count > 0).collect()
    }
}
