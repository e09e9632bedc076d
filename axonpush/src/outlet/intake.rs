//! Where callers leave records for all sinks, once.

use std::time::Instant;

use crate::event::{Severity, record::MAX_EVENT_BYTES};

/// What waits to be passed on, and what its lock guards besides.
#[derive(Default)]
pub(super) struct Intake {
    batch: Batch,
    closed: bool,
    /// So many records wake whoever passes them on, and half as many bytes as find room.
    wake_at: usize,
}

/// Records in the order in which they came, in memory that goes back and forth between two of these.
#[derive(Default)]
pub(super) struct Batch {
    headers: Vec<Header>,
    /// Theirs, end to end.
    bodies: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    pub(super) accepted_at: Instant,
    pub(super) severity: Severity,
    pub(super) wanted: Wanted,
    len: u32,
}

/// Sinks, by their places: a bit each.
pub(super) type Wanted = u64;

/// So many can be told apart.
pub(super) const MAX_SINKS: usize = Wanted::BITS as usize;

/// What became of a record that was left here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// It waits. `wake`: somebody is to be woken.
    Here { wake: bool },
    /// There is no room until what waits is passed on.
    Full,
    /// Nothing is taken any more.
    Closed,
}

/// Bytes and records that wait; any record finds room where none does.
const MAX_BYTES: usize = MAX_EVENT_BYTES;
const MAX_RECORDS: usize = 2048;

/// Somebody is on his way.
const WOKEN: usize = usize::MAX;

impl Intake {
    /// One that wakes with its first record.
    pub(super) fn new() -> Self {
        Self { wake_at: 1, ..Self::default() }
    }

    pub(super) fn push(&mut self, severity: Severity, wanted: Wanted, accepted_at: Instant, body: &[u8]) -> Left {
        if self.closed {
            return Left::Closed;
        }
        if !self.batch.push(severity, wanted, accepted_at, body) {
            return Left::Full;
        }
        let is_due = self.batch.headers.len() >= self.wake_at || self.batch.bodies.len() >= MAX_BYTES / 2;
        let wake = is_due && self.wake_at != WOKEN;
        if wake {
            self.wake_at = WOKEN;
        }
        Left::Here { wake }
    }

    /// Gives what waits for an empty batch.
    pub(super) fn swap(&mut self, empty: &mut Batch) {
        std::mem::swap(&mut self.batch, empty);
    }

    /// Asks for a wake-up: by the next record, or, from one who looks by himself, where it is high time. `false`: it is so
    /// far already.
    pub(super) fn arm(&mut self, looks: bool) -> bool {
        let wake_at = if looks { MAX_RECORDS / 2 } else { 1 };
        let idle = self.batch.headers.len() < wake_at;
        self.wake_at = if idle { wake_at } else { WOKEN };
        idle
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
    }
}

impl Batch {
    /// `false`: there is no room.
    fn push(&mut self, severity: Severity, wanted: Wanted, accepted_at: Instant, body: &[u8]) -> bool {
        let used = self.bodies.len();
        let is_full = self.headers.len() == MAX_RECORDS || used + body.len() > MAX_BYTES;
        let Ok(len) = u32::try_from(body.len()) else { return false };
        if is_full && used > 0 {
            return false;
        }
        self.headers.push(Header { accepted_at, severity, wanted, len });
        if used + body.len() > self.bodies.capacity() {
            // Twice as much as before, as a vector would do by itself, but hardly beyond the bound.
            let room = (2 * self.bodies.capacity()).clamp(used + body.len(), MAX_BYTES.max(used + body.len()));
            self.bodies.reserve_exact(room - used);
        }
        self.bodies.extend_from_slice(body);
        true
    }

    /// Every record with its body, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Header, &[u8])> {
        let mut bodies = self.bodies.as_slice();
        self.headers.iter().map_while(move |header| {
            let (body, behind) = bodies.split_at_checked(header.len as usize)?;
            bodies = behind;
            Some((header, body))
        })
    }

    #[cfg(all(test, axonpush_loom))]
    pub(super) fn is_empty(&self) -> bool {
        self.headers.is_empty()
    }

    /// Empties it, and keeps its memory.
    pub(super) fn clear(&mut self) {
        self.headers.clear();
        self.bodies.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    fn push(intake: &mut Intake, bytes: usize) -> Left {
        intake.push(Severity::Info, 1, clock::now(), &vec![b'x'; bytes])
    }

    #[test]
    fn the_first_record_wakes_and_the_next_ones_only_when_it_is_high_time() {
        let mut intake = Intake::new();
        assert_eq!(push(&mut intake, 10), Left::Here { wake: true });
        assert_eq!(push(&mut intake, MAX_BYTES / 2), Left::Here { wake: false });
        let mut taken = Batch::default();
        intake.swap(&mut taken);
        assert!(intake.arm(true));
        assert_eq!([push(&mut intake, 1), push(&mut intake, 1)], [Left::Here { wake: false }; 2]);
        assert_eq!(push(&mut intake, MAX_BYTES / 2), Left::Here { wake: true });
        assert!(!intake.arm(false));
    }

    #[test]
    fn any_record_finds_room_in_an_empty_intake_and_none_in_a_full_one() {
        let mut intake = Intake::new();
        assert_eq!(push(&mut intake, MAX_EVENT_BYTES + 1), Left::Here { wake: true });
        assert_eq!(push(&mut intake, 1), Left::Full);
        let mut taken = Batch::default();
        intake.swap(&mut taken);
        assert_eq!(taken.iter().map(|(_, body)| body.len()).collect::<Vec<_>>(), [MAX_EVENT_BYTES + 1]);
        for _ in 0..MAX_RECORDS {
            assert_ne!(push(&mut intake, 1), Left::Full);
        }
        assert_eq!(push(&mut intake, 1), Left::Full);
        intake.close();
        assert_eq!(push(&mut intake, 1), Left::Closed);
    }
}
