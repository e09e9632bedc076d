//! One running server: what it stored, what it was asked, and its end.

use std::net::SocketAddr;
use std::sync::{PoisonError, mpsc};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::answer::Answer;
use crate::builder::DevServerBuilder;
use crate::error::Error;
use crate::event::{Row, StoredEvent};
use crate::faults::Faults;
use crate::launch::{Launched, Starting};
use crate::requests::ReceivedRequest;
use crate::state::Shared;
use crate::store::all_events;

/// A running server. Dropping it stops it.
///
/// It lives on a thread of its own, so it answers even while the thread that started it is blocked.
#[derive(Debug)]
pub struct DevServer {
    url: String,
    launched: Launched,
}

/// What stopping a server cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StopReport {
    cut: usize,
}

impl StopReport {
    pub(crate) fn new(cut: usize) -> Self {
        Self { cut }
    }

    /// How many connections were still busy when the time was up and were cut.
    /// Requests that hang because a test scripted it are let go at once and not counted.
    pub fn cut(&self) -> usize {
        self.cut
    }
}

impl DevServer {
    /// Starts a server in memory, on any free port of 127.0.0.1. Works on any runtime.
    ///
    /// # Errors
    /// When no port is free or the thread cannot start.
    pub async fn start() -> Result<Self, Error> {
        Self::builder().start().await
    }

    /// As [`start`](Self::start), for callers without a runtime.
    ///
    /// # Errors
    /// When no port is free or the thread cannot start.
    pub fn start_blocking() -> Result<Self, Error> {
        Self::builder().start_blocking()
    }

    /// Chooses port, file and limits first.
    pub fn builder() -> DevServerBuilder {
        DevServerBuilder::default()
    }

