//! Serving until told to stop: let requests finish, then deliver the last events, by one deadline.

use std::{
    fmt, io,
    pin::Pin,
    time::{Duration, Instant},
};

use actix_web::dev::Server;
use axonpush::{AxonPush, FlushReport};
use tokio::time::{sleep, timeout};

/// How long requests and events have together once the signal came.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// What events get even when requests used up the whole deadline: one round trip to a server that is well.
const MIN_FLUSH: Duration = Duration::from_millis(500);

/// How long requests that were cut may take to be gone. A worker that has just begun to drain looks up once a second.
const SETTLE: Duration = Duration::from_millis(1250);

/// Ready when the process is told to stop: by Ctrl-C, or on Unix by SIGTERM.
///
/// Never ready for a signal that the system doesn't let us listen to.
pub async fn shutdown_signal() {
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => signal.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<Option<()>>();
    tokio::select! {
        () = interrupted => {}
        _ = terminated => {}
    }
}

/// Runs `server` until a signal; then delivers the last events of `client`.
///
/// Build the server with `HttpServer::disable_signals()`, so that one place decides when it stops. Its
/// `HttpServer::shutdown_timeout` (30 s) still holds where it is shorter than
/// [`drain_timeout`](Serve::drain_timeout).
///
/// ```no_run
/// # async fn example(client: axonpush::AxonPush) -> std::io::Result<()> {
/// use actix_web::{App, HttpServer};
/// use axonpush_actix::AxonPush;
/// use std::time::Duration;
///
/// let middleware = AxonPush::new(&client);
/// let server = HttpServer::new(move || App::new().wrap(middleware.clone()))
///     .disable_signals()
///     .bind(("0.0.0.0", 3000))?
///     .run();
/// let report = axonpush_actix::serve(server, &client).drain_timeout(Duration::from_secs(25)).await?;
/// eprintln!("{report}");
/// # Ok(())
/// # }
/// ```
pub fn serve(server: Server, client: &AxonPush) -> Serve {
    Serve { server, client: client.clone(), signal: Box::pin(shutdown_signal()), drain_timeout: DRAIN_TIMEOUT }
}

/// A server to be; made by [`serve`], started by `.await`.
#[must_use = "nothing is served until this is awaited"]
pub struct Serve {
    server: Server,
    client: AxonPush,
    signal: Pin<Box<dyn Future<Output = ()>>>,
    drain_timeout: Duration,
}

impl Serve {
    /// Stops when `signal` is ready; [`shutdown_signal`] unless set.
    pub fn with_shutdown(mut self, signal: impl Future<Output = ()> + 'static) -> Self {
        self.signal = Box::pin(signal);
        self
    }

    /// How long requests may take to finish and events to be delivered, together, once the signal came; 10 s unless
    /// set. Requests under way by then are cut, and reported as cancelled. Events always get half a second.
    pub fn drain_timeout(mut self, timeout: Duration) -> Self {
        self.drain_timeout = timeout;
        self
    }

    async fn run(self) -> io::Result<ServeReport> {
        let Self { mut server, client, signal, drain_timeout } = self;
        let mut result = tokio::select! {
            result = &mut server => Some(result),
            () = signal => None,
        };
        let deadline = Instant::now() + drain_timeout;
        if result.is_none() {
            // The command is on its way when `stop` returns; the server works on it while it is awaited below.
            let _stopped = server.handle().stop(true);
            result = timeout(drain_timeout, &mut server).await.ok();
        }
        // Without its server a worker that still drains stops at once, and drops what it was doing.
        drop(server);
        let busy = client.open_exchanges();
        settle(&client).await;
        let left = deadline.saturating_duration_since(Instant::now());
        let flush = client.shutdown(left.max(MIN_FLUSH)).await;
        let drained = result.is_some() && busy == 0;
        result.unwrap_or(Ok(())).map(|()| ServeReport { drained, flush })
    }
}

/// Waits until every exchange has told its end. A worker counts as stopped a moment before its tasks are
/// gone.
async fn settle(client: &AxonPush) {
    let _late = timeout(SETTLE, async {
        while client.open_exchanges() > 0 {
            sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
}

impl IntoFuture for Serve {
    type Output = io::Result<ServeReport>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for Serve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serve").field("drain_timeout", &self.drain_timeout).finish_non_exhaustive()
    }
}

/// How serving ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a report may say that requests were cut or events left behind"]
pub struct ServeReport {
    drained: bool,
    flush: FlushReport,
}

impl ServeReport {
    /// Whether every request finished by itself. If not, the rest was cut at the deadline.
    pub fn drained(&self) -> bool {
        self.drained
    }

    /// What became of the last events.
    pub fn flush(&self) -> &FlushReport {
        &self.flush
    }

    /// Whether every request finished and every event was delivered.
    pub fn is_complete(&self) -> bool {
        self.drained && self.flush.is_complete()
    }
}

impl fmt::Display for ServeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let requests = if self.drained { "finished" } else { "cut at the deadline" };
        write!(f, "requests {requests}; events: {}", self.flush)
    }
}
