//! The bounded waiting room in memory, and the books of every event that was ever accepted.
//!
//! Each event is, at any moment, in exactly one place: waiting, in flight, delivered or lost. All four counts move
//! under one lock, so their sum is the number of accepted events at every instant and not just in the end.

mod in_flight;
mod latency;
mod ledger;
mod lost;
#[cfg(test)]
#[cfg(axonpush_loom)]
mod models;
mod overflow;
mod state;
#[cfg(test)]
mod tests;

use std::{
    sync::{PoisonError, TryLockError},
    time::{Duration, Instant},
};

pub(crate) use self::ledger::{Seen, Tally};
use self::state::{State, Watch};
pub use self::{
    lost::{LostEvent, LostEvents},
    overflow::{OverflowPolicy, QueuePolicy},
};
use crate::{
    event::{
        Severity,
        record::{Lane, Record},
    },
    loss::LossReason,
    sync::{Condvar, Mutex, MutexGuard},
};

/// A queue of encoded events, bounded by count and bytes.
pub(crate) struct Queue {
    policy: QueuePolicy,
    state: Mutex<State>,
    /// Wakes callers that wait for room.
    room: Condvar,
}

/// A record on its way out, with its place in the order of acceptance.
#[derive(Debug)]
pub(crate) struct Ticket {
    pub(crate) seq: u64,
    pub(crate) record: Record,
}

/// What became of an offered event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offer {
    /// It waits. `wake` asks the caller to wake the worker.
    Accepted { wake: bool },
    /// It was accepted and lost at once: the policy preferred what was there.
    Lost,
    /// There was no room, and the caller asked for it back.
    Full,
    /// The queue takes nothing any more.
    Closed,
}

/// What to do with a new event when there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhenFull {
    ApplyPolicy,
    GiveBack,
}

/// Names a watch; see [`Queue::watch`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WatchId(u64);

impl Queue {
    /// A queue that keeps what it loses for a hook, if there is one.
    pub(crate) fn new(policy: QueuePolicy, keep_lost: bool) -> Self {
        Self { policy, state: Mutex::new(State::new(keep_lost)), room: Condvar::new() }
    }

    /// Copies an encoded event in, or says why not. Waits for nothing but the lock, unless the policy is
    /// [`OverflowPolicy::Block`].
    pub(crate) fn offer(
        &self,
        severity: Severity,
        lane: Lane,
        accepted_at: Instant,
        body: &[u8],
        when: WhenFull,
    ) -> Offer {
        let mut state = self.lock();
        if when == WhenFull::ApplyPolicy
            && let OverflowPolicy::Block { timeout } = self.policy.overflow
        {
            let full = |state: &mut State| !state.closed && !self.fits(state, body);
            (state, _) = self.room.wait_timeout_while(state, timeout, full).unwrap_or_else(PoisonError::into_inner);
        }
        if state.closed {
            return Offer::Closed;
        }
        if when == WhenFull::GiveBack && !self.fits(&state, body) {
            return Offer::Full;
        }
        state.ledger.accepted += 1;
        if !self.fits(&state, body) && !self.can_make_room(&state, severity, body) {
            state.lose_offered(severity, lane, body);
            return Offer::Lost;
        }
        while !self.fits(&state, body) {
            let Some(victim) = state.victim(self.policy.overflow) else { break };
            state.evict(victim);
        }
        let seq = state.next_seq;
        state.next_seq += 1;
        let body = state.buffer(body);
        state.push(Ticket { seq, record: Record { severity, lane, accepted_at, body } });
        // Half full is the last moment to empty a small queue in time.
        let filling =
            state.waiting_count * 2 >= self.policy.max_events || state.waiting_bytes * 2 >= self.policy.max_bytes;
        let wake = state.waiting_count >= state.wake_at || (filling && state.wake_at != usize::MAX);
        if wake {
            state.wake_at = usize::MAX;
        }
        Offer::Accepted { wake }
    }

    /// Whether giving up what the policy allows to give up would do. If not, nothing is given up.
    fn can_make_room(&self, state: &State, severity: Severity, body: &[u8]) -> bool {
        let lines = match self.policy.overflow {
            // The whole queue may go, and it has room for the largest event.
            OverflowPolicy::DropOldest => return body.len() <= self.policy.max_bytes,
            OverflowPolicy::DropNewest | OverflowPolicy::Block { .. } => 0,
            OverflowPolicy::ShedLowestSeverity => severity as usize + 1,
        };
        let (mut count, mut bytes) = (state.waiting_count, state.waiting_bytes);
        for ticket in state.waiting.iter().take(lines).flatten() {
            if count < self.policy.max_events && bytes + body.len() <= self.policy.max_bytes {
                return true;
            }
            (count, bytes) = (count - 1, bytes - ticket.record.body.len());
        }
        count < self.policy.max_events && bytes + body.len() <= self.policy.max_bytes
    }

    /// Asks for a wake-up by the next event: the last one found nobody to wake.
    pub(crate) fn wake_again(&self) {
        let mut state = self.lock();
        state.wake_at = state.waiting_count + 1;
    }

    fn fits(&self, state: &State, body: &[u8]) -> bool {
        state.waiting_count < self.policy.max_events && state.waiting_bytes + body.len() <= self.policy.max_bytes
    }

    /// Takes the next records, oldest first; they are in flight until settled.
    pub(crate) fn take(&self, most: usize) -> Vec<Ticket> {
        let mut state = self.lock();
        let mut taken = Vec::with_capacity(most.min(state.waiting_count));
        while taken.len() < most {
            let Some(ticket) = state.oldest().and_then(|line| state.pop(line)) else { break };
            state.in_flight.push(&ticket);
            taken.push(ticket);
        }
        if !taken.is_empty() {
            self.room.notify_all();
        }
        taken
    }

