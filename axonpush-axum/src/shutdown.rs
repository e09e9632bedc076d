//! Serving until told to stop: let requests finish, then deliver the last events, by one deadline.

use std::{
    convert::Infallible,
    fmt, io,
    marker::PhantomData,
    pin::{Pin, pin},
    time::Duration,
};

use axonpush::{
    AxonPush,
    exchange::{DRAIN_TIMEOUT, ServeReport},
    shutdown_signal,
};
use axum::{
    extract::Request,
    response::Response,
    serve::{IncomingStream, Listener, ListenerExt as _, TapIo},
};
use tokio::{
    sync::{oneshot, watch},
    time::{Instant, timeout, timeout_at},
};
use tower_service::Service;

use crate::cut::{CutIo, CutListener};

/// How long connections that were cut, or are closed, may take to be gone. It is a matter of scheduling, not of work.
const SETTLE: Duration = Duration::from_millis(250);

/// The listener that [`serve`] makes of yours.
pub type ServeListener<L> = TapIo<CutListener<L>, fn(&mut CutIo<<L as Listener>::Io>)>;

/// Serves `app` like [`axum::serve`](fn@axum::serve) does, until a signal; then delivers the last events of `client`.
///
/// `app` is a `Router`, or what `Router::into_make_service_with_connect_info` makes of it: then events tell the
/// client's address.
///
/// ```no_run
/// # async fn example(app: axum::Router, client: axonpush::AxonPush) -> std::io::Result<()> {
/// use std::{net::SocketAddr, time::Duration};
///
/// let listener = tokio::net::TcpListener::bind("0.0.0.0:3000").await?;
/// let app = app.into_make_service_with_connect_info::<SocketAddr>();
/// let report = axonpush_axum::serve(listener, app, &client).drain_timeout(Duration::from_secs(25)).await?;
/// eprintln!("{report}");
/// # Ok(())
/// # }
/// ```
pub fn serve<L, M, S>(listener: L, app: M, client: &AxonPush) -> Serve<L, M, S>
where
    L: Listener,
    M: for<'a> Service<IncomingStream<'a, ServeListener<L>>, Error = Infallible, Response = S>,
{
    Serve {
        listener,
        app,
        client: client.clone(),
        signal: Box::pin(shutdown_signal()),
        drain_timeout: DRAIN_TIMEOUT,
        service: PhantomData,
    }
}

/// A server to be; made by [`serve`], started by `.await`.
#[must_use = "nothing is served until this is awaited"]
pub struct Serve<L, M, S> {
    listener: L,
    app: M,
    client: AxonPush,
    signal: Pin<Box<dyn Future<Output = ()> + Send>>,
    drain_timeout: Duration,
    service: PhantomData<fn() -> S>,
}

impl<L, M, S> Serve<L, M, S> {
    /// Stops when `signal` is ready; [`shutdown_signal`] unless set.
    pub fn with_shutdown(mut self, signal: impl Future<Output = ()> + Send + 'static) -> Self {
        self.signal = Box::pin(signal);
        self
    }

    /// How long requests may take to finish and events to be delivered, together, once the signal came; 10 s unless
    /// set. Connections that are busy by then are cut, and their exchanges reported as cancelled. Events always get
    /// half a second.
    pub fn drain_timeout(mut self, timeout: Duration) -> Self {
        self.drain_timeout = timeout;
        self
    }
}

impl<L, M, S> Serve<L, M, S>
where
    L: Listener,
    L::Addr: fmt::Debug,
    M: for<'a> Service<IncomingStream<'a, ServeListener<L>>, Error = Infallible, Response = S> + Send + 'static,
    for<'a> <M as Service<IncomingStream<'a, ServeListener<L>>>>::Future: Send,
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    async fn run(self) -> io::Result<ServeReport> {
        let Self { listener, app, client, signal, drain_timeout, service: _ } = self;
        let (cut, cuts) = watch::channel(false);
        // The tap does nothing, but axum tells client addresses for this type and none of ours.
        let listener: ServeListener<L> = CutListener::new(listener, cuts).tap_io(|_| {});
        let (stop, stopping) = oneshot::channel();
        let signalled = async move {
            signal.await;
            let _gone = stop.send(());
        };
        let mut serving = pin!(axum::serve(listener, app).with_graceful_shutdown(signalled).into_future());
        let mut result = tokio::select! {
            result = &mut serving => Some(result),
            _ = stopping => None,
        };
        let deadline = Instant::now() + drain_timeout;
        if result.is_none() {
            result = timeout_at(deadline, &mut serving).await.ok();
        }
        let drained = result.is_some();
        if !drained {
            cut.send_replace(true);
            result = timeout(SETTLE, &mut serving).await.ok();
        }
        // A connection counts as closed a moment before its task is gone.
        let report = ServeReport::finish(&client, drained, SETTLE, deadline.into()).await;
        result.unwrap_or(Ok(())).map(|()| report)
    }
}

impl<L, M, S> IntoFuture for Serve<L, M, S>
where
    L: Listener,
    L::Addr: fmt::Debug,
    M: for<'a> Service<IncomingStream<'a, ServeListener<L>>, Error = Infallible, Response = S> + Send + 'static,
    for<'a> <M as Service<IncomingStream<'a, ServeListener<L>>>>::Future: Send,
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Output = io::Result<ServeReport>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl<L: fmt::Debug, M, S> fmt::Debug for Serve<L, M, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serve")
            .field("listener", &self.listener)
            .field("drain_timeout", &self.drain_timeout)
            .finish_non_exhaustive()
    }
}
