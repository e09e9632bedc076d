//! What the lines' lock guards.

use std::collections::VecDeque;

use super::{
    OverflowPolicy, Seen, Ticket, WatchId,
    in_flight::{AllInFlight, InFlight},
    inbox::{Amount, Batch, Header, INBOXES, Inboxes},
    latency::Latency,
    ledger::Ledger,
    lost::Lost,
};
use crate::{
    event::{
        Severity,
        record::{Lane, Record},
    },
    loss::LossReason,
};

/// Bytes of buffers kept for reuse, and the largest buffer worth keeping. A few batches of small records find room, so that
/// one that lands leaves enough for the next.
const POOL_BYTES: usize = 1 << 20;
const POOL_BUFFER_BYTES: usize = 8 << 10;
/// What keeping a buffer costs besides its bytes, so that tiny ones are bounded too.
const POOL_BUFFER_COST: usize = 64;

/// Somebody's interest in every event accepted before some moment.
pub(super) struct Watch {
    pub(super) id: WatchId,
    pub(super) before: u64,
    pub(super) seen: Seen,
}

pub(super) struct State {
    /// One line per severity, so that shedding finds its victim at once; `seq` gives the order across them.
    pub(super) lines: [VecDeque<Ticket>; Severity::ALL.len()],
    /// What stands in them, or soon will: [`sort`](Self::sort) follows [`receive`](Self::receive) under one lock.
    pub(super) waiting: Amount,
    /// What came out of the inboxes.
    unsorted: [Batch; INBOXES],
    /// That of the next record that stands in line.
    pub(super) next_seq: u64,
    pub(super) closed: bool,
    pub(super) in_flight: AllInFlight,
    pub(super) ledger: Ledger,
    pub(super) latency: Latency,
    pub(super) lost: Lost,
    pub(super) watches: Vec<Watch>,
    pub(super) next_watch: u64,
    pool: Vec<Vec<u8>>,
    pool_bytes: usize,
}

impl State {
    pub(super) fn new(keep_lost: bool) -> Self {
        Self {
            lines: Default::default(),
            waiting: Amount::default(),
            unsorted: Default::default(),
            next_seq: 0,
            closed: false,
            in_flight: AllInFlight::default(),
            ledger: Ledger::default(),
            latency: Latency::new(),
            lost: Lost::new(keep_lost),
            watches: Vec::new(),
            next_watch: 0,
            pool: Vec::new(),
            pool_bytes: 0,
        }
    }

    /// Takes everything out of the inboxes, and leaves them empty batches.
    pub(super) fn receive(&mut self, inboxes: &mut Inboxes<'_>) {
        let room = inboxes.iter().fold(Amount::default(), |most, inbox| most.most(inbox.batch.room()));
        for (inbox, spare) in inboxes.iter_mut().zip(&mut self.unsorted) {
            self.waiting.add(inbox.batch.amount());
            // Grown here, none need grow under the hands of a caller who comes to another inbox for once.
            if inbox.batch.len() > 0 || inbox.batch.room() != room {
                spare.reserve(room);
                std::mem::swap(&mut inbox.batch, spare);
            }
        }
    }

    /// Puts what was received in line.
    pub(super) fn sort(&mut self) {
        if self.unsorted.iter().all(|batch| batch.len() == 0) {
            return;
        }
        let mut batches = std::mem::take(&mut self.unsorted);
        let mut left = batches.each_ref().map(Batch::iter);
        loop {
            let heads = left.iter_mut().filter_map(|records| Some((records.accepted_at()?, records)));
            let Some((header, body)) = heads.min_by_key(|(at, _)| *at).and_then(|(_, first)| first.next()) else {
                break;
            };
            let body = self.buffer(body);
            let Header { severity, lane, accepted_at, .. } = header;
            self.line_up(Record { severity, lane, accepted_at, body });
        }
        batches.iter_mut().for_each(Batch::clear);
        self.unsorted = batches;
    }

