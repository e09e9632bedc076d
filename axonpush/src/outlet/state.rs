//! What a sink's thread and its handle share.

use std::{
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;

use super::{OutletPolicy, SinkPolicy, SinkStats};
use crate::{clock, queue::Queue, sink::Sink};

pub(super) struct Shared {
    pub(super) name: Arc<str>,
    pub(super) sink: Arc<dyn Sink>,
    pub(super) policy: SinkPolicy,
    pub(super) queue: Queue,
    /// The client's resource: JSON text of an object, redacted, or empty.
    pub(super) speaker: ArcSwap<Vec<u8>>,
    control: Mutex<Control>,
    /// Wakes the thread.
    bell: Condvar,
    /// Wakes whoever waits for the thread.
    news: Condvar,
    last_error: Mutex<Option<Arc<io::Error>>>,
    /// One of the same name that is to end first, and how long that is waited for.
    predecessor: Mutex<Option<(Arc<Shared>, Instant)>>,
}

/// What the thread is told.
#[derive(Debug, Default)]
pub(super) struct Control {
    pub(super) thread: Thread,
    /// There is something in the queue.
    woken: bool,
    /// Somebody waits: what failed is to be tried again at once.
    pub(super) hurry: bool,
    pub(super) end: End,
}

/// How far the end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum End {
    #[default]
    Open,
    /// Nothing comes any more.
    Closing,
    /// The time is up: what is left is lost.
    GivenUp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Thread {
    /// The first record starts it.
    #[default]
    NotStarted,
    Running,
    Ended,
}

/// While somebody waits, the books are looked at so often at least: what the queue gives up for want of room is told to
/// nobody.
const LOOK_EVERY: Duration = Duration::from_millis(50);

impl Shared {
    pub(super) fn new(name: Arc<str>, sink: Arc<dyn Sink>, policy: SinkPolicy, speaker: Arc<Vec<u8>>) -> Self {
        Self {
            name,
            sink,
            queue: Queue::new(policy.queue.clone(), false),
            policy,
            speaker: ArcSwap::from(speaker),
            control: Mutex::default(),
            bell: Condvar::new(),
            news: Condvar::new(),
            last_error: Mutex::default(),
            predecessor: Mutex::default(),
        }
    }

    /// Begins to write only when `other`, which may have the same file open, has ended, or `deadline` has passed.
    pub(super) fn succeed(&self, other: Arc<Self>, deadline: Instant) {
        *self.predecessor.lock().unwrap_or_else(PoisonError::into_inner) = Some((other, deadline));
    }

    /// Waits for the predecessor, if there is one. Nobody keeps it longer than that.
    pub(super) fn wait_for_predecessor(&self) {
        let predecessor = self.predecessor.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((other, deadline)) = predecessor {
            other.wait_until(deadline, |control| control.thread != Thread::Running);
        }
    }

    /// Whether this is what `policy` describes.
    pub(super) fn is_of(&self, policy: &OutletPolicy) -> bool {
        self.name == policy.name && self.policy == policy.policy && Arc::ptr_eq(&self.sink, &policy.sink)
    }

    /// Tells the thread something, and wakes it.
    pub(super) fn tell(&self, what: impl FnOnce(&mut Control)) {
        what(&mut self.control());
        self.bell.notify_one();
    }

    /// Tells the thread that the end has come so far, and that whatever failed is to be tried once more.
    pub(super) fn end(&self, end: End) {
        self.tell(|control| (control.hurry, control.end) = (true, control.end.max(end)));
    }

    pub(super) fn wake(&self) {
        self.tell(|control| control.woken = true);
    }

    /// What the thread was told; it is now on its way.
    pub(super) fn told(&self) -> Told {
        let mut control = self.control();
        control.woken = false;
        let hurry = std::mem::take(&mut control.hurry);
        Told { hurry, end: control.end }
    }

    /// Waits until the thread is told something it does not know yet, but no longer than `until`.
    pub(super) fn sleep(&self, known: Told, until: Option<Instant>) {
        let sleeps = |control: &mut Control| !control.woken && !control.hurry && control.end == known.end;
        let control = self.control();
        match until {
            None => drop(self.bell.wait_while(control, sleeps)),
            Some(until) => {
                let time = until.saturating_duration_since(clock::now());
                drop(self.bell.wait_timeout_while(control, time, sleeps));
            }
        }
    }

    /// Tells whoever waits for the thread to look at the books.
    pub(super) fn announce(&self) {
        drop(self.control());
        self.news.notify_all();
    }

    /// Blocks until `done`, which looks at the books, but no longer than `deadline`; says whether it is.
    pub(super) fn wait_until(&self, deadline: Instant, done: impl Fn(&Control) -> bool) -> bool {
        let mut control = self.control();
        loop {
            if done(&control) {
                return true;
            }
            let left = deadline.saturating_duration_since(clock::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.news.wait_timeout(control, left.min(LOOK_EVERY));
            control = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    pub(super) fn remember(&self, error: io::Error) {
        *self.last_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(error));
    }

    pub(super) fn stats(&self) -> SinkStats {
        let last_error = self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone();
        SinkStats { name: Arc::clone(&self.name), tally: self.queue.tally(), last_error }
    }

    pub(super) fn control(&self) -> MutexGuard<'_, Control> {
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the thread knows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    pub(super) hurry: bool,
    pub(super) end: End,
}