    /// The base URL to give to a client, such as `http://127.0.0.1:4000`: no slash at its end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.launched.ready.addr
    }

    /// Every event stored now, in the order they arrived.
    pub fn events(&self) -> Vec<StoredEvent> {
        self.shared().store.read_blocking(all_events).map(stored_events).unwrap_or_default()
    }

    /// How many events are stored now.
    pub fn len(&self) -> usize {
        usize::try_from(*self.shared().store.stored().borrow()).unwrap_or(usize::MAX)
    }

    /// Whether nothing is stored now.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every event stored, as soon as there are `count` of them or `timeout` has passed.
    /// Fewer than `count` means that the time was up. Works on any runtime.
    pub async fn wait_for_events(&self, count: usize, timeout: Duration) -> Vec<StoredEvent> {
        // The wait runs on the server's own clock, because the caller's runtime may have none.
        let _ = self.launched.ready.runtime.spawn(self.stored(count, timeout)).await;
        self.shared().store.read(all_events).await.map(stored_events).unwrap_or_default()
    }

    /// As [`wait_for_events`](Self::wait_for_events), for callers without a runtime.
    pub fn wait_for_events_blocking(&self, count: usize, timeout: Duration) -> Vec<StoredEvent> {
        let (done, waited) = mpsc::channel();
        let stored = self.stored(count, timeout);
        self.launched.ready.runtime.spawn(async move {
            stored.await;
            drop(done);
        });
        // Nothing is ever sent; the channel closes when the wait is over.
        let _ = waited.recv() as Result<(), _>;
        self.events()
    }

    /// How many requests arrived for `method` and `path`, whatever they were answered. The query
    /// does not belong to the path.
    pub fn request_count(&self, method: &str, path: &str) -> u64 {
        self.shared().requests.counted(method, path)
    }

    /// The latest requests in the order they arrived, refused ones included, except those refused
    /// for their `Host` or `Origin`.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.shared().requests.latest()
    }

    /// How many events were accepted but not stored, because their `dedupKey` was known.
    pub fn duplicates(&self) -> u64 {
        self.shared().store.duplicates()
    }

    /// How many events have left to make room for newer ones.
    pub fn evicted(&self) -> u64 {
        self.shared().store.evicted()
    }

    /// Queues `answer` for the requests to `POST /event` that come next.
    pub fn script(&self, answer: Answer) {
        self.shared().script.push(answer);
    }

    /// Forgets every answer still queued. A request that already hangs goes on hanging.
    pub fn clear_script(&self) {
        self.shared().script.clear();
    }

    /// Queues `answer` for the OTLP requests, to `POST /v1/logs` or `/v1/traces`, that come next.
    /// The queue of [`script`](Self::script) is another one.
    pub fn script_otlp(&self, answer: Answer) {
        self.shared().otlp_script.push(answer);
    }

    /// Forgets every answer still queued for OTLP. A request that already hangs goes on hanging.
    pub fn clear_otlp_script(&self) {
        self.shared().otlp_script.clear();
    }

    /// What goes wrong with every request from now on. `Faults::default()` ends it.
    pub fn set_faults(&self, faults: Faults) {
        self.shared().faults.set(faults);
    }

    /// What goes wrong with every request now.
    pub fn faults(&self) -> Faults {
        self.shared().faults.get()
    }

    /// What time it is for the server: the machine's time, unless a test moved it.
    pub fn now(&self) -> SystemTime {
        self.shared().clock.now().into()
    }

    /// Moves the server's clock on by `time`. What is due until then, such as the next attempt to deliver a webhook,
    /// happens at once; what arrives from now on is as much later, and so is the default window of a search.
    ///
    /// ```
    /// use std::time::Duration;
    /// use axonpush_dev::DevServer;
    ///
    /// let server = DevServer::start_blocking()?;
    /// let before = server.now();
    /// server.advance(Duration::from_secs(3_600));
    /// assert!(server.now() >= before + Duration::from_secs(3_600));
    /// # Ok::<(), axonpush_dev::Error>(())
    /// ```
    pub fn advance(&self, time: Duration) {
        self.shared().clock.advance(time);
    }

    /// Makes it `time` for the server. Its clock goes on from there. A time that is out of the range of the contract's
    /// dates, the years 1 to 9999, changes nothing.
    pub fn set_time(&self, time: SystemTime) {
        if let Ok(time) = Timestamp::try_from(time) {
            self.shared().clock.set(time);
        }
    }

    /// The events that `wanted` holds for, in the order they arrived.
    pub fn find_events(&self, wanted: impl Fn(&StoredEvent) -> bool) -> Vec<StoredEvent> {
        self.events().into_iter().filter(|event| wanted(event)).collect()
    }

    /// Stops accepting, waits for requests under way (2 seconds unless the builder said otherwise),
    /// cuts the rest and closes the store. Works on any runtime.
    pub async fn stop(mut self) -> StopReport {
        self.launched.stop.send_replace(Some(self.launched.stop_timeout));
        // The thread always reports; if it could not, nothing is left that could be cut.
        (&mut self.launched.stopped).await.unwrap_or(StopReport::new(0))
    }

    fn new(launched: Launched) -> Self {
        Self { url: format!("http://{}", launched.ready.addr), launched }
    }

    fn shared(&self) -> &Shared {
        &self.launched.ready.shared
    }

    fn stored(&self, count: usize, timeout: Duration) -> impl Future<Output = ()> + Send + use<> {
        let mut stored = self.shared().store.stored();
        let count = count as u64;
        async move {
            let _ = tokio::time::timeout(timeout, stored.wait_for(|stored| *stored >= count)).await;
        }
    }

    pub(crate) async fn launch(settings: DevServerBuilder) -> Result<Self, Error> {
        let (tell, ready) = oneshot::channel();
        let starting = Starting::spawn(settings, move |ready| drop(tell.send(ready)))?;
        starting.finish(ready.await.unwrap_or_else(|_| Err(Error::thread_ended()))).map(Self::new)
    }

    pub(crate) fn launch_blocking(settings: DevServerBuilder) -> Result<Self, Error> {
        let (tell, ready) = mpsc::channel();
        let starting = Starting::spawn(settings, move |ready| drop(tell.send(ready)))?;
        starting.finish(ready.recv().unwrap_or_else(|_| Err(Error::thread_ended()))).map(Self::new)
    }
}

impl Drop for DevServer {
    fn drop(&mut self) {
        self.launched.stop.send_if_modified(|stop| {
            // After `stop` the thread is on its way already, with the time it was given.
            let first = stop.is_none();
            stop.get_or_insert(Duration::ZERO);
            first
        });
        let ended = self.launched.ended.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = ended.recv_timeout(DROP_TIMEOUT);
    }
}

fn stored_events(rows: Vec<Row>) -> Vec<StoredEvent> {
    rows.into_iter().filter_map(StoredEvent::from_row).collect()
}

/// How long a drop may hold its thread; it cuts requests at once, so it rarely takes a millisecond.
const DROP_TIMEOUT: Duration = Duration::from_secs(3);
