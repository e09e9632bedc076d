//! The background publisher: a queue, and the worker that empties it.
//!
//! The worker owns a thread with a runtime of its own. It outlives the application's runtime, works without one, and
//! lets anyone wait for it from anywhere: async code, blocking code, a `Drop`. All of the SDK's network I/O runs
//! there, so the re-entrancy mark of that thread covers every line an HTTP library logs (see [`suppress`]).

mod batcher;
mod block_on;
mod chores;
mod complaints;
mod contain;
mod control;
mod counts;
mod deliveries;
mod flight;
#[cfg(test)]
mod histories;
mod losses;
mod policy;
mod report;
mod state;
mod thread;
mod waiter;
mod worker;

use std::{
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::runtime::Handle;

pub(crate) use self::{
    block_on::{block_on, block_on_until},
    chores::Chores,
    losses::{LossEncoder, LossHook, LossPolicy},
};
use self::{
    control::{Control, Settle},
    counts::Counts,
    state::{Call, Shared},
    thread::WorkerThread,
};
pub use self::{
    policy::{DeliveryLane, DeliveryMode, DeliveryPolicy},
    report::{FlushReport, Health, Stats},
};
use crate::{
    clock,
    context::suppress,
    error::{Error, Kind},
    event::{Receipt, Severity, record::Lane},
    loss::LossReason,
    queue::{Offer, Queue, QueuePolicy, WatchId, WhenFull},
    retry::{Retry, RetryPolicy},
    sink,
    sync::{Mutex, MutexGuard, oneshot},
    transport::{Request, Transport},
};

/// What a publisher is told.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) queue: QueuePolicy,
    pub(crate) retry: RetryPolicy,
    pub(crate) delivery: DeliveryPolicy,
    pub(crate) losses: LossPolicy,
    pub(crate) chores: Chores,
    /// How long a call, or handing over in [`DeliveryMode::Sync`], may take in all.
    pub(crate) timeout: Duration,
}

/// A handle to the worker and its queue. One per client; the client's clones share it.
pub(crate) struct Publisher {
    shared: Arc<Shared>,
    settings: Settings,
    worker: Mutex<Worker>,
    counts: Counts,
}

enum Worker {
    /// The thread is started by the first event, so that a client costs nothing until it is used.
    NotStarted,
    Running(WorkerThread),
    Stopped,
}

/// What became of an event that was handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// It is here, or was delivered already.
    Kept,
    /// The queue's policy preferred others.
    Lost,
}

impl Publisher {
    pub(crate) fn new(transport: Transport, settings: Settings) -> Self {
        Self {
            shared: Arc::new(Shared::new(transport, settings.clone())),
            settings,
            worker: Mutex::new(Worker::NotStarted),
            counts: Counts::default(),
        }
    }

    /// The publisher of a child process: an empty queue, no worker yet, no connection of the parent's. Without a
    /// transport of its own it takes nothing.
    pub(crate) fn for_child(&self, transport: Result<Transport, Error>) -> Self {
        match transport {
            Ok(transport) => Self::new(transport, self.settings.clone()),
            Err(error) => {
                let closed = Self::new(Transport::clone(&self.shared.transport.load()), self.settings.clone());
                closed.shared.queue.close();
                closed.shared.remember(error);
                closed
            }
        }
    }

    /// Counts an event that the SDK's own work had led to.
    pub(crate) fn suppressed(&self) {
        self.counts.suppressed();
    }

    /// Which way events of a type travel.
    pub(crate) fn lane(&self, is_log: bool, is_span: bool) -> Lane {
        self.shared.delivery.lane(is_log, is_span)
    }

    /// Hands an encoded event over. Never blocks and never does I/O, unless the policies say so.
    ///
    /// # Errors
    ///
    /// When the publisher is closed, or, with [`WhenFull::GiveBack`], full.
    pub(crate) fn enqueue(
        &self,
        severity: Severity,
        lane: Lane,
        body: &[u8],
        when: WhenFull,
    ) -> Result<Accepted, Error> {
        self.enqueue_at(clock::now(), severity, lane, body, when)
    }

