//! Serving until told to stop: let requests finish, then deliver the last events, by one deadline.

use std::{fmt, io, pin::Pin, time::Duration};

use actix_web::dev::Server;
use axonpush::{
    AxonPush,
    exchange::{ServeReport, Stopping},
    shutdown_signal,
};

/// A worker that has begun to drain may look up only after a second, and learns only then that it is cut.
const LOOKS_UP: Duration = Duration::from_millis(1100);

/// Runs `server` until a signal; then delivers the last events of `client`, and ends it: whatever else publishes
/// through it is refused from then on. Servers that share a client wait for each other's requests before they do.
///
/// Build the server with `HttpServer::disable_signals()`, so that one place decides when it stops. Its
/// `HttpServer::shutdown_timeout` (30 s) still holds where it is shorter than
/// [`drain_timeout`](Serve::drain_timeout); what it cuts is told as cancelled, while the report calls it drained.
///
/// It returns by the end of the drain timeout, with two exceptions. actix's workers may look up only one second after
/// the signal, so a stop that has to cut requests sooner takes as long, and then delivers their events. And the end of
/// a handler that blocks its worker's thread cannot be awaited at all: it is reported as
/// [`unfinished`](ServeReport::unfinished), and its thread lives on.
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
    Serve { server, stopping: Stopping::new(client, || Box::pin(shutdown_signal())) }
}

/// A server to be; made by [`serve`], started by `.await`.
#[must_use = "nothing is served until this is awaited"]
pub struct Serve {
    server: Server,
    stopping: Stopping<Signal>,
}

type Signal = Pin<Box<dyn Future<Output = ()>>>;

impl Serve {
    /// Stops when `signal` is ready. Unless set, that is the first [`shutdown_signal`], and a second one cuts requests
    /// at once.
    pub fn with_shutdown(mut self, signal: impl Future<Output = ()> + 'static) -> Self {
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

    async fn run(self) -> io::Result<ServeReport> {
        let Self { server, stopping } = self;
        let handle = server.handle();
        let stop = || {
            // The command is on its way when `stop` returns; the server works on it while it is awaited.
            let _stopped = handle.stop(true);
        };
        // A worker stops, and drops what it was doing, when it sees that its server was dropped.
        let (result, report) = stopping.run(server, stop, || (), LOOKS_UP).await;
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
        f.debug_struct("Serve").field("stopping", &self.stopping).finish_non_exhaustive()
    }
}
