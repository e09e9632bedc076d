//! Serving until told to stop: let requests finish, then deliver the last events, by one deadline.

use std::{
    fmt, io,
    pin::Pin,
    time::{Duration, Instant},
};

use actix_web::dev::Server;
use axonpush::{
    AxonPush,
    exchange::{DRAIN_TIMEOUT, ServeReport},
    shutdown_signal,
};
use tokio::time::timeout;

/// How long requests that were cut may take to be gone. A worker that has just begun to drain looks up once a second.
const SETTLE: Duration = Duration::from_millis(1250);

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
        let drained = result.is_some() && busy == 0;
        let report = ServeReport::finish(&client, drained, SETTLE, deadline).await;
        result.unwrap_or(Ok(())).map(|()| report)
    }
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
