//! What belongs to one process, and how it is made anew in a fork.
//!
//! A child has none of its parent's threads, but all of its memory and its open sockets: a queue nobody empties, locks
//! that nobody may ever unlock, connections whose bytes would mingle with the parent's. So whatever finds itself in a
//! child leaves all of that alone and begins anew. A system call on every event would cost as much as the rest of
//! handing over, so the C library is asked, once, to say when it happens.

#![expect(unsafe_code, reason = "pthread_atfork and a value that must not be dropped have no safe form")]

use std::{
    mem::ManuallyDrop,
    ops::Deref,
    sync::{
        Once, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

static GENERATION: AtomicU64 = AtomicU64::new(0);
static ASKED: Once = Once::new();

/// How many forks lie between this process and the one that first asked.
pub(crate) fn generation() -> u64 {
    ASKED.call_once(ask_to_be_told);
    GENERATION.load(Ordering::Relaxed)
}

#[cfg(unix)]
fn ask_to_be_told() {
    extern "C" fn in_child() {
        // Only what is safe in a signal handler is safe here; this is.
        GENERATION.fetch_add(1, Ordering::Relaxed);
    }
    // SAFETY: the handler is a static function without captures that does nothing but one atomic addition, so it may
    // run in the child of any thread at any time. Should the call fail for want of memory, forks go unnoticed, as they
    // would without it.
    unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
}

/// Processes don't fork here.
#[cfg(not(unix))]
fn ask_to_be_told() {}

/// A value of which each process has its own.
pub(crate) struct PerProcess<T> {
    first: Node<T>,
    /// Makes the value of a child, which may look at that of its parent but not touch what lies behind it.
    renew: Box<dyn Fn(&T) -> T + Send + Sync>,
}

struct Node<T> {
    generation: u64,
    value: ManuallyDrop<T>,
    next: OnceLock<Box<Node<T>>>,
}

impl<T> PerProcess<T> {
    /// `value` for this process, and what `renew` makes of it for a child.
    pub(crate) fn new(value: T, renew: impl Fn(&T) -> T + Send + Sync + 'static) -> Self {
        Self { first: Node::new(value), renew: Box::new(renew) }
    }

    /// The value of this process, if it was made before: for whoever may be called while it is being made.
    pub(crate) fn existing(&self) -> Option<&T> {
        let mut node = &self.first;
        while node.generation != generation() {
            node = node.next.get()?;
        }
        Some(&node.value)
    }
}

impl<T> Deref for PerProcess<T> {
    type Target = T;

    fn deref(&self) -> &T {
        let mut node = &self.first;
        while node.generation != generation() {
            node = node.next.get_or_init(|| Box::new(Node::new((self.renew)(&node.value))));
        }
        &node.value
    }
}

impl<T> Node<T> {
    fn new(value: T) -> Self {
        Self { generation: generation(), value: ManuallyDrop::new(value), next: OnceLock::new() }
    }
}

impl<T> Drop for Node<T> {
    fn drop(&mut self) {
        // What a parent left behind may hold locked locks and shared sockets; it ends with the process.
        if self.generation == generation() {
            // SAFETY: the value was never taken out, and after this drop nobody can reach it.
            unsafe { ManuallyDrop::drop(&mut self.value) };
        }
    }
}
