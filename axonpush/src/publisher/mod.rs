//! The background publisher: a queue, and the worker that empties it.
//!
//! The worker owns a thread with a runtime of its own. It outlives the application's runtime, works without one, and
//! lets anyone wait for it from anywhere: async code, blocking code, a `Drop`. All of the SDK's network I/O runs
//! there, so the re-entrancy mark of that thread covers every line an HTTP library logs (see [`suppress`]).

mod block_on;
mod control;
mod report;
mod thread;
mod worker;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::sync::{Notify, oneshot, watch};

pub(crate) use self::block_on::block_on;
pub use self::report::{FlushReport, Stats};
use self::{
    control::{Control, Settle},
    thread::WorkerThread,
};
use crate::{
    clock,
    context::suppress,
    error::{Error, Kind},
    event::{Receipt, Severity},
    queue::{Offer, Queue, QueuePolicy, WhenFull},
    retry::{Retry, RetryPolicy},
    sink,
    transport::{Request, Transport},
};

/// Requests in flight at once.
const CONCURRENCY: usize = 32;

/// A handle to the worker and its queue. One per client; the client's clones share it.
pub(crate) struct Publisher {
    shared: Arc<Shared>,
    retry: RetryPolicy,
    worker: Mutex<Worker>,
    refused: AtomicU64,
    suppressed: AtomicU64,
}

/// What the worker and its handle share.
pub(crate) struct Shared {
    pub(crate) queue: Queue,
    pub(crate) transport: Transport,
    /// Wakes the worker for new records.
    wake: Notify,
    /// Tells deliveries that wait for their next attempt to make it now.
    hurry: watch::Sender<bool>,
    /// Awaited calls under way; shutdown waits for them.
    calls: AtomicUsize,
    last_error: Mutex<Option<Arc<Error>>>,
}

type Answer = oneshot::Receiver<FlushReport>;

enum Worker {
    /// The thread is started by the first event, so that a client costs nothing until it is used.
    NotStarted,
    Running(WorkerThread),
    Stopped,
}

impl Publisher {
    pub(crate) fn new(transport: Transport, queue: QueuePolicy, retry: RetryPolicy) -> Self {
        let shared = Shared {
            queue: Queue::new(queue),
            transport,
            wake: Notify::new(),
            hurry: watch::Sender::new(false),
            calls: AtomicUsize::new(0),
            last_error: Mutex::new(None),
        };
        Self {
            shared: Arc::new(shared),
            retry,
            worker: Mutex::new(Worker::NotStarted),
            refused: AtomicU64::new(0),
            suppressed: AtomicU64::new(0),
        }
    }

    /// Hands an encoded event over. Never blocks, never does I/O.
    ///
    /// # Errors
    ///
    /// When the publisher is closed, or, with [`WhenFull::GiveBack`], full. The event then counts as refused.
    pub(crate) fn enqueue(&self, severity: Severity, body: &[u8], when: WhenFull) -> Result<(), Error> {
        if suppress::is_marked() {
            // Our own work, heard by the application's logging. Passing it on would never end.
            self.suppressed.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        }
        match self.shared.queue.offer(severity, clock::now(), body, when) {
            Offer::Accepted { wake: false } | Offer::Lost => Ok(()),
            Offer::Accepted { wake: true } => {
                self.wake();
                Ok(())
            }
            Offer::Full => Err(Error::new(Kind::QueueFull, "the event queue is full; try again later, or use enqueue")),
            Offer::Closed => Err(Error::closed()),
        }
    }

    /// Counts an event that was not accepted, and remembers why.
    pub(crate) fn refuse(&self, error: Error) {
        self.refused.fetch_add(1, Ordering::Relaxed);
        self.shared.remember(error);
    }

    /// Remembers why something went wrong.
    pub(crate) fn remember(&self, error: Error) {
        self.shared.remember(error);
    }

    /// Sends one encoded event now and awaits the receipt. Dropping the future abandons the request.
    pub(crate) async fn publish(&self, body: Bytes, deadline: Instant) -> Result<Receipt, Error> {
        let retry = Retry::new(Some(self.retry.max_retries), deadline);
        self.run(move |shared| async move {
            let hurry = shared.hurry.subscribe();
            sink::events::publish(&shared.transport, "publishing an event", body, retry, hurry).await
        })
        .await
    }

