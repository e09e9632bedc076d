//! How long a client is waited for, and who makes use of it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::Instant;

/// How long a client is waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// For the rest of a request's head, once it began.
    pub(crate) head: Duration,
    /// For a request's body.
    pub(crate) body: Duration,
    /// For the next request. Shorter would meet clients that reuse a connection at the very moment it is closed.
    pub(crate) idle: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { head: Duration::from_secs(5), body: Duration::from_secs(10), idle: Duration::from_secs(60) }
    }
}

/// Since when the head of a request has been arriving on one connection.
#[derive(Debug, Default)]
pub(crate) struct HeadClock {
    state: Mutex<State>,
    begun: Notify,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Nothing of the next request is there.
    #[default]
    Idle,
    Head {
        since: Instant,
    },
    /// A request is being answered.
    Busy,
}

impl HeadClock {
    /// A request's head is complete.
    pub(crate) fn complete(&self) {
        self.set(State::Busy);
    }

    /// Its answer is, too.
    pub(crate) fn answered(&self) {
        self.set(State::Idle);
    }

    /// Resolves once a head has taken longer than `limit`.
    pub(crate) async fn overdue(&self, limit: Duration) {
        loop {
            let State::Head { since } = self.get() else {
                self.begun.notified().await;
                continue;
            };
            tokio::time::sleep_until(since + limit).await;
            if self.get() == (State::Head { since }) {
                return;
            }
        }
    }

    fn arrived(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if *state == State::Idle {
            *state = State::Head { since: Instant::now() };
            drop(state);
            self.begun.notify_one();
        }
    }

    fn get(&self) -> State {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, state: State) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

/// A connection that tells its clock when something arrives.
#[derive(Debug)]
pub(crate) struct Watched<S> {
    stream: S,
    clock: Arc<HeadClock>,
}

impl<S> Watched<S> {
    pub(crate) fn new(stream: S, clock: Arc<HeadClock>) -> Self {
        Self { stream, clock }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.clock.arrived();
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(5);

    #[tokio::test(start_paused = true)]
    async fn a_head_has_its_time_from_its_first_byte_on() {
        let clock = HeadClock::default();
        let began = Instant::now();
        clock.arrived();
        tokio::time::advance(Duration::from_secs(3)).await;
        // More of it does not make the time longer.
        clock.arrived();
        clock.overdue(LIMIT).await;
        assert_eq!(began.elapsed(), LIMIT);
    }

    #[tokio::test(start_paused = true)]
    async fn neither_an_answer_nor_a_pause_between_requests_is_overdue() {
        let clock = HeadClock::default();
        let idle = tokio::time::timeout(Duration::from_secs(100), clock.overdue(LIMIT));
        assert!(idle.await.is_err());
        clock.arrived();
        clock.complete();
        // A body is no head.
        clock.arrived();
        assert!(tokio::time::timeout(Duration::from_secs(100), clock.overdue(LIMIT)).await.is_err());
        clock.answered();
        clock.arrived();
        let began = Instant::now();
        clock.overdue(LIMIT).await;
        assert_eq!(began.elapsed(), LIMIT);
    }
}
