//! The bounded waiting room in memory, and the books of every event that was ever accepted.
//!
//! Each event is, at any moment, in exactly one place: waiting, in flight, delivered or lost. All four counts move
//! under one lock, so their sum is the number of accepted events at every instant and not just in the end.

mod ledger;
mod overflow;
#[cfg(test)]
mod tests;

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use self::ledger::Ledger;
pub(crate) use self::ledger::{Mark, Tally};
pub use self::overflow::{OverflowPolicy, QueuePolicy};
use crate::{
    event::{Severity, record::Record},
    loss::LossReason,
};

/// Buffers kept for reuse, and the largest one worth keeping.
const POOL_SIZE: usize = 256;
const POOL_BUFFER_BYTES: usize = 8 << 10;

/// A queue of encoded events, bounded by count and bytes.
pub(crate) struct Queue {
    policy: QueuePolicy,
    state: Mutex<State>,
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

/// How a record left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Delivered,
    Lost(LossReason),
}

struct State {
    /// One line per severity, so that shedding finds its victim at once; `seq` gives the order across them.
    waiting: [VecDeque<Ticket>; Severity::ALL.len()],
    in_flight: Vec<u64>,
    ledger: Ledger,
    next_seq: u64,
    waiting_count: usize,
    waiting_bytes: usize,
    /// Wake the worker when this many wait. Whoever does so sets it out of reach.
    wake_at: usize,
    closed: bool,
    pool: Vec<Vec<u8>>,
}

impl Queue {
    pub(crate) fn new(policy: QueuePolicy) -> Self {
        let state = State {
            waiting: Default::default(),
            in_flight: Vec::new(),
            ledger: Ledger::default(),
            next_seq: 0,
            waiting_count: 0,
            waiting_bytes: 0,
            wake_at: 1,
            closed: false,
            pool: Vec::new(),
        };
        Self { policy, state: Mutex::new(state) }
    }

    /// Copies an encoded event in, or says why not. Never waits for anything but the lock.
    pub(crate) fn offer(
        &self,
        severity: Severity,
        accepted_at: std::time::Instant,
        body: &[u8],
        when: WhenFull,
    ) -> Offer {
        let mut state = self.lock();
        if state.closed {
            return Offer::Closed;
        }
        let fits = |state: &State| {
            state.waiting_count < self.policy.max_events && state.waiting_bytes + body.len() <= self.policy.max_bytes
        };
        if when == WhenFull::GiveBack && !fits(&state) {
            return Offer::Full;
        }
        state.ledger.accepted += 1;
        while !fits(&state) {
            let Some(line) = state.victim(self.policy.overflow, severity) else {
                state.ledger.lost.add(LossReason::QueueFull, 1);
                return Offer::Lost;
            };
            state.evict(line);
        }
        let seq = state.next_seq;
        state.next_seq += 1;
        let body = state.buffer(body);
        state.push(Ticket { seq, record: Record { severity, accepted_at, body } });
        let wake = state.waiting_count >= state.wake_at;
        if wake {
            state.wake_at = usize::MAX;
        }
        Offer::Accepted { wake }
    }

    /// Takes the next records, oldest first; they are in flight until settled.
    pub(crate) fn take(&self, most: usize) -> Vec<Ticket> {
        let mut state = self.lock();
        let mut taken = Vec::with_capacity(most.min(state.waiting_count));
        while taken.len() < most {
            let Some(ticket) = state.oldest().and_then(|line| state.pop(line)) else { break };
            state.in_flight.push(ticket.seq);
            taken.push(ticket);
        }
        taken
    }

    /// Enters how a record left. `buffer` is its body, for reuse, when nobody else holds it.
    pub(crate) fn settle(&self, seq: u64, outcome: Outcome, buffer: Option<Vec<u8>>) {
        let mut state = self.lock();
        let Some(at) = state.in_flight.iter().position(|known| *known == seq) else { return };
        state.in_flight.swap_remove(at);
        state.ledger.enter(outcome, 1);
        if let Some(buffer) = buffer {
            state.recycle(buffer);
        }
    }

    /// Loses everything that is still here, and says how many that were.
    pub(crate) fn abandon(&self, reason: LossReason) -> u64 {
        let mut state = self.lock();
        let count = (state.waiting_count + state.in_flight.len()) as u64;
        state.in_flight = Vec::new();
        state.waiting = Default::default();
        (state.waiting_count, state.waiting_bytes) = (0, 0);
        state.ledger.enter(Outcome::Lost(reason), count);
        count
    }

    /// Takes nothing from now on.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
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

    /// Everything accepted up to now.
    pub(crate) fn mark(&self) -> Mark {
        let state = self.lock();
        Mark { before: state.next_seq, pending: state.outstanding(state.next_seq) }
    }

    /// How many events of `mark` are still waiting or in flight.
    pub(crate) fn outstanding(&self, mark: Mark) -> u64 {
        self.lock().outstanding(mark.before)
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

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code of a user runs under this lock, and the books are right after every statement.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, ticket: Ticket) {
        self.waiting_count += 1;
        self.waiting_bytes += ticket.record.body.len();
        if let Some(line) = self.waiting.get_mut(ticket.record.severity as usize) {
            line.push_back(ticket);
        }
    }

    fn pop(&mut self, line: usize) -> Option<Ticket> {
        let ticket = self.waiting.get_mut(line)?.pop_front()?;
        self.waiting_count -= 1;
        self.waiting_bytes -= ticket.record.body.len();
        Some(ticket)
    }

    /// The line whose head was accepted first.
    fn oldest(&self) -> Option<usize> {
        let heads = self.waiting.iter().enumerate().filter_map(|(i, line)| Some((line.front()?.seq, i)));
        heads.min().map(|(_, line)| line)
    }

    /// The line that gives up its head for a new event of `severity`; `None`: the new event goes instead.
    fn victim(&self, policy: OverflowPolicy, severity: Severity) -> Option<usize> {
        match policy {
            OverflowPolicy::DropOldest => self.oldest(),
            OverflowPolicy::DropNewest => None,
            OverflowPolicy::ShedLowestSeverity => {
                self.waiting.iter().position(|line| !line.is_empty()).filter(|line| *line <= severity as usize)
            }
        }
    }

    fn evict(&mut self, line: usize) {
        if let Some(ticket) = self.pop(line) {
            self.ledger.enter(Outcome::Lost(LossReason::QueueFull), 1);
            self.recycle(ticket.record.body);
        }
    }

    fn outstanding(&self, before: u64) -> u64 {
        let waiting: usize = self.waiting.iter().map(|line| line.partition_point(|ticket| ticket.seq < before)).sum();
        let in_flight = self.in_flight.iter().filter(|seq| **seq < before).count();
        (waiting + in_flight) as u64
    }

    /// `body` in a reused buffer of about its size, so that what the queue holds is what its bound says.
    fn buffer(&mut self, body: &[u8]) -> Vec<u8> {
        match self.pool.pop() {
            Some(mut buffer) if (body.len()..=2 * body.len() + 64).contains(&buffer.capacity()) => {
                buffer.extend_from_slice(body);
                buffer
            }
            _ => body.to_vec(),
        }
    }

    fn recycle(&mut self, mut buffer: Vec<u8>) {
        if self.pool.len() < POOL_SIZE && buffer.capacity() <= POOL_BUFFER_BYTES {
            buffer.clear();
            self.pool.push(buffer);
        }
    }
}
