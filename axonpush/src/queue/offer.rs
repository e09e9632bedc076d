//! How an event gets in: into an inbox where there is room, and past all others, by the policy, where there may be none.

use std::{sync::PoisonError, time::Instant};

use super::{
    Offer, OverflowPolicy, Queue, WhenFull,
    inbox::{Amount, BATCH_BYTES, INBOXES, Inboxes, LARGEST, amount},
    state::State,
};
use crate::{
    event::{
        Severity,
        record::{Lane, Record},
    },
    sync::{MutexGuard, lock_any},
};

/// So many are sorted while other callers wait for the inboxes; more are not.
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

    /// Leaves an event in an inbox, if there is certainly room.
    fn post(&self, severity: Severity, lane: Lane, accepted_at: Instant, body: &[u8]) -> Option<Offer> {
        let board = &self.board.0;
        // Where all stand in the lines already, as in a full queue, no lock is needed to see that there is no room.
        if body.len() > LARGEST || !self.fits(board.sorted(), body) {
            return None;
        }
        let mut inbox = lock_any(&self.inboxes)?;
        if inbox.closed {
            return Some(Offer::Closed);
        }
        let mut here = inbox.batch.amount();
        here.more(body);
        // As if the other inboxes held as much: the room is shared equally, until they are emptied.
        let waiting = board.sorted().plus(here.times(INBOXES));
        if waiting.count > *self.policy.max_events || waiting.bytes > *self.policy.max_bytes {
            return None;
        }
        let left = inbox.batch.push(severity, lane, accepted_at, body);
        left.then(|| Offer::Accepted { wake: self.wakes(waiting, here) })
    }

    /// Puts an event in its line, and makes room for it as the policy says.
    fn line_up(&self, severity: Severity, lane: Lane, accepted_at: Instant, body: &[u8], when: WhenFull) -> Offer {
        let mut state = self.lock();
        let may_block = when == WhenFull::ApplyPolicy && matches!(*self.policy.overflow, OverflowPolicy::Block { .. });
        let mut inboxes = None;
        // Where the lines take up all room there is nothing in the inboxes, nor will be.
        if may_block || state.waiting.count < *self.policy.max_events {
            (state, inboxes) = self.look_for_room(state, body, when);
        }
        if state.closed {
            return Offer::Closed;
        }
        if !self.fits(state.waiting, body) {
            if when == WhenFull::GiveBack {
                return Offer::Full;
            }
            if !self.can_make_room(&state, severity, body) {
                state.lose_offered(severity, lane, body);
                return Offer::Lost;
            }
            while !self.fits(state.waiting, body) {
                let Some(victim) = state.victim(*self.policy.overflow) else { break };
                state.evict(victim);
            }
        }
        let body = state.buffer(body);
        state.push(Record { severity, lane, accepted_at, body });
        self.board.0.set_sorted(state.waiting);
        drop(inboxes);
        Offer::Accepted { wake: self.wakes(state.waiting, Amount::default()) }
    }

    /// Puts whoever is in the inboxes in line, for whoever came before stands there before the next does, and lets nobody
    /// else in until that one is there too. Waits for room where the policy says so. Without inboxes: there was none.
    #[inline(never)]
    fn look_for_room<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        body: &[u8],
        when: WhenFull,
    ) -> (MutexGuard<'a, State>, Option<Inboxes<'a>>) {
        let mut inboxes = None;
        if when == WhenFull::ApplyPolicy
            && let OverflowPolicy::Block { timeout } = *self.policy.overflow
        {
            let full = |state: &mut State| {
                let found = self.nearly_empty_inboxes(state);
                let full = !state.closed && !self.fits(state.waiting.plus(amount(&found)), body);
                // Kept, so that nobody takes the room that was found.
                inboxes = (!full).then_some(found);
                full
            };
            (state, _) = self.room.wait_timeout_while(state, timeout, full).unwrap_or_else(PoisonError::into_inner);
        }
        if inboxes.is_none() && state.waiting.count < *self.policy.max_events {
            inboxes = Some(self.nearly_empty_inboxes(&mut state));
        }
        if let Some(inboxes) = &mut inboxes {
            self.empty(inboxes, &mut state);
            state.sort();
        }
        (state, inboxes)
    }

    /// Whether the caller who made it `waiting`, and `here` in an inbox, is to wake the worker.
    fn wakes(&self, waiting: Amount, here: Amount) -> bool {
        // An inbox is best emptied before a caller must.
        let filling = self.is_filling(waiting) || here.bytes * 2 >= BATCH_BYTES;
        self.board.0.wakes(waiting.count, filling)
    }

    /// Half full is the last moment to empty a small queue in time.
    pub(super) fn is_filling(&self, waiting: Amount) -> bool {
        waiting.count * 2 >= *self.policy.max_events || waiting.bytes * 2 >= *self.policy.max_bytes
    }

    /// Whether giving up what the policy allows to give up would do. If not, nothing is given up.
    fn can_make_room(&self, state: &State, severity: Severity, body: &[u8]) -> bool {
        let lines = match *self.policy.overflow {
            // The whole queue may go, and it has room for the largest event.
            OverflowPolicy::DropOldest => return body.len() <= *self.policy.max_bytes,
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
        waiting.count < *self.policy.max_events && waiting.bytes + body.len() <= *self.policy.max_bytes
    }

    /// The inboxes, with so few in them that others may wait until they are sorted.
    fn nearly_empty_inboxes(&self, state: &mut State) -> Inboxes<'_> {
        let mut inboxes = self.inboxes();
        if amount(&inboxes).count <= FEW {
            return inboxes;
        }
        self.empty(&mut inboxes, state);
        drop(inboxes);
        state.sort();
        self.inboxes()
    }

    /// Puts whoever is in the inboxes in line.
    pub(super) fn collect(&self, state: &mut State) {
        self.empty(&mut self.inboxes(), state);
        state.sort();
    }

    /// Takes everything out of the inboxes, for [`State::sort`]: that takes its time, and needs one lock only.
    fn empty(&self, inboxes: &mut Inboxes<'_>, state: &mut State) {
        if inboxes.iter().any(|inbox| inbox.batch.len() > 0) {
            state.receive(inboxes);
            self.board.0.set_sorted(state.waiting);
        }
    }
}