    /// Sends any other request and reads its answer.
    pub(crate) async fn send<T: Send + 'static>(
        &self,
        request: Request,
        deadline: Instant,
        read: fn(&[u8]) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let retry = Retry::new(Some(self.retry.max_retries), deadline);
        self.run(move |shared| async move {
            let hurry = shared.hurry.subscribe();
            shared.transport.send(&request, retry, hurry, read).await
        })
        .await
    }

    /// Settles every event accepted before this call.
    pub(crate) fn flush(&self, timeout: Duration) -> impl Future<Output = FlushReport> + use<> {
        let mut worker = self.lock();
        let asked = self.ask(&mut worker, timeout, Control::Flush);
        drop(worker);
        self.report(asked)
    }

    /// Refuses new events, settles the rest, and ends the worker.
    pub(crate) fn shutdown(&self, timeout: Duration) -> impl Future<Output = FlushReport> + use<> {
        self.shared.queue.close();
        let mut worker = self.lock();
        let asked = self.ask(&mut worker, timeout, Control::Shutdown);
        if matches!(*worker, Worker::NotStarted) {
            *worker = Worker::Stopped;
        }
        drop(worker);
        self.report(asked)
    }

    /// Whether [`shutdown`](Self::shutdown) was called.
    pub(crate) fn is_closed(&self) -> bool {
        self.shared.queue.is_closed()
    }

    pub(crate) fn stats(&self) -> Stats {
        Stats {
            tally: self.shared.queue.tally(),
            refused: self.refused.load(Ordering::Relaxed),
            suppressed: self.suppressed.load(Ordering::Relaxed),
        }
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
        let task = {
            if self.is_closed() {
                return Err(Error::closed());
            }
            let mut worker = self.lock();
            self.start(&mut worker)?;
            let Worker::Running(thread) = &*worker else { return Err(Error::closed()) };
            let call = Call::begin(&self.shared);
            let work = work(Arc::clone(&self.shared));
            thread.spawn(async move {
                let _call = call;
                work.await
            })
        };
        task.await.unwrap_or_else(|| Err(Error::closed()))
    }

    /// Puts a question to the worker, which is started if anything waits for it.
    fn ask(&self, worker: &mut Worker, timeout: Duration, control: fn(Settle) -> Control) -> Option<Answer> {
        if self.shared.queue.tally().queued > 0
            && let Err(error) = self.start(worker)
        {
            self.shared.remember(error);
        }
        let Worker::Running(thread) = worker else { return None };
        let (done, report) = oneshot::channel();
        thread.control(control(Settle { deadline: clock::now() + timeout, done })).then_some(report)
    }

    /// Awaits the worker's answer; needs no runtime.
    fn report(&self, asked: Option<Answer>) -> impl Future<Output = FlushReport> + use<> {
        let shared = Arc::clone(&self.shared);
        async move {
            if let Some(answer) = asked
                && let Ok(report) = answer.await
            {
                return report;
            }
            // There is no worker to ask: whatever is here stays here.
            let tally = shared.queue.tally();
            FlushReport::left_behind(tally.queued + tally.in_flight)
        }
    }

    fn wake(&self) {
        let mut worker = self.lock();
        match self.start(&mut worker) {
            Ok(()) => self.shared.wake.notify_one(),
            Err(error) => self.shared.remember(error),
        }
    }

    fn start(&self, worker: &mut Worker) -> Result<(), Error> {
        if matches!(worker, Worker::NotStarted) {
            *worker = Worker::Running(WorkerThread::start(Arc::clone(&self.shared), self.retry.clone())?);
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Worker> {
        self.worker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn remember(&self, error: Error) {
        *self.last_error() = Some(Arc::new(error));
    }

    fn last_error(&self) -> MutexGuard<'_, Option<Arc<Error>>> {
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An awaited call, from its start to its end, however it ends.
struct Call(Arc<Shared>);

impl Call {
    fn begin(shared: &Arc<Shared>) -> Self {
        shared.calls.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(shared))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.0.calls.fetch_sub(1, Ordering::Release);
        self.0.wake.notify_one();
    }
}
