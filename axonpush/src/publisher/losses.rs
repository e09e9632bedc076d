//! Telling about losses: the application's hook, a line in its log, and the server itself.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::contain::contain;
use crate::{
    event::{Severity, record::Lane},
    loss::{LossReason, Losses},
    queue::{LostEvents, Offer, Queue, WhenFull},
};

/// The least time between two lines in the log about the same reason, and between two events about losses.
const NOTICE_EVERY: Duration = Duration::from_secs(10);

/// The application's loss hook.
pub(crate) type LossHook = Arc<dyn Fn(&LostEvents) + Send + Sync>;

/// Encodes an event that says what was lost.
pub(crate) type LossEncoder = Arc<dyn Fn(&Losses) -> Option<Vec<u8>> + Send + Sync>;

/// Whom to tell.
#[derive(Clone, Default)]
pub(crate) struct LossPolicy {
    pub(crate) hook: Option<LossHook>,
    /// Makes the "events were lost" event, where it is wanted.
    pub(crate) encoder: Option<LossEncoder>,
}

/// What was told, and when.
#[derive(Default)]
pub(super) struct Teller {
    told: Losses,
    told_server: Losses,
    noticed_at: [Option<Instant>; LossReason::ALL.len()],
    told_server_at: Option<Instant>,
}

impl Teller {
    /// Tells what was lost since the last call, where it is time. Runs on the worker, between two requests.
    pub(super) fn tell(&mut self, policy: &LossPolicy, queue: &Queue, healthy: bool, now: Instant) {
        if let Some(hook) = &policy.hook {
            for lost in queue.take_lost() {
                contain(|| hook(&lost));
            }
        }
        let lost = queue.tally().lost;
        for (reason, count) in lost.iter() {
            let before = self.told.of(reason);
            let Some(noticed_at) = self.noticed_at.get_mut(reason as usize) else { continue };
            if count > before && noticed_at.is_none_or(|at| now >= at + NOTICE_EVERY) {
                *noticed_at = Some(now);
                self.told.add(reason, count - before);
                contain(|| {
                    tracing::warn!(
                        target: "axonpush",
                        reason = reason.as_str(),
                        lost = count - before,
                        in_all = count,
                        "events were lost; AxonPush::last_error may say why"
                    );
                });
            }
        }
        if healthy {
            self.tell_server(policy, queue, &lost, now);
        }
    }

    /// Whether the application has not heard of all of these.
    pub(super) fn is_behind(&self, lost: &Losses) -> bool {
        lost.since(&self.told).total() > 0
    }

    /// When there may be news for the server, if there is any.
    pub(super) fn next_news(&self, policy: &LossPolicy, lost: &Losses, now: Instant) -> Option<Instant> {
        let any = policy.encoder.is_some() && lost.since(&self.told_server).total() > 0;
        any.then(|| self.told_server_at.map_or(now, |at| at + NOTICE_EVERY))
    }

    /// Queues an event about losses, once there is room for it.
    fn tell_server(&mut self, policy: &LossPolicy, queue: &Queue, lost: &Losses, now: Instant) {
        let Some(encoder) = &policy.encoder else { return };
        if self.next_news(policy, lost, now).is_none_or(|at| at > now) {
            return;
        }
        let Some(body) = encoder(&lost.since(&self.told_server)) else { return };
        // A full queue has no room for news about itself; it will have.
        let offer = queue.offer(Severity::Warn, Lane::Event, now, &body, WhenFull::GiveBack);
        if matches!(offer, Offer::Accepted { .. }) {
            self.told_server = *lost;
            self.told_server_at = Some(now);
        }
    }
}
