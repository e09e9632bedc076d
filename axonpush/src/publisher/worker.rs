//! The loop: take records, send them, settle the books, answer questions.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::{
    sync::mpsc,
    task::{Id, JoinError, JoinSet},
};

use super::{
    CONCURRENCY, FlushReport, Shared,
    control::{Control, Settle},
};
use crate::{
    clock,
    error::Error,
    loss::{LossReason, Losses},
    queue::{Mark, Outcome, Ticket},
    retry::{Retry, RetryPolicy},
    sink,
};

/// After sending something the worker looks again this much later before it goes to sleep. Meanwhile nobody has to
/// wake it, which would cost the caller more than handing an event over does.
const LINGER: Duration = Duration::from_millis(20);

/// So many events waiting end a linger early.
const BATCH: usize = CONCURRENCY;

/// Runs until a shutdown is complete or its deadline passes.
pub(super) async fn run(shared: Arc<Shared>, control: mpsc::UnboundedReceiver<Control>, retry: RetryPolicy) {
    let worker = Worker {
        shared,
        control,
        retry,
        deliveries: JoinSet::new(),
        seqs: HashMap::new(),
        flushes: Vec::new(),
        shutdown: Vec::new(),
        linger_until: None,
    };
    worker.run().await;
}

struct Worker {
    shared: Arc<Shared>,
    control: mpsc::UnboundedReceiver<Control>,
    retry: RetryPolicy,
    deliveries: JoinSet<Delivery>,
    /// Which record a delivery is for; a delivery that panicked can't say it itself.
    seqs: HashMap<Id, u64>,
    flushes: Vec<Waiter>,
    /// Once not empty, the worker is on its way out.
    shutdown: Vec<Waiter>,
    linger_until: Option<Instant>,
}

/// How the delivery of one record ended.
struct Delivery {
    result: Result<(), Error>,
    /// The record's buffer, for reuse.
    buffer: Option<Vec<u8>>,
}

impl Worker {
    async fn run(mut self) {
        loop {
            self.dispatch();
            let now = clock::now();
            self.answer_flushes(now);
            if self.is_done(now) {
                break self.end();
            }
            let timer = self.next_timer();
            tokio::select! {
                biased;
                Some(control) = self.control.recv() => self.obey(control),
                Some(ended) = self.deliveries.join_next_with_id() => self.settle(ended),
                () = self.shared.wake.notified() => {}
                () = sleep_until(timer) => {}
            }
        }
    }

    /// Starts as many deliveries as there is room for, then arranges to be woken for the next.
    fn dispatch(&mut self) {
        loop {
            let free = CONCURRENCY - self.deliveries.len();
            let taken = self.shared.queue.take(free);
            let found = taken.len();
            for ticket in taken {
                self.deliver(ticket);
            }
            let threshold = if found == free {
                // A delivery that ends is the wake-up.
                self.linger_until = None;
                usize::MAX
            } else {
                let now = clock::now();
                if found > 0 {
                    self.linger_until = Some(now + LINGER);
                } else if self.linger_until.is_some_and(|until| until <= now) {
                    self.linger_until = None;
                }
                if self.linger_until.is_some() { BATCH } else { 1 }
            };
            if self.shared.queue.arm(threshold) {
                return;
            }
        }
    }

    fn deliver(&mut self, ticket: Ticket) {
        let shared = Arc::clone(&self.shared);
        let Ticket { seq, record } = ticket;
        let retry = Retry::new(None, record.accepted_at + self.retry.delivery_deadline);
        let task = self.deliveries.spawn(async move {
            let body = Bytes::from(record.body);
            let hurry = shared.hurry.subscribe();
            let what = "delivering an event from the queue";
            let result = sink::events::publish(&shared.transport, what, body.clone(), retry, hurry).await.map(drop);
            Delivery { result, buffer: body.is_unique().then(|| body.into()) }
        });
        self.seqs.insert(task.id(), seq);
    }