    /// Enters that records were delivered at `now`. With each goes its body, for reuse, when nobody else holds it.
    pub(crate) fn delivered(&self, now: Instant, records: &mut dyn Iterator<Item = (u64, Option<Vec<u8>>)>) {
        /// Many enough that a batch costs few locks, few enough that whoever hands over hardly notices.
        const AT_ONCE: usize = 16;

        let mut some = Vec::with_capacity(AT_ONCE);
        loop {
            some.extend(records.take(AT_ONCE));
            if some.is_empty() {
                return;
            }
            let mut state = self.lock();
            for (seq, buffer) in some.drain(..) {
                let Some(landed) = state.in_flight.land(seq) else { continue };
                state.ledger.delivered += 1;
                state.saw(seq, None);
                state.latency.add(now.saturating_duration_since(landed.accepted_at));
                if let Some(buffer) = buffer {
                    state.recycle(buffer);
                }
            }
        }
    }

    /// Enters that a record in flight was lost; its body goes to the hook.
    pub(crate) fn lost(&self, seq: u64, reason: LossReason, body: Vec<u8>) {
        let mut state = self.lock();
        if let Some(landed) = state.in_flight.land(seq) {
            state.lose_flying(&landed, reason, body);
        }
    }

    /// Loses everything that is still here. `bodies` are those of records in flight, as far as anyone has them.
    pub(crate) fn abandon(&self, reason: LossReason, bodies: Vec<(u64, Vec<u8>)>) {
        let mut state = self.lock();
        for (seq, body) in bodies {
            if let Some(landed) = state.in_flight.land(seq) {
                state.lose_flying(&landed, reason, body);
            }
        }
        for flying in std::mem::take(&mut state.in_flight).into_iter() {
            state.lose_flying(&flying, reason, Vec::new());
        }
        (state.waiting_count, state.waiting_bytes) = (0, 0);
        for ticket in std::mem::take(&mut state.waiting).into_iter().flatten() {
            state.lose_waiting(ticket, reason);
        }
        self.room.notify_all();
    }

    /// Loses what is in flight, whose bodies nobody has any more.
    pub(crate) fn abandon_in_flight(&self, reason: LossReason) {
        let mut state = self.lock();
        for flying in std::mem::take(&mut state.in_flight).into_iter() {
            state.lose_flying(&flying, reason, Vec::new());
        }
        state.wake_at = state.waiting_count + 1;
    }

    /// Lost events for the hook, since the last call.
    pub(crate) fn take_lost(&self) -> Vec<LostEvents> {
        self.lock().lost.take()
    }

    /// Takes nothing from now on.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.room.notify_all();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Asks for a wake-up once `count` wait. `false`: they already do.
    pub(crate) fn arm(&self, count: usize) -> bool {
        let mut state = self.lock();
        let idle = state.waiting_count < count;
        state.wake_at = if idle { count } else { usize::MAX };
        idle
    }

    /// Counts, from now on, what becomes of the events that are here.
    pub(crate) fn watch(&self) -> WatchId {
        let mut state = self.lock();
        let id = WatchId(state.next_watch);
        state.next_watch += 1;
        let pending = (state.waiting_count + state.in_flight.len()) as u64;
        let before = state.next_seq;
        state.watches.push(Watch { id, before, seen: Seen { left: pending, ..Seen::default() } });
        id
    }

    /// What became of them so far.
    pub(crate) fn seen(&self, id: WatchId) -> Seen {
        let state = self.lock();
        state.watches.iter().find(|watch| watch.id == id).map(|watch| watch.seen).unwrap_or_default()
    }

    /// Stops counting, and says what became of them.
    pub(crate) fn unwatch(&self, id: WatchId) -> Seen {
        let mut state = self.lock();
        let at = state.watches.iter().position(|watch| watch.id == id);
        at.map(|at| state.watches.swap_remove(at).seen).unwrap_or_default()
    }

    /// The books, as of one instant.
    pub(crate) fn tally(&self) -> Tally {
        let state = self.lock();
        Tally {
            accepted: state.ledger.accepted,
            delivered: state.ledger.delivered,
            lost: state.ledger.lost,
            queued: state.waiting_count as u64,
            queued_bytes: state.waiting_bytes as u64,
            in_flight: state.in_flight.len() as u64,
        }
    }

    /// When the oldest event that is still here was accepted.
    pub(crate) fn oldest(&self) -> Option<Instant> {
        let state = self.lock();
        let waiting = state.waiting.iter().filter_map(|line| Some(line.front()?.record.accepted_at));
        waiting.chain(state.in_flight.iter().map(|flying| flying.accepted_at)).min()
    }

    /// How long delivery takes: the durations that 50 % and 99 % of all stayed below.
    pub(crate) fn latency(&self) -> (Duration, Duration) {
        let state = self.lock();
        (state.latency.percentile(50), state.latency.percentile(99))
    }

    pub(crate) fn policy(&self) -> &QueuePolicy {
        &self.policy
    }

    /// The lock is held for well below a microsecond, and a thread that goes to sleep over it costs several: so it is
    /// tried for about as long first.
    fn lock(&self) -> MutexGuard<'_, State> {
        const TRIES: usize = 32;

        for _ in 0..TRIES {
            match self.state.try_lock() {
                Ok(state) => return state,
                // No code of a user runs under this lock, and the books are right after every statement.
                Err(TryLockError::Poisoned(state)) => return state.into_inner(),
                Err(TryLockError::WouldBlock) => (0..2).for_each(|_| std::hint::spin_loop()),
            }
        }
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
