//! What was taken and is not settled.

use std::{collections::VecDeque, time::Instant};

use super::Ticket;
use crate::event::{
    Severity,
    record::{Lane, Record},
};

/// A record that was taken and is not settled.
pub(super) struct InFlight {
    pub(super) seq: u64,
    pub(super) accepted_at: Instant,
    pub(super) severity: Severity,
    pub(super) lane: Lane,
    landed: bool,
}

/// All of them, in the order they were taken, which is that of `seq`: so one is found without looking at the others,
/// of which a batch lane has thousands.
#[derive(Default)]
pub(super) struct AllInFlight {
    /// Landed ones stay until they are the first, or many.
    entries: VecDeque<InFlight>,
    landed: usize,
}

impl AllInFlight {
    pub(super) fn len(&self) -> usize {
        self.entries.len() - self.landed
    }

    pub(super) fn push(&mut self, ticket: &Ticket) {
        let Record { severity, lane, accepted_at, .. } = ticket.record;
        self.entries.push_back(InFlight { seq: ticket.seq, accepted_at, severity, lane, landed: false });
    }

    /// Takes one off the list, if it is on it.
    pub(super) fn land(&mut self, seq: u64) -> Option<InFlight> {
        let at = self.entries.binary_search_by_key(&seq, |flying| flying.seq).ok()?;
        let entry = self.entries.get_mut(at).filter(|entry| !entry.landed)?;
        let landed = InFlight { ..*entry };
        entry.landed = true;
        self.landed += 1;
        while self.entries.front().is_some_and(|entry| entry.landed) {
            self.entries.pop_front();
            self.landed -= 1;
        }
        // One that takes long must not keep the places of all that came after it.
        if self.landed > 64 && self.landed > self.entries.len() / 2 {
            self.entries.retain(|entry| !entry.landed);
            self.landed = 0;
        }
        Some(landed)
    }

    /// Those that are left, oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &InFlight> {
        self.entries.iter().filter(|entry| !entry.landed)
    }

    /// Those that are left, oldest first.
    pub(super) fn into_iter(self) -> impl Iterator<Item = InFlight> {
        self.entries.into_iter().filter(|entry| !entry.landed)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_lands_once_in_whatever_order(count in 1..500_u64, landings in prop::collection::vec(0..500_u64, 0..600)) {
            let mut flying = AllInFlight::default();
            for seq in 0..count {
                let record =
                    Record { severity: Severity::Info, lane: Lane::Event, accepted_at: Instant::now(), body: Vec::new() };
                flying.push(&Ticket { seq: 3 * seq, record });
            }
            let mut left: Vec<u64> = (0..count).map(|seq| 3 * seq).collect();
            for seq in landings {
                let known = left.iter().position(|flying| *flying == seq).map(|at| left.remove(at));
                prop_assert_eq!(flying.land(seq).map(|landed| landed.seq), known);
                prop_assert_eq!(flying.len(), left.len());
            }
            prop_assert_eq!(flying.into_iter().map(|left| left.seq).collect::<Vec<_>>(), left);
        }
    }
}