    fn settle(&mut self, ended: Result<(Id, Delivery), JoinError>) {
        let (id, outcome, buffer) = match ended {
            Ok((id, Delivery { result: Ok(()), buffer })) => (id, Outcome::Delivered, buffer),
            Ok((id, Delivery { result: Err(error), buffer })) => {
                let reason = reason(&error);
                self.shared.remember(error);
                (id, Outcome::Lost(reason), buffer)
            }
            Err(panicked) => (panicked.id(), Outcome::Lost(LossReason::Internal), None),
        };
        let Some(seq) = self.seqs.remove(&id) else { return };
        self.shared.queue.settle(seq, outcome, buffer);
        for waiter in self.flushes.iter_mut().chain(&mut self.shutdown) {
            waiter.saw(seq, outcome);
        }
    }

    fn obey(&mut self, control: Control) {
        match control {
            Control::Flush(settle) => self.flushes.push(Waiter::new(settle, self.shared.queue.mark())),
            Control::Shutdown(settle) => {
                self.shutdown.push(Waiter::new(settle, self.shared.queue.mark()));
                // Whoever waits for a second attempt makes it now; there may be no later.
                self.shared.hurry.send_replace(true);
            }
        }
    }

    fn answer_flushes(&mut self, now: Instant) {
        let shared = &self.shared;
        for waiter in self
            .flushes
            .extract_if(.., |waiter| waiter.settle.deadline <= now || shared.queue.outstanding(waiter.mark) == 0)
        {
            waiter.answer(shared);
        }
    }

    fn is_done(&self, now: Instant) -> bool {
        let Some(deadline) = self.shutdown.iter().map(|waiter| waiter.settle.deadline).min() else { return false };
        let idle = self.deliveries.is_empty() && self.shared.queue.tally().queued == 0;
        deadline <= now || (idle && self.shared.calls.load(Ordering::Acquire) == 0)
    }

    fn next_timer(&self) -> Option<Instant> {
        let deadlines = self.flushes.iter().chain(&self.shutdown).map(|waiter| waiter.settle.deadline);
        deadlines.chain(self.linger_until).min()
    }

    /// Answers everyone who still waits, then writes off what is left.
    fn end(mut self) {
        self.control.close();
        while let Ok(control) = self.control.try_recv() {
            self.obey(control);
        }
        self.deliveries.abort_all();
        let waiters = std::mem::take(&mut self.flushes).into_iter().chain(std::mem::take(&mut self.shutdown));
        let answers: Vec<_> = waiters.map(|waiter| waiter.close(&self.shared)).collect();
        self.shared.queue.abandon(LossReason::Shutdown);
        for (done, report) in answers {
            // Whoever asked may have stopped waiting.
            let _gone = done.send(report);
        }
    }
}

/// Someone who waits for a report, and what it will say.
struct Waiter {
    settle: Settle,
    mark: Mark,
    delivered: u64,
    lost: Losses,
}

impl Waiter {
    fn new(settle: Settle, mark: Mark) -> Self {
        Self { settle, mark, delivered: 0, lost: Losses::default() }
    }

    fn saw(&mut self, seq: u64, outcome: Outcome) {
        if seq >= self.mark.before {
            return;
        }
        match outcome {
            Outcome::Delivered => self.delivered += 1,
            Outcome::Lost(reason) => self.lost.add(reason, 1),
        }
    }

    fn answer(self, shared: &Shared) {
        let (done, report) = self.close(shared);
        // Whoever asked may have stopped waiting.
        let _gone = done.send(report);
    }

    fn close(mut self, shared: &Shared) -> (tokio::sync::oneshot::Sender<FlushReport>, FlushReport) {
        let left = shared.queue.outstanding(self.mark);
        // What neither left through the worker nor is still here was pushed out by newer events.
        let evicted = self.mark.pending.saturating_sub(self.delivered + self.lost.total() + left);
        self.lost.add(LossReason::QueueFull, evicted);
        (self.settle.done, FlushReport { delivered: self.delivered, lost: self.lost, left })
    }
}

/// Why a record was lost, from the last error of its delivery.
fn reason(error: &Error) -> LossReason {
    if error.is_unauthorized() {
        LossReason::Unauthorized
    } else if error.is_unconfirmed() {
        LossReason::BadResponse
    } else if error.is_retryable() {
        LossReason::Expired
    } else {
        LossReason::Rejected
    }
}

async fn sleep_until(timer: Option<Instant>) {
    match timer {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
