//! Sinks kept apart: each has a queue, books and a thread of its own, so that none holds up another, the server's
//! deliveries, or a caller.
//!
//! Handing a record over copies it into the queue, no more. While records come, the thread looks by itself every 10 ms, so
//! that hardly any caller pays for waking it.

mod policy;
mod settle;
mod state;
mod stats;
#[cfg(test)]
mod tests;
mod worker;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;

pub use self::{policy::SinkPolicy, stats::SinkStats};
use self::{
    settle::Settling,
    state::{End, Shared, Thread},
};
use crate::{
    clock,
    context::suppress,
    error::Error,
    event::{Severity, record::Lane},
    queue::{Offer, Seen, WhenFull},
    sink::Sink,
};

/// A sink as it is described: what a client, or its child in another process, makes an outlet of.
#[derive(Clone)]
pub(crate) struct OutletPolicy {
    pub(crate) name: Arc<str>,
    pub(crate) policy: SinkPolicy,
    pub(crate) sink: Arc<dyn Sink>,
}

impl fmt::Debug for OutletPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutletPolicy").field("name", &self.name).field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// All outlets of a client, in the order in which they were added.
pub(crate) struct Outlets {
    all: ArcSwap<Vec<Arc<Outlet>>>,
    /// Whether there are any, which most clients can be told at less cost.
    any: AtomicBool,
}

/// One sink, at work.
pub(crate) struct Outlet {
    shared: Arc<Shared>,
}

impl OutletPolicy {
    /// Checks the settings of all sinks of a client.
    pub(crate) fn validate(all: &[Self]) -> Result<(), Error> {
        for (at, one) in all.iter().enumerate() {
            let name = &one.name;
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
            if name.is_empty() || name.len() > MAX_NAME_BYTES || !name.bytes().all(is_plain) {
                return Err(Error::config(format!(
                    "sink number {} has a name of {} bytes that can't be a thread's; use 1 to {MAX_NAME_BYTES} \
                     letters, digits, `-`, `_` and `.`",
                    at + 1,
                    name.len(),
                )));
            }
            if all.iter().take(at).any(|other| other.name == *name) {
                return Err(Error::config(format!("two sinks are called `{name}`; give each a name of its own")));
            }
            one.policy.validate(name)?;
        }
        Ok(())
    }
}

/// Enough for a word, and for a number or two.
const MAX_NAME_BYTES: usize = 64;

impl Outlets {
    /// Outlets that cost nothing until the first record comes. `speaker` is the client's resource: JSON text of an object,
    /// redacted, or empty.
    pub(crate) fn new(policies: &[OutletPolicy], speaker: &[u8]) -> Self {
        let speaker = Arc::new(speaker.to_vec());
        Self::of(policies.iter().map(|policy| Outlet::new(policy, Arc::clone(&speaker))))
    }

    fn of(all: impl Iterator<Item = Outlet>) -> Self {
        Self::from(all.map(Arc::new).collect::<Vec<_>>())
    }

    /// Goes on with these: what is as it was stays at work, what is new begins, and what is gone takes nothing any more
    /// and has `timeout` to settle what it has. Nobody waits for that but one of its name that takes its place.
    pub(crate) fn replace(&self, policies: &[OutletPolicy], speaker: &[u8], timeout: Duration) {
        let before = self.all.load_full();
        let speaker = Arc::new(speaker.to_vec());
        let after: Vec<_> = policies
            .iter()
            .map(|policy| {
                let known = before.iter().find(|outlet| outlet.shared.is_of(policy));
                if let Some(outlet) = known {
                    outlet.shared.speaker.store(Arc::clone(&speaker));
                }
                known.map_or_else(
                    || {
                        let outlet = Outlet::new(policy, Arc::clone(&speaker));
                        // Two that have the same file open would both roll it.
                        if let Some(other) = before.iter().find(|other| other.shared.name == outlet.shared.name) {
                            outlet.shared.succeed(Arc::clone(&other.shared), clock::after(clock::now(), timeout));
                        }
                        Arc::new(outlet)
                    },
                    Arc::clone,
                )
            })
            .collect();
        let is_gone = |outlet: &&Arc<Outlet>| !after.iter().any(|other| Arc::ptr_eq(other, outlet));
        let gone: Vec<_> = before.iter().filter(is_gone).map(Arc::clone).collect();
        // In force before the old ones close, so that who finds one closed finds these.
        self.any.store(!after.is_empty(), Ordering::Release);
        self.all.store(Arc::new(after));
        if !gone.is_empty() {
            drop(settle::all(gone.iter().map(|outlet| outlet.begin_shutdown()).collect(), timeout));
        }
    }

    /// Those of a child process: empty queues, no threads yet, and sinks to be opened anew.
    pub(crate) fn for_child(&self) -> Self {
        Self::of(self.all.load().iter().map(|outlet| outlet.for_child()))
    }

