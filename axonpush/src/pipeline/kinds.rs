//! The kinds of records that were seen lately: a table of fixed size.

use std::{mem, time::Instant};

use crate::event::Severity;

/// A table of kinds, each known by its hash. It keeps the buffers it has once grown.
#[derive(Debug)]
pub(super) struct Kinds(Vec<Kind>);

#[derive(Debug, Default, Clone)]
struct Kind {
    hash: u64,
    /// When its window ends; none while the place is free.
    ends: Option<Instant>,
    /// How many were left out.
    count: u64,
    severity: Severity,
    /// One of them, while there are any.
    record: Vec<u8>,
}

/// What became of a record.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// None like it was left out.
    First,
    /// It passes, after so many were left out.
    Again(u64),
    /// It is left out, as all are until then.
    RepeatedUntil(Instant),
}

/// What was left out of one kind.
pub(super) struct Due {
    /// Its place, for [`Kinds::keep_buffer`].
    pub(super) at: usize,
    pub(super) count: u64,
    pub(super) severity: Severity,
    pub(super) record: Vec<u8>,
}

impl Kinds {
    pub(super) fn new(kinds: usize) -> Self {
        Self(vec![Kind::default(); kinds.next_multiple_of(WAYS)])
    }

    /// Enters a record that was logged `now`, with the window up to `ends` should it open one.
    pub(super) fn see(&mut self, hash: u64, now: Instant, ends: Instant, severity: Severity, record: &[u8]) -> Seen {
        let ways = self.ways(hash);
        if let Some(known) = ways.iter_mut().find(|kind| kind.hash == hash && kind.ends.is_some()) {
            if let Some(ends) = known.ends.filter(|ends| now < *ends) {
                known.count(1, severity, record);
                return Seen::RepeatedUntil(ends);
            }
            known.ends = Some(ends);
            return match mem::take(&mut known.count) {
                0 => Seen::First,
                count => Seen::Again(count),
            };
        }
        // Where there is no place, the record passes and none like it is left out: no count is given up for it.
        if let Some(free) = ways.iter_mut().find(|kind| kind.is_free(now)) {
            (free.hash, free.ends) = (hash, Some(ends));
        }
        Seen::First
    }

    /// Adds to the count of a kind that is known.
    pub(super) fn add(&mut self, hash: u64, count: u64, severity: Severity, record: &[u8]) {
        if let Some(known) = self.ways(hash).iter_mut().find(|kind| kind.hash == hash && kind.ends.is_some()) {
            known.count(count, severity, record);
        }
    }

    /// The next count at or behind `from` whose window has ended, or the next at all.
    pub(super) fn take_due(&mut self, from: &mut usize, now: Instant, all: bool) -> Option<Due> {
        let is_due = |kind: &Kind| kind.count > 0 && (all || kind.ends.is_some_and(|ends| now >= ends));
        let at = *from + self.0.iter().skip(*from).position(is_due)?;
        *from = at + 1;
        let kind = self.0.get_mut(at)?;
        Some(Due {
            at,
            count: mem::take(&mut kind.count),
            severity: kind.severity,
            record: mem::take(&mut kind.record),
        })
    }

    /// Gives a buffer back to the place it is from.
    pub(super) fn keep_buffer(&mut self, at: usize, buffer: Vec<u8>) {
        // Whoever needed one meanwhile has one of its own.
        if let Some(kind) = self.0.get_mut(at).filter(|kind| kind.record.capacity() == 0) {
            kind.record = buffer;
        }
    }

    /// When the first of the windows ends that something was left out in.
    pub(super) fn next_end(&self) -> Option<Instant> {
        self.0.iter().filter(|kind| kind.count > 0).filter_map(|kind| kind.ends).min()
    }

    /// The places where a kind may stand.
    fn ways(&mut self, hash: u64) -> &mut [Kind] {
        let sets = self.0.len() / WAYS;
        let (ways, _) = self.0.as_chunks_mut::<WAYS>();
        // The lowest byte has chosen the table already.
        let set = usize::try_from(hash >> 8).unwrap_or_default().checked_rem(sets).unwrap_or_default();
        ways.get_mut(set).map_or(&mut [], |ways| ways.as_mut_slice())
    }
}

impl Kind {
    fn is_free(&self, now: Instant) -> bool {
        self.count == 0 && self.ends.is_none_or(|ends| now >= ends)
    }

    fn count(&mut self, count: u64, severity: Severity, record: &[u8]) {
        if self.count == 0 {
            self.record.clear();
            self.record.reserve_exact(record.len());
            self.record.extend_from_slice(record);
        }
        self.count += count;
        self.severity = severity;
    }
}

/// Places that a kind may stand in.
const WAYS: usize = 4;
