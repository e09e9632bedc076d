//! The bounded waiting room in memory, and the books of every event that was ever accepted.
//!
//! Each event is, at any moment, in exactly one place: waiting, in flight, delivered or lost. What waits does so in the
//! an inbox at first, then in line. Each inbox has a lock, all the rest another one: nothing changes place but under the
//! locks of both places, and who looks at the whole takes all. So the sum is the number of accepted events at every
//! instant and not just in the end.

mod board;
mod in_flight;
mod inbox;
mod latency;
mod ledger;
mod lost;
#[cfg(test)]
#[cfg(axonpush_loom)]
mod models;
mod offer;
mod overflow;
mod state;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

pub(crate) use self::ledger::{Seen, Tally};
use self::{
    board::{Apart, Board},
    inbox::{Amount, INBOXES, Inbox, Inboxes, amount},
    state::{State, Watch},
};
pub use self::{
    lost::{LostEvent, LostEvents},
    overflow::{OverflowPolicy, QueuePolicy},
};
use crate::{
    event::record::Record,
    loss::{LossReason, Losses},
    sync::{Condvar, Mutex, MutexGuard, lock},
};

/// A queue of encoded events, bounded by count and bytes.
pub(crate) struct Queue {
    policy: QueuePolicy,
    /// Where events come in.
    inboxes: [Apart<Mutex<Inbox>>; INBOXES],
    /// Where they wait, and the books.
    state: Apart<Mutex<State>>,
    board: Apart<Board>,
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
    /// As the policy says, but nobody waits.
    ApplyPolicyAtOnce,
    GiveBack,
}

/// Names a watch; see [`Queue::watch`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WatchId(u64);

impl Queue {
    /// A queue that keeps what it loses for a hook, if there is one.
    pub(crate) fn new(policy: QueuePolicy, keep_lost: bool) -> Self {
        Self {
            policy,
            inboxes: std::array::from_fn(|_| Apart(Mutex::default())),
            state: Apart(Mutex::new(State::new(keep_lost))),
            board: Apart(Board::new()),
            room: Condvar::new(),
        }
    }

    /// Asks for a wake-up by the next event: the last one found nobody to wake.
    pub(crate) fn wake_again(&self) {
        let _state = self.lock();
        let _inboxes = self.inboxes();
        self.board.0.arm(Some(1));
    }

    /// Takes the next records, oldest first; they are in flight until settled.
    pub(crate) fn take(&self, most: usize) -> Vec<Ticket> {
        self.take_within(most, usize::MAX)
    }

    /// As [`take`](Self::take), but no more once `bytes` are taken.
    pub(crate) fn take_within(&self, most: usize, bytes: usize) -> Vec<Ticket> {
        let mut state = self.lock();
        self.collect(&mut state);
        let (mut taken, mut left) = (Vec::with_capacity(most.min(state.waiting.count)), bytes);
        while taken.len() < most && left > 0 {
            let Some(ticket) = state.oldest().and_then(|line| state.pop(line)) else { break };
            left = left.saturating_sub(ticket.record.body.len());
            state.in_flight.push(&ticket);
            taken.push(ticket);
        }
        if !taken.is_empty() {
            self.board.0.set_sorted(state.waiting);
            self.room.notify_all();
        }
        taken
    }

    /// Enters that records were delivered at `now`. With each goes its body, for reuse.
    pub(crate) fn delivered(&self, now: Instant, records: &mut dyn Iterator<Item = (u64, Vec<u8>)>) {
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
                state.recycle(buffer);
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
        self.collect(&mut state);
        for (seq, body) in bodies {
            if let Some(landed) = state.in_flight.land(seq) {
                state.lose_flying(&landed, reason, body);
            }
        }
        for flying in std::mem::take(&mut state.in_flight).into_iter() {
            state.lose_flying(&flying, reason, Vec::new());
        }
        state.waiting = Amount::default();
        for ticket in std::mem::take(&mut state.lines).into_iter().flatten() {
            state.lose_waiting(ticket, reason);
        }
        self.board.0.set_sorted(state.waiting);
        self.room.notify_all();
    }

    /// Loses what is in flight, whose bodies nobody has any more.
    pub(crate) fn abandon_in_flight(&self, reason: LossReason) {
        let mut state = self.lock();
        for flying in std::mem::take(&mut state.in_flight).into_iter() {
            state.lose_flying(&flying, reason, Vec::new());
        }
        drop(state);
        self.wake_again();
    }

    /// Lost events for the hook, since the last call.
    pub(crate) fn take_lost(&self) -> Vec<LostEvents> {
        let mut lost = self.lock().lost.take();
        lost.iter_mut().for_each(LostEvents::write_out);
        lost
    }

    /// Takes nothing from now on.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        self.inboxes().iter_mut().for_each(|inbox| inbox.closed = true);
        self.room.notify_all();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Asks for a wake-up once `count` wait or the queue fills up, or a little earlier: a caller knows of one inbox and
    /// takes the others to hold as much. `usize::MAX`: for none. `false`: it is so far already.
    pub(crate) fn arm(&self, count: usize) -> bool {
        let state = self.lock();
        let inboxes = self.inboxes();
        let waiting = state.waiting.plus(amount(&inboxes));
        let idle = count == usize::MAX || (waiting.count < count && !self.is_filling(waiting));
        self.board.0.arm(idle.then_some(count));
        idle
    }

    /// Counts, from now on, what becomes of the events that are here.
    pub(crate) fn watch(&self) -> WatchId {
        let mut state = self.lock();
        // Who stands in line has a number that tells whether it is one of them.
        self.collect(&mut state);
        let id = WatchId(state.next_watch);
        state.next_watch += 1;
        let pending = (state.waiting.count + state.in_flight.len()) as u64;
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
        let posted = amount(&self.inboxes());
        let waiting = state.waiting.plus(posted);
        Tally {
            accepted: state.next_seq + state.ledger.turned_away + posted.count as u64,
            delivered: state.ledger.delivered,
            lost: state.ledger.lost,
            queued: waiting.count as u64,
            queued_bytes: waiting.bytes as u64,
            in_flight: state.in_flight.len() as u64,
        }
    }

    /// Whether the lines take up all room, and what was lost so far: without a look into the inboxes, which is for the
    /// worker to ask at every turn.
    pub(crate) fn losses(&self) -> (bool, Losses) {
        let state = self.lock();
        (state.waiting.count >= *self.policy.max_events, state.ledger.lost)
    }

    /// When the oldest event that is still here was accepted.
    pub(crate) fn oldest(&self) -> Option<Instant> {
        let state = self.lock();
        let inboxes = self.inboxes();
        let posted = inboxes.iter().filter_map(|inbox| inbox.batch.oldest());
        let lines = state.lines.iter().filter_map(|line| Some(line.front()?.record.accepted_at));
        lines.chain(posted).chain(state.in_flight.iter().map(|flying| flying.accepted_at)).min()
    }

    /// How long delivery takes: the durations that 50 % and 99 % of all stayed below.
    pub(crate) fn latency(&self) -> (Duration, Duration) {
        let state = self.lock();
        (state.latency.percentile(50), state.latency.percentile(99))
    }

    pub(crate) fn policy(&self) -> &QueuePolicy {
        &self.policy
    }

    /// The lines' lock. Whoever needs an inbox's too takes this one first.
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state.0)
    }

    /// The inboxes' locks, in their order.
    fn inboxes(&self) -> Inboxes<'_> {
        self.inboxes.each_ref().map(|inbox| lock(&inbox.0))
    }
}
