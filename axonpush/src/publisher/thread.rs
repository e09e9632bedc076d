//! The worker's thread and the runtime on it.

use std::{
    pin::{Pin, pin},
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, ready},
};

use tokio::{
    runtime::{Builder, Handle},
    task::JoinHandle,
};

use super::{control::Control, state::Shared, worker::Worker};
use crate::{
    context::suppress,
    error::{Error, Kind},
    loss::LossReason,
    sync::{self, mpsc},
};

/// A running worker, by the two ways to reach it.
#[derive(Clone)]
pub(super) struct WorkerThread {
    runtime: Handle,
    control: mpsc::UnboundedSender<Control>,
}

impl WorkerThread {
    pub(super) fn start(shared: Arc<Shared>) -> Result<Self, Error> {
        let (control, questions) = mpsc::unbounded_channel();
        if let Some(host) = shared.transport.load().host().cloned() {
            host.spawn(supervise(shared, questions));
            return Ok(Self { runtime: host, control });
        }
        let cannot = |error: std::io::Error| {
            Error::new(Kind::Closed, "the worker thread can't be started; are threads or file descriptors used up?")
                .with_source(error)
        };
        let runtime = Builder::new_current_thread()
            .enable_all()
            .thread_name("axonpush-io")
            // Name look-ups run on a thread of their own, one after the other, and they are our work too.
            .on_thread_start(suppress::mark_thread)
            .max_blocking_threads(1)
            .build()
            .map_err(cannot)?;
        let handle = runtime.handle().clone();
        let work = move || {
            suppress::mark_thread();
            sync::run(&runtime, supervise(shared, questions));
            // A name look-up that hangs must not hold the thread.
            runtime.shutdown_background();
        };
        sync::spawn("axonpush", work).map_err(cannot)?;
        Ok(Self { runtime: handle, control })
    }

    /// Puts a question to the worker; `false`: it has ended.
    pub(super) fn control(&self, control: Control) -> bool {
        self.control.send(control).is_ok()
    }

    /// Runs `work` beside the worker.
    pub(super) fn spawn<F>(&self, work: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        Task(self.runtime.spawn(work))
    }
}

/// Runs the worker until it ends by itself. One that panics is a bug of ours; what it had in flight is lost and counted,
/// and another one takes over.
async fn supervise(shared: Arc<Shared>, mut questions: mpsc::UnboundedReceiver<Control>) {
    loop {
        let mut run = pin!(Worker::new(Arc::clone(&shared)).run(&mut questions));
        let panicked = std::future::poll_fn(|cx| {
            suppress::tell_others();
            // On a thread of its own the mark is there already; on a test's runtime it must not outlast the turn.
            let turn = suppress::while_working(|| sync::catch(|| run.as_mut().poll(cx)));
            turn.map_or(Poll::Ready(true), |poll| poll.map(|()| false))
        });
        if !panicked.await {
            return;
        }
        shared.restarts.fetch_add(1, Ordering::Relaxed);
        shared.queue.abandon_in_flight(LossReason::Internal);
        shared.remember(Error::new(Kind::Closed, "the worker panicked and was started again; please report this bug"));
    }
}

/// Work under way; dropping it stops it. `None`: the worker ended first.
pub(super) struct Task<T>(JoinHandle<T>);

impl<T> Future for Task<T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        Poll::Ready(ready!(Pin::new(&mut self.0).poll(cx)).ok())
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
