//! Sinks kept apart: each has a queue, books and a thread of its own, so that none holds up another, the server's
//! deliveries, or a caller.
//!
//! Handing a record over asks who wants it and copies it once, however many do. It is passed on into their queues aside.

mod fan;
mod filter;
mod intake;
#[cfg(test)]
#[cfg(axonpush_loom)]
mod models;
mod one;
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
    time::{Duration, Instant},
};

use self::{
    fan::{Fan, Passing},
    filter::Wants,
    intake::MAX_SINKS,
    one::Outlet,
};
pub use self::{policy::SinkPolicy, stats::SinkStats};
use crate::{clock, error::Error, event::Severity, queue::Seen, sink::Sink};

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
    passing: Arc<Passing>,
    /// Whether there are any, which most clients can be told at less cost.
    any: AtomicBool,
}

impl OutletPolicy {
    /// Checks the settings of all sinks of a client.
    pub(crate) fn validate(all: &[Self]) -> Result<(), Error> {
        if all.len() > MAX_SINKS {
            return Err(Error::config(format!("there are {} sinks; a client can have {MAX_SINKS}", all.len())));
        }
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
        let all = policies.iter().map(|policy| Arc::new(Outlet::new(policy, Arc::clone(&speaker)))).collect();
        Self {
            any: AtomicBool::new(!policies.is_empty()),
            passing: Passing::new(Fan::new(all, Wants::of(policies, &speaker))),
        }
    }

    /// Goes on with these: what is as it was stays at work, what is new begins, and what is gone takes nothing any more
    /// and has `timeout` to settle what it has. Nobody waits for that but one of its name that takes its place.
    pub(crate) fn replace(&self, policies: &[OutletPolicy], speaker: &[u8], timeout: Duration) {
        let before = self.passing.fan();
        let speaker = Arc::new(speaker.to_vec());
        let all: Vec<_> = policies.iter().map(|policy| succeed(&before.outlets, policy, &speaker, timeout)).collect();
        let is_gone = |outlet: &&Arc<Outlet>| !all.iter().any(|other| Arc::ptr_eq(other, outlet));
        let gone: Vec<_> = before.outlets.iter().filter(is_gone).map(Arc::clone).collect();
        self.any.store(!all.is_empty(), Ordering::Release);
        self.passing.replace(Fan::new(all, Wants::of(policies, &speaker)));
        if !gone.is_empty() {
            drop(settle::all(gone.iter().map(|outlet| outlet.begin_shutdown()).collect(), timeout));
        }
    }

    /// Those of a child process: empty queues, no threads yet, and sinks to be opened anew.
    pub(crate) fn for_child(&self) -> Self {
        let fan = self.passing.fan();
        let policies: Vec<_> = fan.outlets.iter().map(|outlet| outlet.shared.policy()).collect();
        let speaker = fan.outlets.first().map(|outlet| outlet.shared.speaker.load_full()).unwrap_or_default();
        Self::new(&policies, &speaker)
    }

    /// Whether there are any.
    pub(crate) fn has_any(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }

    /// Hands a record, a body or a draft, over to every sink that wants it. Never blocks and never does I/O.
    pub(crate) fn offer(&self, severity: Severity, now: Instant, record: &[u8]) {
        if self.has_any() {
            self.passing.offer(severity, now, record);
        }
    }

    /// Settles every record handed over before this call. Begins at once, and not when it is first polled; dropping the
    /// future stops nothing. What it says is summed over all sinks.
    pub(crate) fn flush(&self, timeout: Duration) -> impl Future<Output = Seen> + use<> {
        self.passing.catch_up();
        settle::all(self.passing.fan().outlets.iter().map(|outlet| outlet.begin_flush()).collect(), timeout)
    }

    /// Takes nothing any more, settles what is here, and ends the threads; what is left after `timeout` is lost. A sink
    /// that hangs keeps its thread, and nobody waits for it. Else as [`flush`](Self::flush).
    pub(crate) fn shutdown(&self, timeout: Duration) -> impl Future<Output = Seen> + use<> {
        self.passing.close();
        settle::all(self.passing.fan().outlets.iter().map(|outlet| outlet.begin_shutdown()).collect(), timeout)
    }

    /// The books of each.
    pub(crate) fn stats(&self) -> Vec<SinkStats> {
        self.passing.catch_up();
        self.passing.fan().outlets.iter().map(|outlet| outlet.shared.stats()).collect()
    }
}

impl Drop for Outlets {
    fn drop(&mut self) {
        self.passing.close();
    }
}

/// The outlet of a policy: the one there is, or a new one that takes the place of another of its name.
fn succeed(before: &[Arc<Outlet>], policy: &OutletPolicy, speaker: &Arc<Vec<u8>>, timeout: Duration) -> Arc<Outlet> {
    if let Some(outlet) = before.iter().find(|outlet| outlet.shared.is_of(policy)) {
        outlet.shared.speaker.store(Arc::clone(speaker));
        return Arc::clone(outlet);
    }
    let outlet = Outlet::new(policy, Arc::clone(speaker));
    // Two that have the same file open would both roll it.
    if let Some(other) = before.iter().find(|other| other.shared.name == outlet.shared.name) {
        outlet.shared.succeed(Arc::clone(&other.shared), clock::after(clock::now(), timeout));
    }
    Arc::new(outlet)
}
