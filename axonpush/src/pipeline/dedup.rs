//! Saying once what is said over and over.

use std::{
    fmt,
    hash::{BuildHasher, Hash, Hasher, RandomState},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use super::{
    kinds::{Kinds, Seen},
    view::LogView,
};
use crate::{
    clock,
    event::{
        Severity,
        draft::{self, Edit, Field, Guard, Part, Parts},
        json::Decimal,
    },
    fork::PerProcess,
};

/// How identical records are told apart from others, for [`Pipeline::dedup`](crate::Pipeline::dedup).
///
/// ```
/// use axonpush::{Dedup, Pipeline};
/// use std::time::Duration;
///
/// let pipeline = Pipeline::new().dedup(Dedup::within(Duration::from_secs(5)));
/// ```
///
/// The first of identical records passes and opens a window; those that follow within it are left out and counted. The
/// count is never lost: the next of them that passes has the attribute `log.duplicates`, which says how many were left out
/// before it. Where none comes, a summary does: the record that was left out once more, with its count, once
/// the window has ended, or when the client is flushed or shut down.
///
/// Records are identical when target, severity and body are. Up to 1024 kinds are told apart at a time, in at most 4 MiB:
/// what is beyond, and a record of more than 4 KiB, passes.
#[derive(Clone)]
#[must_use = "it does nothing until it is passed to `Pipeline::dedup`"]
pub struct Dedup {
    window: Duration,
    with_attributes: bool,
    /// Clones are handles of one table.
    table: Arc<PerProcess<Table>>,
}

struct Table {
    hasher: RandomState,
    shards: [Mutex<Kinds>; SHARDS],
    began: Instant,
    /// Milliseconds after that until summaries are looked for; [`NEVER`] while nothing is counted.
    due: AtomicU64,
    /// Whether a record has come by since somebody asked.
    is_in_use: AtomicBool,
}

impl Dedup {
    /// Leaves out what is repeated within `window` of the record that passed.
    pub fn within(window: Duration) -> Self {
        Self { window, with_attributes: false, table: Arc::new(PerProcess::new(Table::new(), |_| Table::new())) }
    }

    /// Records whose attributes differ are not identical, but for `request.id`, `thread.name` and those that begin with
    /// `log.`.
    pub fn with_attributes(mut self) -> Self {
        self.with_attributes = true;
        self
    }

    /// Decides about a record, and tells it how many were left out before. `Err`: it is left out.
    pub(super) fn judge(&self, view: &mut LogView<'_>, now: Instant) -> Result<Option<Carried>, ()> {
        if view.record().len() > MAX_RECORD_BYTES {
            return Ok(None);
        }
        if !self.table.is_in_use.load(Ordering::Relaxed) {
            self.table.is_in_use.store(true, Ordering::Relaxed);
        }
        let hash = self.hash(view);
        let ends = clock::after(now, self.window);
        let seen = self.table.shard(hash).see(hash, now, ends, view.severity(), view.record());
        match seen {
            Seen::First => Ok(None),
            Seen::RepeatedUntil(ends) => {
                self.table.is_due_by(ends);
                Err(())
            }
            Seen::Again(count) => {
                view.set_json(DUPLICATES, &Decimal::of(count));
                Ok(Some(Carried { hash, count }))
            }
        }
    }

    /// Takes a count back that a record carried which did not pass after all.
    pub(super) fn take_back(&self, carried: &Carried, now: Instant, view: &LogView<'_>) {
        self.table.shard(carried.hash).add(carried.hash, carried.count, view.severity(), view.record());
        self.table.is_due_by(clock::after(now, self.window));
    }

    /// Whether windows may have ended that something was left out in.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.table.millis(now) >= self.table.due.load(Ordering::Relaxed)
    }

    /// When the windows that are open now will have ended; `None` if no record has come by since this was asked.
    pub(super) fn next_tick(&self, now: Instant) -> Option<Instant> {
        let is_in_use = self.table.is_in_use.swap(false, Ordering::Relaxed);
        is_in_use.then(|| clock::after(now, self.window + Duration::from_millis(2)))
    }

    /// Hands out a summary of each window that has ended, or of all, in which something was left out.
    pub(super) fn settle(&self, now: Instant, all: bool, guard: &dyn Guard, each: &mut dyn FnMut(&[u8], Severity)) {
        self.table.due.store(NEVER, Ordering::Relaxed);
        let mut summary = Vec::new();
        for shard in &self.table.shards {
            let mut from = 0;
            loop {
                // No lock is held while a summary is handed out.
                let due = lock(shard).take_due(&mut from, now, all);
                let Some(due) = due else { break };
                summary.clear();
                draft::renew(&due.record, clock::wall(), guard, &mut summary);
                Edit::new(&mut summary, guard).set(DUPLICATES, |out| {
                    out.extend_from_slice(&Decimal::of(due.count));
                    Ok(())
                });
                each(&summary, due.severity);
                lock(shard).keep_buffer(due.at, due.record);
            }
            let next = lock(shard).next_end();
            if let Some(ends) = next {
                self.table.is_due_by(ends);
            }
        }
    }

    fn hash(&self, view: &LogView<'_>) -> u64 {
        let mut hasher = self.table.hasher.build_hasher();
        view.severity().hash(&mut hasher);
        for part in Parts::of(view.record()) {
            match part {
                Part::Field(Field::Identifier | Field::Body, text) => text.hash(&mut hasher),
                Part::Attribute(key, value) if self.with_attributes && !is_incidental(key) => {
                    key.hash(&mut hasher);
                    value.hash(&mut hasher);
                }
                _ => {}
            }
        }
        hasher.finish()
    }
}

impl fmt::Debug for Dedup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dedup")
            .field("window", &self.window)
            .field("with_attributes", &self.with_attributes)
            .finish_non_exhaustive()
    }
}

/// A count on its way with a record.
#[derive(Debug)]
pub(super) struct Carried {
    hash: u64,
    count: u64,
}

impl Table {
    fn new() -> Self {
        let shards = std::array::from_fn(|_| Mutex::new(Kinds::new(KINDS / SHARDS)));
        Self {
            hasher: RandomState::new(),
            shards,
            began: clock::now(),
            due: AtomicU64::new(NEVER),
            is_in_use: AtomicBool::new(false),
        }
    }

    fn shard(&self, hash: u64) -> MutexGuard<'_, Kinds> {
        let [number, ..] = hash.to_le_bytes();
        // There is one for every number below their count.
        lock(self.shards.get(usize::from(number) % SHARDS).unwrap_or(&self.shards[0]))
    }

    fn millis(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.began).as_millis()).unwrap_or(NEVER - 1)
    }

    fn is_due_by(&self, ends: Instant) {
        // The millisecond it ends in is not over then.
        self.due.fetch_min(self.millis(ends) + 1, Ordering::Relaxed);
    }
}

fn lock(shard: &Mutex<Kinds>) -> MutexGuard<'_, Kinds> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Attributes that say where a record is from and not what it is about.
fn is_incidental(key: &[u8]) -> bool {
    key == b"request.id" || key == b"thread.name" || key.starts_with(b"log.")
}

const DUPLICATES: &[u8] = b"log.duplicates";

/// Kinds of records that are told apart at a time.
const KINDS: usize = 1024;

/// Threads that log different things seldom wait for each other.
const SHARDS: usize = 8;

/// The largest record that is looked at, as one is kept of every kind that something was left out of.
const MAX_RECORD_BYTES: usize = 4 << 10;

const NEVER: u64 = u64::MAX;

#[cfg(test)]
mod tests;