    /// As [`enqueue`](Self::enqueue), for whoever has looked at the clock.
    pub(crate) fn enqueue_at(
        &self,
        now: Instant,
        severity: Severity,
        lane: Lane,
        body: &[u8],
        when: WhenFull,
    ) -> Result<Accepted, Error> {
        let accepted = match self.shared.queue.offer(severity, lane, now, body, when) {
            Offer::Accepted { wake: false } => Accepted::Kept,
            Offer::Accepted { wake: true } => {
                self.wake();
                Accepted::Kept
            }
            Offer::Lost => Accepted::Lost,
            Offer::Full => {
                return Err(Error::new(Kind::QueueFull, "the event queue is full; try again later, or use enqueue"));
            }
            Offer::Closed => return Err(Error::closed()),
        };
        if *self.shared.delivery.mode == DeliveryMode::Sync && when != WhenFull::ApplyPolicyAtOnce {
            let _settled = self.block_on(self.flush(self.settings.timeout));
        }
        Ok(accepted)
    }

    /// Counts an event that was not accepted, and remembers why.
    pub(crate) fn refuse(&self, error: Error) {
        self.counts.refused();
        self.shared.remember(error);
    }

    /// Counts log records that were left out on purpose.
    pub(crate) fn filter(&self, count: u64) {
        self.counts.filtered(count);
    }

    /// Remembers why something went wrong.
    pub(crate) fn remember(&self, error: Error) {
        self.shared.remember(error);
    }

    /// Sends what waits, and what is to come, another way. Attempts under way go on as they began.
    pub(crate) fn renew(&self, transport: Transport) {
        self.shared.transport.store(Arc::new(transport));
        if let Some(thread) = self.running() {
            // A worker that has ended sends nothing more.
            let _ended = thread.control(Control::Renewed);
        }
    }

    /// Sends one encoded event now and awaits the receipt. Dropping the future abandons the request.
    pub(crate) async fn publish(&self, body: Bytes) -> Result<Receipt, Error> {
        self.send(sink::events::request(body), Receipt::parse).await
    }

