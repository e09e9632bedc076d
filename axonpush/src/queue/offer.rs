//! How an event gets in: into the inbox where there is room, and past all others, by the policy, where there may be none.

use std::{sync::PoisonError, time::Instant};

use super::{
    Offer, OverflowPolicy, Queue, Ticket, WhenFull,
    inbox::{Amount, Inbox, LARGEST},
    state::State,
};
use crate::{
    event::{
        Severity,
        record::{Lane, Record},
    },
    sync::MutexGuard,
};

/// So many are sorted while other callers wait for the inbox; more are not.
const FEW: usize = 16;

impl Queue {
    /// Copies an encoded event in, or says why not. Waits for nothing but locks, unless the policy is
    /// [`OverflowPolicy::Block`].
    pub(crate) fn offer(
        &self,
        severity: Severity,
        lane: Lane,
        accepted_at: Instant,
        body: &[u8],
        when: WhenFull,
    ) -> Offer {
        let posted = self.post(severity, lane, accepted_at, body);
        posted.unwrap_or_else(|| self.line_up(severity, lane, accepted_at, body, when))
    }

    /// Leaves an event in the inbox, if there is certainly room.
    fn post(&self, severity: Severity, lane: Lane, accepted_at: Instant, body: &[u8]) -> Option<Offer> {
        // Where all stand in the lines already, as in a full queue, no lock is needed to see that there is no room.
        if body.len() > LARGEST || !self.fits(self.sorted.0.at_most(), body) {
            return None;
        }
        let mut inbox = self.inbox();
        if inbox.closed {
            return Some(Offer::Closed);
        }
        let mut waiting = self.sorted.0.at_most().plus(inbox.batch.amount());
        if !self.fits(waiting, body) || !inbox.batch.push(severity, lane, accepted_at, body) {
            return None;
        }
        inbox.next_seq += 1;
        waiting.more(body);
        Some(Offer::Accepted { wake: inbox.wakes(waiting, &self.policy) })
    }

    /// Puts an event in its line, and makes room for it as the policy says.
    fn line_up(&self, severity: Severity, lane: Lane, accepted_at: Instant, body: &[u8], when: WhenFull) -> Offer {
        let mut state = self.lock();
        let mut inbox = None;
        if when == WhenFull::ApplyPolicy
            && let OverflowPolicy::Block { timeout } = self.policy.overflow
        {
            let full = |state: &mut State| {
                let found = self.nearly_empty_inbox(state);
                let full = !found.closed && !self.fits(state.waiting.plus(found.batch.amount()), body);
                // Kept, so that nobody takes the room that was found.
                inbox = (!full).then_some(found);
                full
            };
            (state, _) = self.room.wait_timeout_while(state, timeout, full).unwrap_or_else(PoisonError::into_inner);
        }
        let mut inbox = inbox.unwrap_or_else(|| self.nearly_empty_inbox(&mut state));
        if inbox.closed {
            return Offer::Closed;
        }
        if when == WhenFull::GiveBack && !self.fits(state.waiting.plus(inbox.batch.amount()), body) {
            return Offer::Full;
        }
        // Whoever came before this one stands in line before it does.
        self.empty(&mut inbox, &mut state);
        state.sort();
        if !self.fits(state.waiting, body) && !self.can_make_room(&state, severity, body) {
            state.lose_offered(severity, lane, body);
            return Offer::Lost;
        }
        while !self.fits(state.waiting, body) {
            let Some(victim) = state.victim(self.policy.overflow) else { break };
            state.evict(victim);
        }
        let seq = inbox.next_seq;
        inbox.next_seq += 1;
        let body = state.buffer(body);
        state.push(Ticket { seq, record: Record { severity, lane, accepted_at, body } });
        self.sorted.0.set(state.waiting);
        Offer::Accepted { wake: inbox.wakes(state.waiting, &self.policy) }
    }

    /// Whether giving up what the policy allows to give up would do. If not, nothing is given up.
    fn can_make_room(&self, state: &State, severity: Severity, body: &[u8]) -> bool {
        let lines = match self.policy.overflow {
            // The whole queue may go, and it has room for the largest event.
            OverflowPolicy::DropOldest => return body.len() <= self.policy.max_bytes,
            OverflowPolicy::DropNewest | OverflowPolicy::Block { .. } => 0,
            OverflowPolicy::ShedLowestSeverity => severity as usize + 1,
        };
        let mut left = state.waiting;
        for ticket in state.lines.iter().take(lines).flatten() {
            if self.fits(left, body) {
                return true;
            }
            left.less(&ticket.record.body);
        }
        self.fits(left, body)
    }

    /// Whether a body finds room beside what waits.
    fn fits(&self, waiting: Amount, body: &[u8]) -> bool {
        waiting.count < self.policy.max_events && waiting.bytes + body.len() <= self.policy.max_bytes
    }

    /// The inbox, with so few in it that others may wait until they are sorted.
    fn nearly_empty_inbox(&self, state: &mut State) -> MutexGuard<'_, Inbox> {
        let mut inbox = self.inbox();
        if inbox.batch.len() <= FEW {
            return inbox;
        }
        self.empty(&mut inbox, state);
        drop(inbox);
        state.sort();
        self.inbox()
    }

    /// Puts whoever is in the inbox in line.
    pub(super) fn collect(&self, state: &mut State) {
        self.empty(&mut self.inbox(), state);
        state.sort();
    }

    /// Takes everything out of the inbox, for [`State::sort`]: that takes its time, and needs one lock only.
    pub(super) fn empty(&self, inbox: &mut Inbox, state: &mut State) {
        if inbox.batch.len() > 0 {
            state.receive(inbox);
            self.sorted.0.set(state.waiting);
        }
    }
}
