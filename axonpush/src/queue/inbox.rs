//! Where callers leave records: in front of the lines, behind a lock of its own.
//!
//! Whoever else takes that lock holds it for a swap or a look, so that handing over waits for neither the worker's
//! book-keeping nor its sorting. What one leaves lies behind what the last one left, in memory that goes back and forth
//! between two batches: it is allocated once, written in order, and read in order.

use std::{sync::atomic::Ordering::Relaxed, time::Instant};

use super::QueuePolicy;
use crate::{
    event::{
        Severity,
        record::{Lane, MAX_EVENT_BYTES},
    },
    sync::AtomicUsize,
};

/// Bodies of one batch. A caller that finds no room for its own sorts the batch itself: the worker has had no use for it.
pub(super) const BATCH_BYTES: usize = MAX_EVENT_BYTES;

/// Records of one batch, so that tiny ones are bounded too.
pub(super) const BATCH_RECORDS: usize = 4096;

/// Larger bodies are better copied once, to where they will stay.
pub(super) const LARGEST: usize = 8 << 10;

/// What the inbox's lock guards.
pub(super) struct Inbox {
    pub(super) batch: Batch,
    /// That of the next record, wherever it goes.
    pub(super) next_seq: u64,
    /// Wake the worker when this many wait. Whoever does so sets it out of reach.
    pub(super) wake_at: usize,
    pub(super) closed: bool,
}

impl Inbox {
    pub(super) fn new() -> Self {
        Self { batch: Batch::default(), next_seq: 0, wake_at: 1, closed: false }
    }

    /// The number of the batch's first record. Whoever gives out a number outside it empties it first.
    pub(super) fn first_seq(&self) -> u64 {
        self.next_seq - self.batch.len() as u64
    }

    /// Whether the caller who made it `waiting` is to wake the worker.
    pub(super) fn wakes(&mut self, waiting: Amount, policy: &QueuePolicy) -> bool {
        // Half full is the last moment to empty a small queue in time, or to sort a batch before a caller must.
        let filling = waiting.count * 2 >= policy.max_events
            || waiting.bytes * 2 >= policy.max_bytes
            || self.batch.amount().bytes * 2 >= BATCH_BYTES;
        let wakes = waiting.count >= self.wake_at || (filling && self.wake_at != usize::MAX);
        if wakes {
            self.wake_at = usize::MAX;
        }
        wakes
    }
}

/// Records in the order of acceptance, numbered one after the other.
#[derive(Default)]
pub(super) struct Batch {
    headers: Vec<Header>,
    /// Theirs, end to end.
    bodies: Vec<u8>,
}

#[derive(Clone, Copy)]
pub(super) struct Header {
    pub(super) accepted_at: Instant,
    /// At most [`LARGEST`].
    len: u16,
    pub(super) severity: Severity,
    pub(super) lane: Lane,
}

impl Batch {
    pub(super) fn len(&self) -> usize {
        self.headers.len()
    }

    pub(super) fn amount(&self) -> Amount {
        Amount { count: self.headers.len(), bytes: self.bodies.len() }
    }

    /// Takes a record in. `false`: it is too large, or the batch full.
    pub(super) fn push(&mut self, severity: Severity, lane: Lane, accepted_at: Instant, body: &[u8]) -> bool {
        let Ok(len) = u16::try_from(body.len()) else { return false };
        if body.len() > LARGEST || self.bodies.len() + body.len() > BATCH_BYTES || self.len() == BATCH_RECORDS {
            return false;
        }
        self.headers.push(Header { accepted_at, len, severity, lane });
        self.bodies.extend_from_slice(body);
        true
    }

    /// When the oldest was accepted.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.headers.first().map(|header| header.accepted_at)
    }

    /// Every record with its body, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Header, &[u8])> {
        let mut rest = self.bodies.as_slice();
        self.headers.iter().filter_map(move |header| {
            let (body, behind) = rest.split_at_checked(header.len.into())?;
            rest = behind;
            Some((*header, body))
        })
    }

    /// Makes an empty one as roomy as another.
    pub(super) fn reserve_as(&mut self, other: &Self) {
        self.headers.reserve(other.headers.capacity());
        self.bodies.reserve(other.bodies.capacity());
    }

    /// Empties it, and keeps its memory.
    pub(super) fn clear(&mut self) {
        self.headers.clear();
        self.bodies.clear();
    }
}

/// How many, and how large in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Amount {
    pub(super) count: usize,
    pub(super) bytes: usize,
}

impl Amount {
    pub(super) fn add(&mut self, other: Self) {
        (self.count, self.bytes) = (self.count + other.count, self.bytes + other.bytes);
    }

    pub(super) fn plus(mut self, other: Self) -> Self {
        self.add(other);
        self
    }

    /// Without one body.
    pub(super) fn less(&mut self, body: &[u8]) {
        (self.count, self.bytes) = (self.count - 1, self.bytes - body.len());
    }

    /// With one more body.
    pub(super) fn more(&mut self, body: &[u8]) {
        self.add(Self { count: 1, bytes: body.len() });
    }
}

/// What stands in the lines, for callers that hold the inbox's lock and not theirs.
///
/// It grows only under both locks. So what a caller reads is what it is or what it was before somebody took from it: at
/// most too much, never too little, and nobody who finds room is wrong.
#[derive(Default)]
pub(super) struct Sorted {
    count: AtomicUsize,
    bytes: AtomicUsize,
}

impl Sorted {
    pub(super) fn at_most(&self) -> Amount {
        Amount { count: self.count.load(Relaxed), bytes: self.bytes.load(Relaxed) }
    }

    /// Under the lines' lock; where it grew, under the inbox's too.
    pub(super) fn set(&self, waiting: Amount) {
        self.count.store(waiting.count, Relaxed);
        self.bytes.store(waiting.bytes, Relaxed);
    }
}

/// On cache lines of its own, as threads on different cores write to its neighbours. Processors fetch them in pairs.
#[repr(align(128))]
pub(super) struct Apart<T>(pub(super) T);