    /// Hands a record, a body or a draft, over to every sink that wants it. Never blocks and never does I/O.
    pub(crate) fn offer(&self, severity: Severity, now: Instant, record: &[u8]) {
        if !self.any.load(Ordering::Acquire) {
            return;
        }
        let asked = self.all.load();
        let missed: Vec<_> = asked.iter().filter(|outlet| !outlet.offer(severity, now, record)).collect();
        if !missed.is_empty() {
            let has = |outlet: &&Arc<Outlet>| !missed.iter().any(|other| Arc::ptr_eq(other, outlet));
            let have = asked.iter().filter(has).map(|outlet| Arc::clone(&outlet.shared.name)).collect();
            self.offer_rest(Arc::clone(&asked), have, severity, now, record);
        }
    }

    /// Hands a record over to those that have taken the place of `asked` meanwhile, but for the names that have it.
    #[cold]
    fn offer_rest(
        &self,
        mut asked: Arc<Vec<Arc<Outlet>>>,
        mut have: Vec<Arc<str>>,
        severity: Severity,
        now: Instant,
        record: &[u8],
    ) {
        loop {
            let others = self.all.load_full();
            if Arc::ptr_eq(&asked, &others) {
                return;
            }
            let mut closed = false;
            for outlet in others.iter() {
                let name = &outlet.shared.name;
                if have.contains(name) {
                    continue;
                }
                if outlet.offer(severity, now, record) {
                    have.push(Arc::clone(name));
                } else {
                    closed = true;
                }
            }
            if !closed {
                return;
            }
            asked = others;
        }
    }

    /// Settles every record handed over before this call. Begins at once, and not when it is first polled; dropping the
    /// future stops nothing. What it says is summed over all sinks.
    pub(crate) fn flush(&self, timeout: Duration) -> impl Future<Output = Seen> + use<> {
        settle::all(self.all.load().iter().map(|outlet| outlet.begin_flush()).collect(), timeout)
    }

    /// Takes nothing any more, settles what is here, and ends the threads; what is left after `timeout` is lost. A sink
    /// that hangs keeps its thread, and nobody waits for it. Else as [`flush`](Self::flush).
    pub(crate) fn shutdown(&self, timeout: Duration) -> impl Future<Output = Seen> + use<> {
        settle::all(self.all.load().iter().map(|outlet| outlet.begin_shutdown()).collect(), timeout)
    }

    /// The books of each.
    pub(crate) fn stats(&self) -> Vec<SinkStats> {
        self.all.load().iter().map(|outlet| outlet.shared.stats()).collect()
    }
}

impl From<Vec<Arc<Outlet>>> for Outlets {
    fn from(all: Vec<Arc<Outlet>>) -> Self {
        Self { any: AtomicBool::new(!all.is_empty()), all: ArcSwap::from_pointee(all) }
    }
}

impl Outlet {
    fn new(policy: &OutletPolicy, speaker: Arc<Vec<u8>>) -> Self {
        let OutletPolicy { name, policy, sink } = policy.clone();
        Self { shared: Arc::new(Shared::new(name, sink, policy, speaker)) }
    }

    fn for_child(&self) -> Self {
        let Shared { name, sink, policy, speaker, .. } = &*self.shared;
        let shared = Shared::new(Arc::clone(name), Arc::clone(sink), policy.clone(), speaker.load_full());
        Self { shared: Arc::new(shared) }
    }

    /// `false`: it takes nothing any more.
    fn offer(&self, severity: Severity, now: Instant, record: &[u8]) -> bool {
        if severity < self.shared.policy.least {
            return true;
        }
        let offer = self.shared.queue.offer(severity, Lane::Event, now, record, WhenFull::ApplyPolicy);
        if offer == (Offer::Accepted { wake: true }) {
            self.wake();
        }
        offer != Offer::Closed
    }

    fn begin_flush(&self) -> Settling {
        let settling = Settling::new(&self.shared, false);
        self.start_if_needed();
        self.shared.tell(|control| control.hurry = true);
        settling
    }

    fn begin_shutdown(&self) -> Settling {
        self.shared.queue.close();
        let settling = Settling::new(&self.shared, true);
        self.start_if_needed();
        self.shared.end(End::Closing);
        settling
    }

    /// A thread that could not be started gets another chance when somebody waits for it.
    fn start_if_needed(&self) {
        if self.shared.queue.tally().queued > 0 {
            self.wake();
        }
    }

    fn wake(&self) {
        self.start();
        self.shared.wake();
    }

    /// Starts the thread, if there is none yet.
    fn start(&self) {
        let mut control = self.shared.control();
        if control.thread != Thread::NotStarted {
            return;
        }
        let shared = Arc::clone(&self.shared);
        let named = thread::Builder::new().name(format!("axonpush-{}", self.shared.name));
        // What starting a thread makes others log is our own doing.
        match suppress::while_working(|| named.spawn(move || worker::run(&shared))) {
            Ok(_) => control.thread = Thread::Running,
            Err(error) => {
                drop(control);
                self.shared.queue.wake_again();
                self.shared.remember(error);
            }
        }
    }
}

impl Drop for Outlet {
    // Whoever wants its records written shuts it down first; that goes on by itself.
    fn drop(&mut self) {
        self.shared.queue.close();
        if self.shared.control().end == End::Open {
            self.shared.end(End::GivenUp);
        }
    }
}
