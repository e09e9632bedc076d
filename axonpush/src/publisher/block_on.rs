//! Waiting for a future from blocking code, anywhere.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::Instant,
};

use crate::{clock, context::suppress};

/// Blocks the current thread until `future` is ready.
///
/// Unlike a runtime's `block_on` it may be called on a runtime's own thread: whatever it waits for runs on the
/// worker's. On the worker's own, where that would be for ever, it answers `None` at once.
pub(crate) fn block_on<F: Future>(future: F) -> Option<F::Output> {
    block_on_until(future, None)
}

/// As [`block_on`], until `deadline` at the latest: `None` when it has passed.
pub(crate) fn block_on_until<F: Future>(future: F, deadline: Option<Instant>) -> Option<F::Output> {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    if suppress::is_marked() {
        return None;
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(output) => return Some(output),
            Poll::Pending => {}
        }
        match deadline.map(|deadline| deadline.saturating_duration_since(clock::now())) {
            None => thread::park(),
            Some(left) if left.is_zero() => return None,
            Some(left) => thread::park_timeout(left),
        }
    }
}
