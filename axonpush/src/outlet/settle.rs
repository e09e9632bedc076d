//! Waiting for sinks, up to a deadline that holds even if a sink hangs.

use std::{io, sync::Arc, thread, time::Duration};

use tokio::sync::oneshot;

use super::state::{End, Shared};
use crate::{
    clock,
    context::suppress,
    queue::{Seen, WatchId},
};

/// Somebody's wish that everything a sink has taken so far be settled.
pub(super) struct Settling {
    shared: Arc<Shared>,
    watch: WatchId,
    /// Whether it ends with that.
    close: bool,
}

impl Settling {
    /// The sink must have been told.
    pub(super) fn new(shared: &Arc<Shared>, close: bool) -> Self {
        Self { watch: shared.queue.watch(), shared: Arc::clone(shared), close }
    }

    fn is_settled(&self) -> bool {
        self.shared.queue.seen(self.watch).left == 0 && (!self.close || self.shared.control().is_over())
    }

    /// Blocks until everything is settled, or the time is up.
    fn wait(&self, timeout: Duration) -> Seen {
        let deadline = clock::after(clock::now(), timeout);
        let queue = &self.shared.queue;
        self.shared
            .wait_until(deadline, |control| control.is_over() || (!self.close && queue.seen(self.watch).left == 0));
        if self.close {
            self.give_up();
        }
        queue.seen(self.watch)
    }

    /// What is left is lost. The thread ends when it next comes by, however long the sink keeps it.
    fn give_up(&self) {
        // First, so that all of it is told when whoever waits is told so.
        self.shared.give_up();
        self.shared.end(End::GivenUp);
    }
}

impl Drop for Settling {
    fn drop(&mut self) {
        if self.close {
            self.give_up();
        }
        self.shared.queue.unwatch(self.watch);
    }
}

/// Settles sinks side by side; needs no runtime. Where there is anything to wait for, a thread does.
pub(super) fn all(settlings: Vec<Settling>, timeout: Duration) -> impl Future<Output = Seen> + use<> {
    let done = if settlings.iter().all(Settling::is_settled) {
        Ok(sum(settlings.iter().map(|settling| settling.shared.queue.seen(settling.watch))))
    } else {
        Err(wait_aside(settlings, timeout))
    };
    async {
        match done {
            Ok(seen) => seen,
            Err(Ok(answer)) => answer.await.unwrap_or_default(),
            // Threads are used up. What was to end has been given up and counted; what was to be flushed goes on.
            Err(Err(_)) => Seen::default(),
        }
    }
}

fn wait_aside(settlings: Vec<Settling>, timeout: Duration) -> io::Result<oneshot::Receiver<Seen>> {
    let (done, answer) = oneshot::channel();
    let work = move || {
        suppress::mark_thread();
        let begun = clock::now();
        let left = || timeout.saturating_sub(clock::now().saturating_duration_since(begun));
        let seen = sum(settlings.iter().map(|settling| settling.wait(left())));
        drop(settlings);
        // Whoever asked may have gone.
        let _gone = done.send(seen);
    };
    let spawned = suppress::while_working(|| thread::Builder::new().name("axonpush-settle".to_owned()).spawn(work));
    spawned.map(|_| answer)
}

fn sum(all: impl Iterator<Item = Seen>) -> Seen {
    all.fold(Seen::default(), |mut sum, seen| {
        sum.delivered += seen.delivered;
        sum.left += seen.left;
        for (reason, count) in seen.lost.iter() {
            sum.lost.add(reason, count);
        }
        sum
    })
}