    pub(super) fn push(&mut self, record: Record) {
        self.waiting.more(&record.body);
        self.line_up(record);
    }

    fn line_up(&mut self, record: Record) {
        if let Some(line) = self.lines.get_mut(record.severity as usize) {
            line.push_back(Ticket { seq: self.next_seq, record });
            self.next_seq += 1;
        }
    }

    pub(super) fn pop(&mut self, line: usize) -> Option<Ticket> {
        let ticket = self.lines.get_mut(line)?.pop_front()?;
        self.waiting.less(&ticket.record.body);
        Some(ticket)
    }

    /// The line whose head was accepted first.
    pub(super) fn oldest(&self) -> Option<usize> {
        let heads = self.lines.iter().enumerate().filter_map(|(i, line)| Some((line.front()?.seq, i)));
        heads.min().map(|(_, line)| line)
    }

    /// The line that gives up its head.
    pub(super) fn victim(&self, policy: OverflowPolicy) -> Option<usize> {
        match policy {
            OverflowPolicy::DropOldest => self.oldest(),
            OverflowPolicy::DropNewest | OverflowPolicy::Block { .. } => None,
            OverflowPolicy::ShedLowestSeverity => self.lines.iter().position(|line| !line.is_empty()),
        }
    }

    pub(super) fn evict(&mut self, line: usize) {
        if let Some(ticket) = self.pop(line) {
            self.lose_waiting(ticket, LossReason::QueueFull);
        }
    }

    /// Books the loss of a record that waited.
    pub(super) fn lose_waiting(&mut self, ticket: Ticket, reason: LossReason) {
        let Record { severity, lane, body, .. } = ticket.record;
        self.saw(ticket.seq, Some(reason));
        self.book(reason, severity, lane, body);
    }

    /// Books the loss of a record that was in flight.
    pub(super) fn lose_flying(&mut self, landed: &InFlight, reason: LossReason, body: Vec<u8>) {
        self.saw(landed.seq, Some(reason));
        self.book(reason, landed.severity, landed.lane, body);
    }

    /// Books the loss of a record that never got in.
    pub(super) fn lose_offered(&mut self, severity: Severity, lane: Lane, body: &[u8]) {
        self.ledger.turned_away += 1;
        let body = self.buffer(body);
        self.book(LossReason::QueueFull, severity, lane, body);
    }

    fn book(&mut self, reason: LossReason, severity: Severity, lane: Lane, body: Vec<u8>) {
        self.ledger.lost.add(reason, 1);
        if let Some(buffer) = self.lost.add(reason, severity, lane, body) {
            self.recycle(buffer);
        }
    }

    /// Tells whoever is interested that a record left.
    pub(super) fn saw(&mut self, seq: u64, lost: Option<LossReason>) {
        for watch in self.watches.iter_mut().filter(|watch| seq < watch.before) {
            watch.seen.left = watch.seen.left.saturating_sub(1);
            match lost {
                None => watch.seen.delivered += 1,
                Some(reason) => watch.seen.lost.add(reason, 1),
            }
        }
    }

    /// `body` in a reused buffer of about its size, so that what the queue holds is what its bound says.
    pub(super) fn buffer(&mut self, body: &[u8]) -> Vec<u8> {
        let Some(mut buffer) = self.pool.pop() else { return body.to_vec() };
        self.pool_bytes -= buffer.capacity() + POOL_BUFFER_COST;
        if !(body.len()..=body.len() + body.len() / 4 + 64).contains(&buffer.capacity()) {
            return body.to_vec();
        }
        buffer.extend_from_slice(body);
        buffer
    }

    pub(super) fn recycle(&mut self, mut buffer: Vec<u8>) {
        let cost = buffer.capacity() + POOL_BUFFER_COST;
        if buffer.capacity() <= POOL_BUFFER_BYTES && self.pool_bytes + cost <= POOL_BYTES {
            buffer.clear();
            self.pool_bytes += cost;
            self.pool.push(buffer);
        }
    }
}
