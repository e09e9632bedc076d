//! A sink's thread: takes what waits, writes it, and enters what became of it.

use std::{
    cell::Cell,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

use super::state::{Due, End, Shared, Thread};
use crate::{
    clock,
    context::suppress,
    loss::LossReason,
    retry::{BreakerState, MAX_RETRY_AFTER},
    sink::{Fate, SinkBatch, SinkRecord, SinkWriter},
};

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
        shared.take_in_hand(Vec::new);
    }
    shared.control().thread = Thread::Ended;
    shared.announce();
}

struct Worker<'a> {
    shared: &'a Shared,
    writer: Option<Box<dyn SinkWriter>>,
    /// Somebody waits for what is in the queue: batches need not be complete.
    hurried: bool,
    pause: Duration,
    /// When what failed is tried again.
    retry_at: Option<Instant>,
    complained_at: &'a mut Option<Instant>,
}

impl<'a> Worker<'a> {
    fn new(shared: &'a Shared, complained_at: &'a mut Option<Instant>) -> Self {
        Self { shared, writer: None, hurried: false, pause: FIRST_PAUSE, retry_at: None, complained_at }
    }

    fn run(mut self) {
        loop {
            let told = self.shared.told();
            if told.end == End::GivenUp {
                self.shared.give_up();
                return self.drop_writer();
            }
            let now = clock::now();
            if told.hurry {
                self.pause = FIRST_PAUSE;
            }
            self.hurried |= told.hurry || told.end == End::Closing;
            self.retry_at = self.retry_at.filter(|at| *at > now && !told.hurry);
            self.shared.tell_losses();
            if let Some(at) = self.retry_at {
                // Whoever comes meanwhile waits like all others.
                self.shared.sleep(told, Due::NOTHING, Some(at));
                continue;
            }
            match self.next(now) {
                Next::Write => self.write(),
                Next::Wait(due, until) if told.end == End::Open => self.shared.sleep(told, due, until),
                Next::Wait(..) => return self.drop_writer(),
            }
        }
    }

    /// Takes the next batch in hand, or says what is to be waited for.
    fn next(&mut self, now: Instant) -> Next {
        let (queue, batches) = (&self.shared.queue, &self.shared.batches);
        if !self.shared.in_hand().tickets.is_empty() {
            return Next::Write;
        }
        let complete = Due { events: *batches.max_events, bytes: *batches.max_bytes };
        let (tally, oldest) = (queue.tally(), queue.oldest());
        let Some(oldest) = oldest.filter(|_| tally.queued > 0) else {
            self.hurried = false;
            return Next::Wait(Due::ANYTHING, None);
        };
        let until = clock::after(oldest, *batches.max_age);
        if !self.hurried && !complete.is_met(&tally) && now < until {
            return Next::Wait(complete, Some(until));
        }
        self.shared.take_in_hand(|| queue.take_within(complete.events, complete.bytes));
        // What is given up at this very moment is no more to be written.
        if self.shared.in_hand().tickets.is_empty() { Next::Wait(Due::ANYTHING, None) } else { Next::Write }
    }

    /// Writes the batch, and settles what became of it.
    fn write(&mut self) {
        let in_hand = self.shared.in_hand();
        let speaker = self.shared.speaker.load_full();
        let records: Vec<_> = in_hand
            .tickets
            .iter()
            .map(|ticket| {
                let at = in_hand.accepted_at(ticket);
                SinkRecord::new(&ticket.record.body, ticket.record.severity, at, &speaker).at(ticket.seq)
            })
            .collect();
        let (fates, retry_after) = (vec![Cell::default(); records.len()], Cell::default());
        let batch = SinkBatch::new(records, &fates, &retry_after);
        if self.writer.is_none() && self.shared.control().breaker == BreakerState::Open {
            self.shared.control().breaker = BreakerState::HalfOpen;
        }
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
        drop(in_hand);
        let all = match &result {
            Ok(Ok(())) => Some(Ok(())),
            Ok(Err(error)) => (error.kind() == io::ErrorKind::InvalidData).then_some(Err(LossReason::Rejected)),
            // A sink that can't even be opened has not seen the records.
            Err(_) => is_open.then_some(Err(LossReason::Internal)),
        };
        // A writer that knows what became of each record is well, whatever it complains of.
        let is_told = fates.iter().all(|fate| fate.get() != Fate::Open);
        let is_well = matches!(result, Ok(Ok(()))) || (is_told && result.is_ok());
        // First, so that whoever waits for what is settled finds what is said of it.
        if is_well {
            (self.retry_at, self.pause) = (None, FIRST_PAUSE);
            self.shared.control().breaker = BreakerState::Closed;
        } else {
            self.rest(retry_after.get());
        }
        if let Some(error) = result.map_or_else(|_| Some(io::Error::other("the sink panicked")), Result::err) {
            self.complain(error);
        }
        self.settle(&fates, all);
        self.shared.announce();
    }

    /// Enters what became of the batch: of each record what the writer said, or else what is true of all of them, or it
    /// stays.
    fn settle(&mut self, fates: &[Cell<Fate>], all: Option<Result<(), LossReason>>) {
        self.shared.with_in_hand(|tickets| {
            let (mut written, mut left) = (Vec::with_capacity(fates.len()), Vec::new());
            for (ticket, fate) in tickets.drain(..).zip(fates) {
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
            *tickets = left;
            self.shared.queue.delivered(clock::now(), &mut written.into_iter());
        });
    }

    /// Closes the sink, and leaves it alone for a while.
    fn rest(&mut self, asked: Option<Duration>) {
        self.drop_writer();
        self.shared.control().breaker = BreakerState::Open;
        let pause = asked.map_or(self.pause, |pause| pause.clamp(FIRST_PAUSE, MAX_RETRY_AFTER));
        self.retry_at = Some(clock::now() + pause);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }

    /// Remembers an error, and says it in the application's log, where it was not said of this sink just now.
    fn complain(&mut self, error: io::Error) {
        let now = clock::now();
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
}

/// What there is to do.
enum Next {
    /// A batch is in hand.
    Write,
    /// Until so much is here, or some time has passed.
    Wait(Due, Option<Instant>),
}
