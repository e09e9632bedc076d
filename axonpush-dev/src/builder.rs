//! Choosing how a server runs.

use std::path::PathBuf;
use std::time::Duration;

use crate::error::Error;
use crate::faults::Faults;
use crate::patience::Patience;
use crate::server::DevServer;
use crate::store::StorePolicy;

/// Chooses port, file and limits of a [`DevServer`], then starts it.
#[derive(Clone, Debug)]
#[must_use = "nothing listens until `start` is called"]
pub struct DevServerBuilder {
    pub(crate) port: u16,
    pub(crate) store: StorePolicy,
    pub(crate) accept_occurred_at: bool,
    pub(crate) max_batch: Option<usize>,
    pub(crate) keep_requests: usize,
    pub(crate) stop_timeout: Duration,
    pub(crate) faults: Faults,
    pub(crate) fault_requests: bool,
    pub(crate) seed_demo: bool,
    pub(crate) patience: Patience,
}

impl DevServerBuilder {
    /// The port to listen on, on 127.0.0.1. Default: 0, which takes any free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Keeps events in the database file `path`, which is created when missing and serves one
    /// server at a time. A lock file and files of the database stand beside it. What was answered with 200 is there after
    /// the program was killed, and webhooks that were under way are delivered by the next server. While nothing can be
    /// written, because the disk is full or the like, events are refused with 503 and `Retry-After`. Default: memory only.
    pub fn persist(mut self, path: impl Into<PathBuf>) -> Self {
        self.store.file = Some(path.into());
        self
    }

    /// How many events are kept before the oldest leave; at least 1. Default: 1,000,000.
    pub fn max_events(mut self, events: u64) -> Self {
        self.store.max_events = events;
        self
    }

    /// How many bytes the bodies of kept events may have, together with the headers of the requests that brought them,
    /// before the oldest leave. The newest event stays even when it alone is larger. Searching needs about as much
    /// again. Default: 1 GiB.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.store.max_bytes = bytes;
        self
    }

    /// How many of the latest requests [`DevServer::requests`] returns. Default: 1,000.
    /// They are kept up to 16 MiB together.
    pub fn keep_requests(mut self, requests: usize) -> Self {
        self.keep_requests = requests;
        self
    }

    /// Refuses `occurredAt` with 422, as servers did before they knew the field. Default: accepted.
    pub fn reject_occurred_at(mut self) -> Self {
        self.accept_occurred_at = false;
        self
    }

    /// Refuses OTLP requests with more than `records` records with 413, to see a client send
    /// smaller ones. Default: as many are taken as any exporter sends, up to 65,536.
    pub fn max_batch(mut self, records: usize) -> Self {
        self.max_batch = Some(records);
        self
    }

    /// How long [`DevServer::stop`] waits for requests under way. Default: 2 seconds.
    pub fn stop_timeout(mut self, timeout: Duration) -> Self {
        self.stop_timeout = timeout;
        self
    }

    /// What goes wrong with every request from the start. [`DevServer::set_faults`] changes it later. Default: nothing.
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// Lets `POST /dev/faults` change what goes wrong, for programs that have no handle to the server. Default: there is
    /// no such route.
    pub fn allow_fault_requests(mut self) -> Self {
        self.fault_requests = true;
        self
    }

    /// Begins with an hour of a small shop's events: some 3,700 logs, spans and agent events that end now, and are the
    /// same each time but for the hour. A file that holds them keeps them as they are; webhooks of a file get them like any
    /// others. Default: nothing is there.
    pub fn seed_demo(mut self) -> Self {
        self.seed_demo = true;
        self
    }

    /// How long a client is waited for: for the head of a request, for its body, and for it to go on reading its answer.
    /// Only our own tests are in such a hurry.
    #[doc(hidden)]
    pub fn patience(mut self, head: Duration, body: Duration, write: Duration) -> Self {
        self.patience = Patience { head, body, write, ..self.patience };
        self
    }

    /// Starts the server on a thread of its own. Works on any runtime.
    ///
    /// # Errors
    /// When the port is taken, the file cannot be opened, or the thread cannot start.
    pub async fn start(self) -> Result<DevServer, Error> {
        DevServer::launch(self).await
    }

    /// As [`start`](Self::start), for callers without a runtime.
    ///
    /// # Errors
    /// When the port is taken, the file cannot be opened, or the thread cannot start.
    pub fn start_blocking(self) -> Result<DevServer, Error> {
        DevServer::launch_blocking(self)
    }
}

impl Default for DevServerBuilder {
    fn default() -> Self {
        Self {
            port: 0,
            store: StorePolicy { file: None, max_events: 1_000_000, max_bytes: 1 << 30 },
            accept_occurred_at: true,
            max_batch: None,
            keep_requests: 1_000,
            stop_timeout: Duration::from_secs(2),
            faults: Faults::default(),
            fault_requests: false,
            seed_demo: false,
            patience: Patience::default(),
        }
    }
}
