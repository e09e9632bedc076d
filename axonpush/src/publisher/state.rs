//! What the worker and its handle share.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Instant,
};

use arc_swap::ArcSwap;
use tokio::sync::watch;

use super::{Chores, DeliveryPolicy, LossPolicy, Queue, RetryPolicy, Settings, Stats, Transport};
use crate::{clock, error::Error, retry::BreakerState, sync::Notify};

pub(super) struct Shared {
    pub(super) queue: Queue,
    /// The way to the server, which may be another one later.
    pub(super) transport: ArcSwap<Transport>,
    pub(super) retry: RetryPolicy,
    pub(super) delivery: DeliveryPolicy,
    pub(super) losses: LossPolicy,
    pub(super) chores: Chores,
    /// Wakes the worker for new records.
    pub(super) wake: Notify,
    /// When the worker will end, once it was told to.
    pub(super) shutdown_at: watch::Sender<Option<Instant>>,
    /// Awaited calls under way; shutdown waits for them.
    pub(super) calls: AtomicUsize,
    /// Records that were sent again.
    pub(super) retried: AtomicU64,
    /// How often the worker had to be started again.
    pub(super) restarts: AtomicU64,
    breaker: Mutex<BreakerState>,
    last_error: Mutex<Option<Arc<Error>>>,
}

impl Shared {
    pub(super) fn new(transport: Transport, settings: Settings) -> Self {
        Self {
            queue: Queue::new(settings.queue, settings.losses.hook.is_some()),
            transport: ArcSwap::from_pointee(transport),
            retry: settings.retry,
            delivery: settings.delivery,
            losses: settings.losses,
            chores: settings.chores,
            wake: Notify::new(),
            shutdown_at: watch::Sender::new(None),
            calls: AtomicUsize::new(0),
            retried: AtomicU64::new(0),
            restarts: AtomicU64::new(0),
            breaker: Mutex::default(),
            last_error: Mutex::default(),
        }
    }

    /// The books, but for what the handle counts.
    pub(super) fn stats(&self) -> Stats {
        let policy = self.queue.policy();
        let (latency_p50, latency_p99) = self.queue.latency();
        Stats {
            tally: self.queue.tally(),
            retried: self.retried.load(Ordering::Relaxed),
            restarts: self.restarts.load(Ordering::Relaxed),
            capacity: (*policy.max_events as u64, *policy.max_bytes as u64),
            oldest_age: self.queue.oldest().map(|at| clock::now().saturating_duration_since(at)),
            latency: (latency_p50, latency_p99),
            breaker: *self.breaker.lock().unwrap_or_else(PoisonError::into_inner),
            ..Stats::default()
        }
    }

    pub(super) fn set_breaker(&self, state: BreakerState) {
        *self.breaker.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    pub(super) fn remember(&self, error: Error) {
        *self.last_error() = Some(Arc::new(error));
    }

    pub(super) fn last_error(&self) -> MutexGuard<'_, Option<Arc<Error>>> {
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An awaited call, from its start to its end, however it ends.
pub(super) struct Call(Arc<Shared>);

impl Call {
    pub(super) fn begin(shared: &Arc<Shared>) -> Self {
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
