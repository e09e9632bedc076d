//! Serving until told to stop: let requests finish, then deliver the last events, by one deadline.

use std::{convert::Infallible, fmt, io, marker::PhantomData, pin::Pin, time::Duration};

use axonpush::{
    AxonPush,
    exchange::{ServeReport, Stopping},
    shutdown_signal,
};
use axum::{
    extract::Request,
    response::Response,
    serve::{IncomingStream, Listener, ListenerExt as _, TapIo},
};
use tokio::sync::{oneshot, watch};
use tower_service::Service;

use crate::cut::{CutIo, CutListener};

/// The listener that [`serve`] makes of yours, so that it can cut connections. It has the addresses of yours.
///
/// The connections in its [`IncomingStream`]s are of type [`CutIo`], and lead to those you accepted by
/// [`get_ref`](CutIo::get_ref). For connect info of your own axum wants an implementation of its `Connected` that names
/// the listener, and for this one there can be none but that of the address. So let the address be the info:
///
/// ```
/// use axum::{Router, extract::ConnectInfo, routing::get, serve::Listener};
/// use std::{io, net::SocketAddr};
/// use tokio::net::{TcpListener, TcpStream};
/// # use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
///
/// #[derive(Debug, Clone)]
/// struct Caller {
///     address: Option<SocketAddr>,
///     nodelay: bool,
/// }
///
/// struct Callers(TcpListener);
///
/// impl Listener for Callers {
///     type Io = TcpStream;
///     type Addr = Caller;
///
///     async fn accept(&mut self) -> (TcpStream, Caller) {
///         let (stream, address) = Listener::accept(&mut self.0).await;
///         let nodelay = stream.nodelay().unwrap_or(false);
///         (stream, Caller { address: Some(address), nodelay })
///     }
///
///     fn local_addr(&self) -> io::Result<Caller> {
///         Ok(Caller { address: Some(self.0.local_addr()?), nodelay: false })
///     }
/// }
///
/// # #[tokio::main]
/// # async fn main() -> io::Result<()> {
/// # let client = axonpush::AxonPush::disabled();
/// let app = Router::new().route("/", get(async |ConnectInfo(caller): ConnectInfo<Caller>| format!("{caller:?}")));
/// let app = app.into_make_service_with_connect_info::<Caller>();
/// let listener = Callers(TcpListener::bind("127.0.0.1:0").await?);
/// # let mut caller = TcpStream::connect(listener.0.local_addr()?).await?;
/// # let (told, tells) = tokio::sync::oneshot::channel();
/// # let called = async move {
/// #     let request = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
/// #     caller.write_all(request).await.ok();
/// #     let mut response = String::new();
/// #     caller.read_to_string(&mut response).await.ok();
/// #     told.send(response).ok();
/// # };
/// let report = axonpush_axum::serve(listener, app, &client)
/// #   .with_shutdown(called)
///     .await?;
/// # assert!(tells.await.unwrap().contains("nodelay: false"));
/// # Ok(())
/// # }
/// ```
pub type ServeListener<L> = TapIo<CutListener<L>, fn(&mut CutIo<<L as Listener>::Io>)>;

/// Serves `app` like [`axum::serve`](fn@axum::serve) does, until a signal; then delivers the last events of `client`,
/// and ends it: whatever else publishes through it is refused from then on. Servers that share a client wait for each
/// other's requests before they do.
///
/// It returns by the end of the drain timeout. A connection that has sent half of a request's head is waited for until
/// requests are cut. The end of a handler that blocks its thread by then cannot be awaited: it is reported as
/// [`unfinished`](ServeReport::unfinished).
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
    Serve { listener, app, stopping: Stopping::new(client, || Box::pin(shutdown_signal())), service: PhantomData }
}

/// A server to be; made by [`serve`], started by `.await`.
#[must_use = "nothing is served until this is awaited"]
pub struct Serve<L, M, S> {
    listener: L,
    app: M,
    stopping: Stopping<Signal>,
    service: PhantomData<fn() -> S>,
}

type Signal = Pin<Box<dyn Future<Output = ()> + Send>>;

impl<L, M, S> Serve<L, M, S> {
    /// Stops when `signal` is ready. Unless set, that is the first [`shutdown_signal`], and a second one cuts requests
    /// at once.
    pub fn with_shutdown(mut self, signal: impl Future<Output = ()> + Send + 'static) -> Self {
        self.stopping = self.stopping.with_shutdown(Box::pin(signal));
        self
    }

    /// How long requests may take to finish and events to be delivered, together, once the signal came; 10 s unless
    /// set. Requests under way 0.75 s before its end, or when half of it has passed, whichever is later, are cut and
    /// told as cancelled; the rest of it is for them and for the last events.
    pub fn drain_timeout(mut self, timeout: Duration) -> Self {
        self.stopping = self.stopping.drain_timeout(timeout);
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
        let Self { listener, app, stopping, service: _ } = self;
        let (cut, cuts) = watch::channel(false);
        // The tap does nothing, but axum tells client addresses for this type and none of ours.
        let listener: ServeListener<L> = CutListener::new(listener, cuts).tap_io(|_| {});
        let (stop, stopped) = oneshot::channel::<()>();
        let server = axum::serve(listener, app).with_graceful_shutdown(async {
            let _told: Result<(), _> = stopped.await;
        });
        let stop = || {
            let _gone = stop.send(());
        };
        let cut = || {
            cut.send_replace(true);
        };
        let (result, report) = stopping.run(server.into_future(), stop, cut, Duration::ZERO).await;
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
            .field("stopping", &self.stopping)
            .finish_non_exhaustive()
    }
}
