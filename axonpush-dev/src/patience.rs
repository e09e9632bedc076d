//! How long a client is waited for, and who makes use of it.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
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
    /// For room for more of an answer, while there is none. An answer as a whole may take as long as it likes.
    pub(crate) write: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { head: seconds(5), body: seconds(10), idle: seconds(60), write: seconds(30) }
    }
}

/// What one connection's client is being waited for.
#[derive(Debug, Default)]
pub(crate) struct ClientClock {
    head: Since,
    /// Whether what arrives belongs to a request whose head is complete.
    busy: AtomicBool,
    write: Since,
}

impl ClientClock {
    /// A request's head is complete.
    pub(crate) fn complete(&self) {
        self.busy.store(true, Ordering::Relaxed);
        self.head.end();
    }

    /// Its answer is, too.
    pub(crate) fn answered(&self) {
        self.busy.store(false, Ordering::Relaxed);
    }

    /// Resolves once a head has taken too long, or a client has read nothing of its answer for too long.
    pub(crate) async fn overdue(&self, patience: &Patience) {
        tokio::select! {
            () = self.head.longer_than(patience.head) => {}
            () = self.write.longer_than(patience.write) => {}
        }
    }

    fn arrived(&self) {
        if !self.busy.load(Ordering::Relaxed) {
            self.head.begin();
        }
    }

    fn wrote<T>(&self, polled: Poll<T>) -> Poll<T> {
        match polled {
            Poll::Pending => self.write.begin(),
            Poll::Ready(_) => self.write.end(),
        }
        polled
    }
}

/// Since when something has been going on, if it is.
#[derive(Debug, Default)]
struct Since {
    instant: Mutex<Option<Instant>>,
    begun: Notify,
}

impl Since {
    /// What goes on already has begun when it began.
    fn begin(&self) {
        let mut instant = self.instant.lock().unwrap_or_else(PoisonError::into_inner);
        if instant.is_none() {
            *instant = Some(Instant::now());
            drop(instant);
            self.begun.notify_one();
        }
    }

    fn end(&self) {
        *self.instant.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn get(&self) -> Option<Instant> {
        *self.instant.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn longer_than(&self, limit: Duration) {
        loop {
            let Some(since) = self.get() else {
                self.begun.notified().await;
                continue;
            };
            tokio::time::sleep_until(since + limit).await;
            if self.get() == Some(since) {
                return;
            }
        }
    }
}

/// A connection that tells its clock when something arrives, and when nothing more can be sent.
#[derive(Debug)]
pub(crate) struct Watched<S> {
    stream: S,
    clock: Arc<ClientClock>,
}

impl<S> Watched<S> {
    pub(crate) fn new(stream: S, clock: Arc<ClientClock>) -> Self {
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
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.clock.wrote(polled)
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
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.clock.wrote(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(5);
    const NEVER: Duration = Duration::from_secs(3_600);

    fn patience(head: Duration, write: Duration) -> Patience {
        Patience { head, write, ..Patience::default() }
    }

    async fn is_never_overdue(clock: &ClientClock, patience: &Patience) -> bool {
        tokio::time::timeout(Duration::from_secs(100), clock.overdue(patience)).await.is_err()
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_has_its_time_from_its_first_byte_on() {
        let clock = ClientClock::default();
        let began = Instant::now();
        clock.arrived();
        tokio::time::advance(Duration::from_secs(3)).await;
        // More of it does not make the time longer.
        clock.arrived();
        clock.overdue(&patience(LIMIT, NEVER)).await;
        assert_eq!(began.elapsed(), LIMIT);
    }

    #[tokio::test(start_paused = true)]
    async fn neither_an_answer_nor_a_pause_between_requests_is_overdue() {
        let (clock, patience) = (ClientClock::default(), patience(LIMIT, LIMIT));
        assert!(is_never_overdue(&clock, &patience).await);
        clock.arrived();
        clock.complete();
        // A body is no head.
        clock.arrived();
        assert!(is_never_overdue(&clock, &patience).await);
        clock.answered();
        clock.arrived();
        let began = Instant::now();
        clock.overdue(&patience).await;
        assert_eq!(began.elapsed(), LIMIT);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_may_take_long_while_its_client_reads() {
        let (mut client, server) = tokio::io::duplex(8);
        let clock = Arc::new(ClientClock::default());
        let mut server = Watched::new(server, Arc::clone(&clock));
        let patience = patience(NEVER, LIMIT);
        let answer = tokio::spawn(async move { server.write_all(&[b'x'; 80]).await });
        for _ in 0..9 {
            let reading = tokio::time::timeout(LIMIT * 4 / 5, clock.overdue(&patience));
            assert!(reading.await.is_err());
            client.read_exact(&mut [0; 8]).await.unwrap();
        }
        // All that is left has found its room.
        answer.await.unwrap().unwrap();
        assert!(is_never_overdue(&clock, &patience).await);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_reads_is_overdue_in_time() {
        let (_client, server) = tokio::io::duplex(8);
        let clock = Arc::new(ClientClock::default());
        let mut server = Watched::new(server, Arc::clone(&clock));
        let (began, patience) = (Instant::now(), patience(NEVER, LIMIT));
        tokio::select! {
            _ = server.write_all(&[b'x'; 80]) => panic!("there was no room for it"),
            () = clock.overdue(&patience) => {}
        }
        assert_eq!(began.elapsed(), LIMIT);
    }
}
