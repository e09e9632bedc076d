//! Log records that wait with a request for how it ends.

use std::{
    collections::VecDeque,
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use super::RequestContext;
use crate::{event::Severity, fork};

/// Whom held records belong to.
pub(crate) trait Holder: Send + Sync {
    /// Takes one back, as its request has failed. It was redacted by the settings of that number.
    fn release(&self, severity: Severity, settings: u64, record: &[u8], may_wait: bool);

    /// Counts those that nobody wants any more.
    fn forget(&self, count: u64);
}

/// How much is held.
#[derive(Debug, Clone)]
pub(crate) struct HoldLimits {
    pub(crate) max_bytes: usize,
    pub(crate) max_records: usize,
    pub(crate) max_bytes_of_all: usize,
    /// Bytes of all requests.
    pub(crate) used: Arc<AtomicUsize>,
}

/// What a request holds.
pub(super) struct Held {
    /// Which process holds it: a child neither has its parent's records nor waits for its parent's locks.
    generation: u64,
    has_failed: AtomicBool,
    /// Whether anything ever was held.
    is_used: AtomicBool,
    /// One for every client.
    holds: Mutex<Vec<Hold>>,
}

/// What is held for one client.
struct Hold {
    holder: Weak<dyn Holder>,
    used: Arc<AtomicUsize>,
    /// Records end to end, the oldest first.
    bytes: VecDeque<u8>,
    /// Of each, what is known besides.
    records: VecDeque<About>,
}

/// What is known of a held record.
struct About {
    severity: Severity,
    settings: u64,
    length: usize,
}

impl RequestContext {
    /// Holds a record, which was redacted by the `settings` of that number, until it is known how the request ends.
    /// `false`: it has failed.
    pub(crate) fn hold(
        &self,
        holder: &Weak<dyn Holder>,
        limits: &HoldLimits,
        severity: Severity,
        settings: u64,
        record: &[u8],
    ) -> bool {
        let held = self.held();
        if !held.is_ours() {
            return false;
        }
        let mut holds = held.lock();
        held.is_used.store(true, Ordering::Relaxed);
        // Whoever takes what is held has said so before, under the same lock.
        if held.has_failed.load(Ordering::Relaxed) {
            return false;
        }
        let known = holds.iter().position(|hold| hold.holder.ptr_eq(holder));
        let at = known.unwrap_or_else(|| {
            holds.push(Hold::new(holder, limits));
            holds.len() - 1
        });
        let left_out = holds.get_mut(at).map_or(1, |hold| {
            let about = About { severity, settings, length: record.len() };
            hold.push(limits, about, record)
        });
        drop(holds);
        if let Some(holder) = Some(holder).filter(|_| left_out > 0).and_then(Weak::upgrade) {
            holder.forget(left_out);
        }
        true
    }

    /// Whether the request has failed as far as is known.
    pub(crate) fn has_failed(&self) -> bool {
        self.held().has_failed.load(Ordering::Relaxed)
    }

    /// Whether anything was held of it so far.
    pub(crate) fn has_held(&self) -> bool {
        self.held().is_used.load(Ordering::Relaxed)
    }

    /// Hands over what is held: the request fails. It waits for nothing unless it `may_wait` and the policies say so.
    pub(crate) fn fail(&self, may_wait: bool) {
        let held = self.held();
        if held.has_failed.load(Ordering::Relaxed) || !held.is_ours() {
            return;
        }
        let holds = {
            let mut holds = held.lock();
            held.has_failed.store(true, Ordering::Relaxed);
            mem::take(&mut *holds)
        };
        for hold in holds {
            hold.release(may_wait);
        }
    }

    /// Forgets what is held: the request ends without a failure.
    pub(crate) fn end_well(&self) {
        if !self.has_held() || !self.held().is_ours() {
            return;
        }
        // Counting them runs no code of the application's, but whoever does it may be the last to know the client.
        let holds = mem::take(&mut *self.held().lock());
        drop(holds);
    }
}

impl Held {
    fn is_ours(&self) -> bool {
        self.generation == fork::generation()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Hold>> {
        self.holds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Held {
    fn default() -> Self {
        let (has_failed, is_used) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { generation: fork::generation(), has_failed, is_used, holds: Mutex::default() }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.is_ours() {
            // They are counted where they were accepted.
            let holds = self.holds.get_mut().unwrap_or_else(PoisonError::into_inner);
            for hold in holds {
                hold.records.clear();
            }
        }
    }
}

impl Hold {
    fn new(holder: &Weak<dyn Holder>, limits: &HoldLimits) -> Self {
        let (bytes, records) = (VecDeque::new(), VecDeque::new());
        Self { holder: Weak::clone(holder), used: Arc::clone(&limits.used), bytes, records }
    }

    /// Adds a record; says how many had to go for it, itself among them if it is too large.
    fn push(&mut self, limits: &HoldLimits, about: About, record: &[u8]) -> u64 {
        if record.len() > limits.max_bytes {
            return 1;
        }
        let mut left_out = 0;
        loop {
            let fits_here =
                self.bytes.len() + record.len() <= limits.max_bytes && self.records.len() < limits.max_records;
            if fits_here {
                let before = self.used.fetch_add(record.len(), Ordering::Relaxed);
                if before + record.len() <= limits.max_bytes_of_all {
                    self.bytes.extend(record);
                    self.records.push_back(about);
                    return left_out;
                }
                self.used.fetch_sub(record.len(), Ordering::Relaxed);
            }
            left_out += 1;
            if !self.pop_oldest() {
                return left_out;
            }
        }
    }

    fn pop_oldest(&mut self) -> bool {
        let Some(About { length, .. }) = self.records.pop_front() else { return false };
        self.bytes.drain(..length.min(self.bytes.len()));
        self.used.fetch_sub(length, Ordering::Relaxed);
        true
    }

    fn release(mut self, may_wait: bool) {
        let Some(holder) = self.holder.upgrade() else { return };
        let records = mem::take(&mut self.records);
        let mut rest: &[u8] = self.bytes.make_contiguous();
        for About { severity, settings, length } in records {
            let (record, behind) = rest.split_at_checked(length).unwrap_or_default();
            holder.release(severity, settings, record, may_wait);
            rest = behind;
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.used.fetch_sub(self.bytes.len(), Ordering::Relaxed);
        if self.records.is_empty() {
            return;
        }
        if let Some(holder) = self.holder.upgrade() {
            holder.forget(self.records.len() as u64);
        }
    }
}