    /// Sends any request and reads its answer.
    pub(crate) async fn send<T: Send + 'static>(
        &self,
        request: Request,
        read: fn(&[u8]) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let deadline = clock::after(clock::now(), self.settings.timeout);
        let retry = Retry::new(Some(*self.shared.retry.max_retries), deadline);
        self.run(move |shared| async move {
            let shutdown = shared.shutdown_at.subscribe();
            let transport = shared.transport.load_full();
            transport.send(&request, retry, shutdown, read).await
        })
        .await
    }

    /// Settles every event accepted before this call.
    pub(crate) fn flush(&self, timeout: Duration) -> impl Future<Output = FlushReport> + use<> {
        let watch = self.shared.queue.watch();
        let asked = self.ask(Control::Flush, watch, timeout);
        self.report(asked, watch)
    }

    /// Refuses new events, settles the rest, and ends the worker.
    pub(crate) fn shutdown(&self, timeout: Duration) -> impl Future<Output = FlushReport> + use<> {
        self.shared.queue.close();
        let watch = self.shared.queue.watch();
        let mut asked = self.ask(Control::Shutdown, watch, timeout);
        if asked.is_none() && !self.start_no_more() {
            // It had ended, or a call has started it meanwhile; the answer tells.
            asked = self.ask(Control::Shutdown, watch, timeout);
        }
        if asked.is_none() {
            // Nobody will ever deliver what is left.
            self.shared.queue.abandon(LossReason::Shutdown, Vec::new());
        }
        self.report(asked, watch)
    }

    /// Whether [`shutdown`](Self::shutdown) was called.
    pub(crate) fn is_closed(&self) -> bool {
        self.shared.queue.is_closed()
    }

    /// Blocks the current thread until `future`, which waits for the worker, is ready. `None`, at once: the worker needs
    /// this very thread.
    pub(crate) fn block_on<F: Future>(&self, future: F) -> Option<F::Output> {
        self.block_on_until(future, None)
    }

    /// As [`block_on`](Self::block_on), until `deadline` at the latest, whether the worker answers or not.
    pub(crate) fn block_on_until<F: Future>(&self, future: F, deadline: Option<Instant>) -> Option<F::Output> {
        let here = || Handle::try_current().map(|here| here.id()).ok();
        if self.shared.transport.load().host().is_some_and(|host| here() == Some(host.id())) {
            return None;
        }
        block_on_until(future, deadline)
    }

    /// Ready at `deadline`. Where the worker runs, its thread looks at the clock: a handler that blocks its own can't keep
    /// that from going off.
    pub(crate) async fn sleep_until(&self, deadline: Instant) {
        let on_time = self.running().map(|thread| thread.spawn(clock::sleep_until(Some(deadline))));
        if let Some(task) = on_time
            && task.await.is_some()
        {
            return;
        }
        clock::sleep_until(Some(deadline)).await;
    }

    pub(crate) fn stats(&self) -> Stats {
        self.counts.enter(self.shared.stats())
    }

    pub(crate) fn last_error(&self) -> Option<Arc<Error>> {
        self.shared.last_error().clone()
    }

    pub(crate) fn clear_last_error(&self) {
        *self.shared.last_error() = None;
    }

    /// Runs `work` on the worker's runtime, and stops it when the returned future is dropped.
    async fn run<T, F>(&self, work: impl FnOnce(Arc<Shared>) -> F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        if self.is_closed() {
            return Err(Error::closed());
        }
        let thread = self.thread()?.ok_or_else(Error::closed)?;
        let call = Call::begin(&self.shared);
        let work = work(Arc::clone(&self.shared));
        let task = thread.spawn(async move {
            let _call = call;
            work.await
        });
        task.await.unwrap_or_else(|| Err(Error::closed()))
    }

    /// Puts a question to the worker, which is started if anything waits for it. `None`: there is nobody to ask.
    fn ask(&self, control: fn(Settle) -> Control, watch: WatchId, timeout: Duration) -> Option<Answer> {
        let (done, answer) = oneshot::channel();
        let settle = Settle { watch, deadline: clock::after(clock::now(), timeout), done };
        let thread = if self.shared.queue.tally().queued > 0 {
            self.thread().unwrap_or_else(|error| {
                self.shared.remember(error);
                None
            })
        } else {
            self.running()
        };
        thread?.control(control(settle)).then_some(answer)
    }

    /// Awaits the worker's answer; needs no runtime.
    fn report(&self, asked: Option<Answer>, watch: WatchId) -> impl Future<Output = FlushReport> + use<> {
        let shared = Arc::clone(&self.shared);
        async move {
            if let Some(answer) = asked
                && let Ok(report) = answer.await
            {
                return report;
            }
            // There is no worker to ask, or it died over the question.
            FlushReport::from(shared.queue.unwatch(watch))
        }
    }

    fn wake(&self) {
        match self.thread() {
            Ok(_) => self.shared.wake.notify_one(),
            Err(error) => {
                self.shared.queue.wake_again();
                self.shared.remember(error);
            }
        }
    }

    /// The worker's thread, started if it was not. `None`: it was stopped.
    ///
    /// The lock is held for no longer than this, so that nothing a library logs while it works for us can come back
    /// and wait for it.
    fn thread(&self) -> Result<Option<WorkerThread>, Error> {
        let mut worker = self.lock();
        if matches!(*worker, Worker::NotStarted) {
            // What starting a thread makes others log is our own doing.
            let thread = suppress::while_working(|| WorkerThread::start(Arc::clone(&self.shared)))?;
            *worker = Worker::Running(thread);
        }
        match &*worker {
            Worker::Running(thread) => Ok(Some(thread.clone())),
            Worker::NotStarted | Worker::Stopped => Ok(None),
        }
    }

    /// Sees to it that no worker is started from now on. `false`: one was.
    fn start_no_more(&self) -> bool {
        let mut worker = self.lock();
        if matches!(*worker, Worker::NotStarted) {
            *worker = Worker::Stopped;
        }
        matches!(*worker, Worker::Stopped)
    }

    fn running(&self) -> Option<WorkerThread> {
        match &*self.lock() {
            Worker::Running(thread) => Some(thread.clone()),
            Worker::NotStarted | Worker::Stopped => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Worker> {
        self.worker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Answer = oneshot::Receiver<FlushReport>;

#[cfg(test)]
#[cfg(axonpush_loom)]
mod models;
#[cfg(test)]
mod tests;
