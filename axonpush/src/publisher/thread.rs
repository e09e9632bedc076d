//! The worker's thread and the runtime on it.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    thread,
};

use tokio::{
    runtime::{Builder, Handle},
    sync::mpsc,
    task::JoinHandle,
};

use super::{Shared, control::Control, worker};
use crate::{
    context::suppress,
    error::{Error, Kind},
    retry::RetryPolicy,
};

/// A running worker.
pub(super) struct WorkerThread {
    runtime: Handle,
    control: mpsc::UnboundedSender<Control>,
}

impl WorkerThread {
    pub(super) fn start(shared: Arc<Shared>, retry: RetryPolicy) -> Result<Self, Error> {
        let cannot = |error: std::io::Error| {
            Error::new(Kind::Closed, "the worker thread can't be started; are threads or file descriptors used up?")
                .with_source(error)
        };
        let runtime = Builder::new_current_thread()
            .enable_all()
            .thread_name("axonpush-io")
            // Name look-ups run on threads of their own, and they are our work too.
            .on_thread_start(suppress::mark_thread)
            .build()
            .map_err(cannot)?;
        let handle = runtime.handle().clone();
        let (control, questions) = mpsc::unbounded_channel();
        thread::Builder::new()
            .name("axonpush".to_owned())
            .spawn(move || {
                suppress::mark_thread();
                runtime.block_on(worker::run(shared, questions, retry));
                // A name look-up that hangs must not hold the thread.
                runtime.shutdown_background();
            })
            .map_err(cannot)?;
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
