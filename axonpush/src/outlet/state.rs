//! What a sink's thread and its handle share.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use arc_swap::ArcSwap;

use super::{OutletPolicy, SinkPolicy, SinkStats};
use crate::{
    clock,
    event::json,
    loss::LossReason,
    queue::{LostEvents, Queue, Tally, Ticket},
    retry::BreakerState,
    sink::{BatchPolicy, Sink},
};

pub(super) struct Shared {
    pub(super) name: Arc<str>,
    pub(super) sink: Arc<dyn Sink>,
    pub(super) policy: SinkPolicy,
    /// The policy's, and where it says nothing the sink's own.
    pub(super) batches: BatchPolicy,
    pub(super) queue: Queue,
    /// What was taken out of the queue and is not settled, oldest first. Here, so that it can be told what is lost with it.
    in_hand: Mutex<Arc<InHand>>,
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

/// What is being written.
#[derive(Debug)]
pub(super) struct InHand {
    pub(super) tickets: Vec<Ticket>,
    /// Two clocks as of one moment, so that a record has the same time whenever it is written.
    monotonic: Instant,
    wall: SystemTime,
}

impl InHand {
    pub(super) fn new(tickets: Vec<Ticket>) -> Self {
        Self { tickets, monotonic: clock::now(), wall: clock::wall() }
    }

    /// When a record was accepted, in nanoseconds since the epoch.
    pub(super) fn accepted_at(&self, ticket: &Ticket) -> u64 {
        let ago = self.monotonic.saturating_duration_since(ticket.record.accepted_at);
        self.wall.checked_sub(ago).map(json::nanos).unwrap_or_default()
    }
}

impl Default for InHand {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

/// What the thread is told.
#[derive(Debug, Default)]
pub(super) struct Control {
    pub(super) thread: Thread,
    /// There is something to do.
    woken: bool,
    /// What it waits for, if that is records.
    waits_for: Due,
    pub(super) breaker: BreakerState,
    /// How many losses the hook was told of.
    told: u64,
    /// Somebody waits: what failed is to be tried again at once.
    pub(super) hurry: bool,
    pub(super) end: End,
}

impl Control {
    /// Whether there is nothing more to wait for: no thread is at work, or nobody counts on it any more.
    pub(super) fn is_over(&self) -> bool {
        self.thread != Thread::Running || self.end == End::GivenUp
    }
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

/// How much is worth being woken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) events: usize,
    pub(super) bytes: usize,
}

impl Due {
    pub(super) const ANYTHING: Self = Self { events: 1, bytes: usize::MAX };
    pub(super) const NOTHING: Self = Self { events: usize::MAX, bytes: usize::MAX };

    pub(super) fn is_met(self, tally: &Tally) -> bool {
        tally.queued >= self.events as u64 || tally.queued_bytes >= self.bytes as u64
    }
}

impl Default for Due {
    fn default() -> Self {
        Self::ANYTHING
    }
}

/// While somebody waits, the books are looked at so often at least: what the queue gives up for want of room is told to
/// nobody.
const LOOK_EVERY: Duration = Duration::from_millis(50);

impl Shared {
    pub(super) fn new(policy: &OutletPolicy, speaker: Arc<Vec<u8>>) -> Self {
        let OutletPolicy { name, policy, sink } = policy.clone();
        // It may be code of the application.
        let liked = catch_unwind(AssertUnwindSafe(|| sink.batches())).unwrap_or_default();
        Self {
            name,
            batches: policy.batch.clone().or(&liked),
            queue: Queue::new(policy.queue.clone(), policy.on_loss.is_some()),
            in_hand: Mutex::default(),
            sink,
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

    /// What this is made of.
    pub(super) fn policy(&self) -> OutletPolicy {
        OutletPolicy { name: Arc::clone(&self.name), policy: self.policy.clone(), sink: Arc::clone(&self.sink) }
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

    /// Wakes the thread if there is as much as it waits for, or a loss that nobody was told of. Says whether it does.
    pub(super) fn ring(&self) -> bool {
        let tally = self.queue.tally();
        let mut control = self.control();
        let is_news = self.policy.on_loss.is_some() && tally.lost.total() > control.told;
        let is_due = is_news || control.waits_for.is_met(&tally);
        control.woken |= is_due;
        drop(control);
        if is_due {
            self.bell.notify_one();
        }
        is_due
    }

    /// What the thread was told; it is now on its way.
    pub(super) fn told(&self) -> Told {
        let mut control = self.control();
        control.woken = false;
        let hurry = std::mem::take(&mut control.hurry);
        Told { hurry, end: control.end }
    }

    /// Waits until so much is in the queue or the thread is told something it does not know yet, but no longer than
    /// `until`.
    pub(super) fn sleep(&self, known: Told, due: Due, until: Option<Instant>) {
        let sleeps = |control: &mut Control| !control.woken && !control.hurry && control.end == known.end;
        let mut control = self.control();
        // Looked at under the lock that whoever rings takes after he put something there.
        if due.is_met(&self.queue.tally()) {
            return;
        }
        control.waits_for = due;
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

    /// What was taken and is not settled.
    pub(super) fn in_hand(&self) -> Arc<InHand> {
        Arc::clone(&self.hand())
    }

    /// Takes what `take` takes out of the queue in hand. Whoever gives up finds it here or there.
    pub(super) fn take_in_hand(&self, take: impl FnOnce() -> Vec<Ticket>) {
        let mut hand = self.hand();
        *hand = Arc::new(InHand::new(take()));
    }

    /// Lends what is in hand, for it to be settled; nothing where that was given up meanwhile. Nobody gives up before what
    /// is left of it is back.
    pub(super) fn with_in_hand(&self, settle: impl FnOnce(&mut Vec<Ticket>)) {
        if let Some(in_hand) = Arc::get_mut(&mut self.hand()) {
            settle(&mut in_hand.tickets);
        }
    }

    /// Enters that everything is lost, and tells so.
    pub(super) fn give_up(&self) {
        let mut hand = self.hand();
        let batch = std::mem::take(&mut *hand);
        let is_heard = self.policy.on_loss.is_some();
        let body = |ticket: &Ticket| if is_heard { ticket.record.body.clone() } else { Vec::new() };
        let bodies = batch.tickets.iter().map(|ticket| (ticket.seq, body(ticket))).collect();
        self.queue.abandon(LossReason::Shutdown, bodies);
        drop(hand);
        self.tell_losses();
    }

    /// Tells the hook, if there is one, what was lost since it was told last.
    pub(super) fn tell_losses(&self) {
        let Some(hook) = &self.policy.on_loss else { return };
        let lost = self.queue.take_lost();
        self.control().told += lost.iter().map(LostEvents::len).sum::<u64>();
        for lost in lost {
            let _panicked = catch_unwind(AssertUnwindSafe(|| hook(&lost)));
        }
    }

    pub(super) fn remember(&self, error: io::Error) {
        *self.last_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(error));
    }

    pub(super) fn stats(&self) -> SinkStats {
        let last_error = self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let breaker = self.control().breaker;
        SinkStats { name: Arc::clone(&self.name), tally: self.queue.tally(), breaker, last_error }
    }

    fn hand(&self) -> MutexGuard<'_, Arc<InHand>> {
        self.in_hand.lock().unwrap_or_else(PoisonError::into_inner)
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
