//! A sink's thread: takes what waits, writes it, and enters what became of it.

use std::{
    cell::Cell,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

use super::state::{End, Shared, Thread, Told};
use crate::{
    clock,
    context::suppress,
    event::json,
    loss::LossReason,
    queue::Ticket,
    retry::MAX_RETRY_AFTER,
    sink::{Fate, SinkBatch, SinkRecord, SinkWriter},
};

/// While records come, the thread looks for more this much after its last look, so that no caller has to wake it.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// After no record came for so long, the thread sleeps until one does, which wakes it at once.
const AWAKE_FOR: Duration = Duration::from_secs(1);

/// So many records are not left waiting for the next look.
const WAKE_AT: usize = 2000;

/// So many are written at once. It is also what a writer that panics costs at most.
const BATCH: usize = 128;

/// The least and the longest pause before a sink that failed is opened again.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// The least time between two lines in the application's log about the failures of a sink.
const COMPLAIN_EVERY: Duration = Duration::from_secs(60);

/// Runs until the sink is shut down. A panic of this library's own costs what was being written.
pub(super) fn run(shared: &Arc<Shared>) {
    suppress::mark_thread();
    shared.wait_for_predecessor();
    let mut complained_at = None;
    while catch_unwind(AssertUnwindSafe(|| Worker::new(shared, &mut complained_at).run())).is_err() {
        shared.queue.abandon_in_flight(LossReason::Internal);
    }
    shared.control().thread = Thread::Ended;
    shared.announce();
}

struct Worker<'a> {
    shared: &'a Shared,
    writer: Option<Box<dyn SinkWriter>>,
    /// What was taken and is not settled, oldest first.
    batch: Vec<Ticket>,
    pause: Duration,
    /// When what failed is tried again.
    retry_at: Option<Instant>,
    /// Until then it goes on looking without being woken.
    awake_until: Instant,
    complained_at: &'a mut Option<Instant>,
}

impl<'a> Worker<'a> {
    fn new(shared: &'a Shared, complained_at: &'a mut Option<Instant>) -> Self {
        Self {
            shared,
            writer: None,
            batch: Vec::new(),
            pause: FIRST_PAUSE,
            retry_at: None,
            awake_until: clock::now(),
            complained_at,
        }
    }

    fn run(mut self) {
        loop {
            let told = self.shared.told();
            if told.end == End::GivenUp {
                return self.give_up();
            }
            let now = clock::now();
            if told.hurry {
                self.pause = FIRST_PAUSE;
            }
            self.retry_at = self.retry_at.filter(|at| *at > now && !told.hurry);
            if self.batch.is_empty() {
                self.batch = self.shared.queue.take(BATCH);
                if !self.batch.is_empty() {
                    self.awake_until = now + AWAKE_FOR;
                }
            }
            let is_full = self.batch.len() == BATCH;
            if self.batch.is_empty() {
                if told.end == End::Closing {
                    return self.drop_writer();
                }
            } else if self.retry_at.is_none() {
                self.write();
                let is_more = is_full || told.end == End::Closing;
                if is_more && self.retry_at.is_none() {
                    continue;
                }
            }
            self.sleep(told);
        }
    }

    fn sleep(&self, told: Told) {
        let queue = &self.shared.queue;
        if let Some(at) = self.retry_at {
            // Whoever comes meanwhile waits like all others.
            queue.arm(usize::MAX);
            return self.shared.sleep(told, Some(at));
        }
        let now = clock::now();
        let awake = now < self.awake_until;
        if queue.arm(if awake { WAKE_AT } else { 1 }) {
            self.shared.sleep(told, awake.then_some(now + LOOK_EVERY));
        }
    }

    /// Writes the batch, and settles what became of it.
    fn write(&mut self) {
        let speaker = self.shared.speaker.load_full();
        let (accepted, wall) = (clock::now(), clock::wall());
        let at = |ticket: &Ticket| wall.checked_sub(accepted.saturating_duration_since(ticket.record.accepted_at));
        let records: Vec<_> = self
            .batch
            .iter()
            .map(|ticket| {
                let nanos = at(ticket).map(json::nanos).unwrap_or_default();
                SinkRecord::new(&ticket.record.body, ticket.record.severity, nanos, &speaker).at(ticket.seq)
            })
            .collect();
        let (fates, retry_after) = (vec![Cell::default(); records.len()], Cell::default());
        let batch = SinkBatch::new(records, &fates, &retry_after);
        let (writer, sink) = (&mut self.writer, &self.shared.sink);
        let mut is_open = writer.is_some();
        let result = catch_unwind(AssertUnwindSafe(|| {
            let writer = match writer {
                Some(writer) => writer,
                None => writer.insert(sink.open()?),
            };
            is_open = true;
            writer.write(&batch)
        }));
        drop(batch);
        let all = match &result {
            Ok(Ok(())) => Some(Ok(())),
            Ok(Err(error)) => (error.kind() == io::ErrorKind::InvalidData).then_some(Err(LossReason::Rejected)),
            // A sink that can't even be opened has not seen the records.
            Err(_) => is_open.then_some(Err(LossReason::Internal)),
        };
        self.settle(&fates, all);
        match result {
            Ok(Ok(())) => (self.retry_at, self.pause) = (None, FIRST_PAUSE),
            Ok(Err(error)) => self.failed(error, retry_after.get()),
            Err(_) => self.failed(io::Error::other("the sink panicked"), None),
        }
        self.shared.announce();
    }

    /// Enters what became of the batch: of each record what the writer said, or else what is true of all of them, or it
    /// stays.
    fn settle(&mut self, fates: &[Cell<Fate>], all: Option<Result<(), LossReason>>) {
        let (mut written, mut left) = (Vec::with_capacity(self.batch.len()), Vec::new());
        for (ticket, fate) in self.batch.drain(..).zip(fates) {
            let fate = match fate.get() {
                Fate::Open => all,
                Fate::Written => Some(Ok(())),
                Fate::Rejected => Some(Err(LossReason::Rejected)),
            };
            match fate {
                None => left.push(ticket),
                Some(Ok(())) => written.push((ticket.seq, ticket.record.body)),
                Some(Err(reason)) => self.shared.queue.lost(ticket.seq, reason, ticket.record.body),
            }
        }
        self.batch = left;
        self.shared.queue.delivered(clock::now(), &mut written.into_iter());
    }

    fn failed(&mut self, error: io::Error, retry_after: Option<Duration>) {
        self.drop_writer();
        let now = clock::now();
        let pause = retry_after.map_or(self.pause, |pause| pause.clamp(FIRST_PAUSE, MAX_RETRY_AFTER));
        self.retry_at = Some(now + pause);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        if self.complained_at.is_none_or(|at| now >= at + COMPLAIN_EVERY) {
            *self.complained_at = Some(now);
            let _panicked = catch_unwind(AssertUnwindSafe(|| {
                tracing::warn!(
                    target: "axonpush",
                    sink = &*self.shared.name,
                    error = %error,
                    "a sink failed; its records wait, and AxonPush::sink_stats tells what becomes of them"
                );
            }));
        }
        self.shared.remember(error);
    }

    /// Closes the sink, which may be code of the application.
    fn drop_writer(&mut self) {
        let writer = self.writer.take();
        let _panicked = catch_unwind(AssertUnwindSafe(|| drop(writer)));
    }

    /// Enters that everything is lost.
    fn give_up(mut self) {
        let bodies = self.batch.drain(..).map(|ticket| (ticket.seq, ticket.record.body)).collect();
        self.shared.queue.abandon(LossReason::Shutdown, bodies);
        self.drop_writer();
    }
}
