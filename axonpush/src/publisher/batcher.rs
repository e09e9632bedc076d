//! Groups records into requests the server will take. A batch closes on count, bytes or age, whichever comes first. It
//! never sleeps and never does I/O: the worker asks, it answers.

use std::time::Instant;

use crate::sink::BatchPolicy;
use crate::{
    event::{draft, record::Lane, scan},
    queue::Ticket,
};

/// Batches that are filling up, one for each lane and channel.
#[derive(Debug)]
pub(super) struct Batcher {
    policy: BatchPolicy,
    open: Vec<Open>,
}

#[derive(Debug)]
struct Open {
    lane: Lane,
    /// The channel's JSON text; empty when the records name none.
    channel: Vec<u8>,
    tickets: Vec<Ticket>,
    bytes: usize,
    due: Instant,
}

impl Batcher {
    pub(super) fn new(policy: BatchPolicy) -> Self {
        Self { policy, open: Vec::new() }
    }

    /// Adds a record; hands out the batch that this closes, if it closes one.
    pub(super) fn push(&mut self, ticket: Ticket, now: Instant) -> Option<Vec<Ticket>> {
        let (lane, size) = (ticket.record.lane, ticket.record.body.len());
        let channel = channel(&ticket.record.body);
        let at = self.open.iter().position(|open| open.lane == lane && open.channel == channel);
        let overfull =
            at.filter(|at| self.open.get(*at).is_some_and(|open| open.bytes + size > *self.policy.max_bytes));
        // This one does not fit any more; the others go without it.
        let closed = overfull.map(|at| self.open.swap_remove(at).tickets);
        let at = at.filter(|_| closed.is_none()).unwrap_or_else(|| {
            let channel = channel.to_vec();
            self.open.push(Open { lane, channel, tickets: Vec::new(), bytes: 0, due: now + *self.policy.max_age });
            self.open.len() - 1
        });
        let open = self.open.get_mut(at)?;
        open.bytes += size;
        open.tickets.push(ticket);
        if closed.is_none() && open.tickets.len() >= *self.policy.max_events {
            return Some(self.open.swap_remove(at).tickets);
        }
        closed
    }

    /// Batches that have waited for long enough.
    pub(super) fn due(&mut self, now: Instant) -> Vec<Vec<Ticket>> {
        self.open.extract_if(.., |open| open.due <= now).map(|open| open.tickets).collect()
    }

    /// Every batch, full or not.
    pub(super) fn all(&mut self) -> Vec<Vec<Ticket>> {
        self.open.drain(..).map(|open| open.tickets).collect()
    }

    /// When the next batch has waited for long enough.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.open.iter().map(|open| open.due).min()
    }
}

fn channel(body: &[u8]) -> &[u8] {
    if draft::is_draft(body) {
        return draft::channel(body);
    }
    scan::entry(body, "channel_id").and_then(|range| body.get(range)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::event::{Severity, record::Record};

    fn ticket(seq: u64, lane: Lane, channel: &str, size: usize, now: Instant) -> Ticket {
        let body = format!(r#"{{"channel_id":"{channel}","x":"{}"}}"#, "x".repeat(size)).into_bytes();
        Ticket { seq, record: Record { severity: Severity::Info, lane, accepted_at: now, body } }
    }

    #[test]
    fn a_batch_closes_on_count() {
        let now = Instant::now();
        let mut batcher = Batcher::new(BatchPolicy::new().max_events(3));
        assert!(batcher.push(ticket(0, Lane::Logs, "a", 1, now), now).is_none());
        assert!(batcher.push(ticket(1, Lane::Logs, "a", 1, now), now).is_none());
        assert_eq!(batcher.push(ticket(2, Lane::Logs, "a", 1, now), now).unwrap().len(), 3);
        assert!(batcher.next_due().is_none());
    }

    #[test]
    fn a_steady_trickle_still_leaves_on_age() {
        let start = Instant::now();
        let mut batcher = Batcher::new(BatchPolicy::new().max_age(Duration::from_secs(1)));
        let mut left = 0;
        for millis in 0..5000 {
            let now = start + Duration::from_millis(millis);
            left += batcher.due(now).into_iter().map(|batch| batch.len()).sum::<usize>();
            left += batcher.push(ticket(millis, Lane::Logs, "a", 1, now), now).map_or(0, |batch| batch.len());
        }
        assert!(left >= 3999, "{left}");
    }

    #[test]
    fn channels_and_lanes_are_never_mixed() {
        let now = Instant::now();
        let mut batcher = Batcher::new(BatchPolicy::new());
        for (seq, (lane, channel)) in
            [(Lane::Logs, "a"), (Lane::Logs, "b"), (Lane::Spans, "a"), (Lane::Logs, "a")].into_iter().enumerate()
        {
            batcher.push(ticket(seq as u64, lane, channel, 1, now), now);
        }
        let mut seqs: Vec<Vec<u64>> =
            batcher.all().into_iter().map(|batch| batch.iter().map(|ticket| ticket.seq).collect()).collect();
        seqs.sort();
        assert_eq!(seqs, [vec![0, 3], vec![1], vec![2]]);
    }

    proptest! {
        #[test]
        fn no_batch_exceeds_its_limits_and_no_record_is_lost_or_doubled(sizes in prop::collection::vec(1..400_usize, 0..100)) {
            let now = Instant::now();
            let policy = BatchPolicy::new().max_events(7).max_bytes(1000);
            let mut batcher = Batcher::new(policy);
            let mut batches = Vec::new();
            for (seq, size) in sizes.iter().enumerate() {
                batches.extend(batcher.push(ticket(seq as u64, Lane::Logs, "a", *size, now), now));
            }
            batches.extend(batcher.all());
            for batch in &batches {
                let bytes: usize = batch.iter().map(|ticket| ticket.record.body.len()).sum();
                prop_assert!(batch.len() <= 7 && (bytes <= 1000 || batch.len() == 1));
            }
            let mut seqs: Vec<u64> = batches.iter().flatten().map(|ticket| ticket.seq).collect();
            seqs.sort_unstable();
            prop_assert_eq!(seqs, (0..sizes.len() as u64).collect::<Vec<_>>());
        }
    }
}
