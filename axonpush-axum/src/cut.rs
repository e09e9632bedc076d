//! Connections that can be cut. `axum::serve` gives every connection a task of its own and keeps no handle to it; the
//! socket is the one place from where such a task can be ended.

use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use axum::serve::Listener;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::watch,
};

/// A listener whose connections end with an error when [`serve`](crate::serve) cuts them.
#[derive(Debug)]
pub struct CutListener<L> {
    inner: L,
    cut: watch::Receiver<bool>,
}

impl<L> CutListener<L> {
    pub(crate) fn new(inner: L, cut: watch::Receiver<bool>) -> Self {
        Self { inner, cut }
    }

    /// The listener that was given to [`serve`](crate::serve).
    pub fn get_ref(&self) -> &L {
        &self.inner
    }
}

impl<L: Listener> Listener for CutListener<L> {
    type Io = CutIo<L::Io>;
    type Addr = L::Addr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (io, address) = self.inner.accept().await;
        (CutIo::new(io, self.cut.clone()), address)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.inner.local_addr()
    }
}

/// A connection of a [`CutListener`].
pub struct CutIo<I> {
    inner: I,
    cut: watch::Receiver<bool>,
    was_cut: Pin<Box<dyn Future<Output = ()> + Send + Sync>>,
    /// Who was told to `was_cut` already.
    waker: Option<Waker>,
}

impl<I> CutIo<I> {
    /// The connection as your listener accepted it.
    pub fn get_ref(&self) -> &I {
        &self.inner
    }

    fn new(inner: I, cut: watch::Receiver<bool>) -> Self {
        let mut told = cut.clone();
        let was_cut = Box::pin(async move {
            if told.wait_for(|cut| *cut).await.is_err() {
                // Nobody is left who could cut this connection.
                std::future::pending::<()>().await;
            }
        });
        Self { inner, cut, was_cut, waker: None }
    }

    /// Every step asks this first, so that a connection that is cut can't make another one, whatever it waits for.
    fn check(&mut self, cx: &Context<'_>) -> io::Result<()> {
        // Once `serve` has returned nothing changes any more, and what it said last still holds.
        if self.cut.has_changed().unwrap_or_else(|_| *self.cut.borrow()) {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        // Asking the future costs a lock; it need only know whom to wake.
        if !self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            self.waker = Some(cx.waker().clone());
            if self.was_cut.as_mut().poll(&mut Context::from_waker(cx.waker())).is_ready() {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
        }
        Ok(())
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for CutIo<I> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for CutIo<I> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

impl<I: fmt::Debug> fmt::Debug for CutIo<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CutIo").field("inner", &self.inner).finish_non_exhaustive()
    }
}
