//! Where callers leave records: in front of the lines, behind locks of their own.
//!
//! Whoever else takes such a lock holds it for a swap or a look, so that handing over waits for neither the worker's
//! book-keeping nor its sorting. What one leaves lies behind what the last one left, in memory that goes back and forth
//! between two batches: it is allocated once, written in order, and read in order.
//!
//! A caller uses the inbox it used before, and another one once it finds that locked. They are emptied all at once, and
//! what was in them is put in order by the clock.

use std::time::Instant;

use crate::{
    event::{
        Severity,
        record::{Lane, MAX_EVENT_BYTES},
    },
    sync::MutexGuard,
};

/// Bodies in one inbox. A caller that finds no room for its own empties them all: the worker has had no use for them.
pub(super) const BATCH_BYTES: usize = MAX_EVENT_BYTES / 2;

/// Records in one inbox, so that tiny ones are bounded too.
pub(super) const BATCH_RECORDS: usize = 2048;

/// Larger bodies are better copied once, to where they will stay.
pub(super) const LARGEST: usize = 8 << 10;

/// So many, so that callers on different cores need not take turns. A model of two shows what more would.
pub(super) const INBOXES: usize = if cfg!(axonpush_loom) { 2 } else { 4 };

/// What an inbox's lock guards.
#[derive(Default)]
pub(super) struct Inbox {
    pub(super) batch: Batch,
    pub(super) closed: bool,
}

/// All of them, locked.
pub(super) type Inboxes<'a> = [MutexGuard<'a, Inbox>; INBOXES];

/// What is in them.
pub(super) fn amount(inboxes: &Inboxes<'_>) -> Amount {
    inboxes.iter().fold(Amount::default(), |sum, inbox| sum.plus(inbox.batch.amount()))
}

/// Records in the order in which they were left.
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
        let (used, room) = (self.bodies.len(), self.bodies.capacity());
        if used + body.len() > room {
            // Twice as much as before, as a vector would do by itself, but never beyond the bound.
            self.bodies.reserve_exact((2 * room).clamp(used + body.len(), BATCH_BYTES) - used);
        }
        self.bodies.extend_from_slice(body);
        true
    }

    /// When the oldest was accepted.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.headers.first().map(|header| header.accepted_at)
    }

    /// Every record with its body, in order.
    pub(super) fn iter(&self) -> Records<'_> {
        Records { headers: self.headers.iter(), bodies: &self.bodies }
    }

    pub(super) fn room(&self) -> Amount {
        Amount { count: self.headers.capacity(), bytes: self.bodies.capacity() }
    }

    /// Sees to it that an empty one has `room`.
    pub(super) fn reserve(&mut self, room: Amount) {
        self.headers.reserve_exact(room.count);
        self.bodies.reserve_exact(room.bytes);
    }

    /// Empties it, and keeps its memory.
    pub(super) fn clear(&mut self) {
        self.headers.clear();
        self.bodies.clear();
    }
}

/// What is left of a batch that is being read.
pub(super) struct Records<'a> {
    headers: std::slice::Iter<'a, Header>,
    bodies: &'a [u8],
}

impl Records<'_> {
    /// When the next was accepted.
    pub(super) fn accepted_at(&self) -> Option<Instant> {
        self.headers.as_slice().first().map(|header| header.accepted_at)
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = (Header, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let header = self.headers.next()?;
        let (body, behind) = self.bodies.split_at_checked(header.len.into())?;
        self.bodies = behind;
        Some((*header, body))
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

    pub(super) fn times(self, factor: usize) -> Self {
        Self { count: self.count * factor, bytes: self.bytes * factor }
    }

    pub(super) fn most(self, other: Self) -> Self {
        Self { count: self.count.max(other.count), bytes: self.bytes.max(other.bytes) }
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
