//! `AxonPush`: the handle, and the only room that sees the whole path.

mod build;
mod encode;
#[cfg(any(feature = "watch", all(unix, feature = "signal")))]
mod ended;
mod hand_over;
mod heard;
mod last_error;
mod live;
mod own;
mod pass;
mod relayed;
mod reload;
#[cfg(test)]
mod tests;
mod weak;

#[cfg(feature = "sinks")]
use std::sync::atomic::AtomicBool;
use std::{
    fmt,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use bytes::Bytes;

pub(crate) use self::encode::{Foreign, MAX_BOUND_BYTES, Own};
pub(crate) use self::heard::Heard;
use self::live::Live;
pub(crate) use self::relayed::Relayed;
pub(crate) use self::{live::Snapshot, weak::WeakClient};
#[cfg(feature = "sinks")]
use crate::outlet::{Outlets, SinkStats};
use crate::{
    clock,
    config::AxonPushBuilder,
    context::{OpenRequests, RequestContext, suppress},
    error::Error,
    event::{Event, EventType, Receipt, record::Lane, wire},
    fork::PerProcess,
    publisher::{Accepted, FlushReport, Publisher, Stats, block_on, block_on_until},
    queue::{LostEvent, WhenFull},
    transport::Request,
};

/// A client of AxonPush. Cheap to clone; all clones share one queue and one worker.
///
/// Building a client does no I/O. The worker, a thread named `axonpush`, starts with the first event. Dropping the
/// last clone blocks until what waits is delivered, for at most
/// [`shutdown_timeout`](AxonPushBuilder::shutdown_timeout) (2 s); [`shutdown`](Self::shutdown) does the same without
/// blocking, and says what became of it.
///
/// ```
/// use axonpush::{AxonPush, Event};
/// use std::time::Duration;
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let client = AxonPush::disabled();
/// client.events().enqueue(Event::new("cache.miss").attribute("key", "user:42"));
/// let receipt = client.events().publish(Event::new("order.placed")).await?;
/// let report = client.shutdown(Duration::from_secs(5)).await;
/// assert!(report.is_complete());
/// # Ok::<(), axonpush::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct AxonPush(Option<Arc<Inner>>);

struct Inner {
    live: Arc<ArcSwap<Live>>,
    /// What the settings in force were made of.
    settings: Mutex<AxonPushBuilder>,
    publisher: PerProcess<Publisher>,
    open_requests: OpenRequests,
    #[cfg(feature = "sinks")]
    outlets: Arc<PerProcess<Outlets>>,
    /// Whether sinks are all there is, as the settings in force say; whoever hands over has looked at those already.
    #[cfg(feature = "sinks")]
    is_alone: AtomicBool,
    #[cfg(any(feature = "watch", all(unix, feature = "signal")))]
    ended: PerProcess<self::ended::Ended>,
}

impl AxonPush {
    /// A client with explicit settings.
    pub fn builder() -> AxonPushBuilder {
        AxonPushBuilder::default()
    }

    /// A client with the settings of the environment.
    ///
    /// | variable | meaning | default |
    /// |---|---|---|
    /// | `AXONPUSH_API_KEY` | `ak_…` or `pt_…` | required |
    /// | `AXONPUSH_TENANT_ID` or `AXONPUSH_ORG_ID` | organization | none |
    /// | `AXONPUSH_BASE_URL` | server | `https://api.axonpush.xyz` |
    /// | `AXONPUSH_ENVIRONMENT` | environment slug | the organization's default |
    /// | `AXONPUSH_CHANNEL_ID` | channel | the organization's default |
    /// | `AXONPUSH_TIMEOUT` | seconds for a whole call | 30 |
    /// | `AXONPUSH_MAX_RETRIES` | attempts after the first | 3 |
    /// | `AXONPUSH_FAIL_OPEN` | true/1/yes, false/0/no | true |
    /// | `AXONPUSH_LOG` | [`Levels`](crate::Levels) of log records, as in `info,hyper=warn` | everything |
    /// | `AXONPUSH_CONTENT_CAPTURE` or `AXONPUSH_CONTENT_CAPTURE_MODE` | `metadata_only`, `redacted`, `full` | `metadata_only` |
    /// | `AXONPUSH_REDACT_KEYS` | comma-separated key names | none |
    /// | `AXONPUSH_MAX_CONTENT_LENGTH` | characters of any string | 4096 |
    ///
    /// An empty variable counts as unset.
    ///
    /// # Errors
    ///
    /// When the key is missing, or any variable is malformed; the error names the variable.
    pub fn from_env() -> Result<Self, Error> {
        Self::builder().with_env().build()
    }

    /// A client that does nothing: events vanish, publishing answers at once with a receipt of status `disabled`. For
    /// tests and for running locally without an account.
    pub fn disabled() -> Self {
        Self(None)
    }

    /// Whether this is a [`disabled`](Self::disabled) client.
    pub fn is_disabled(&self) -> bool {
        self.0.is_none()
    }

    /// Settles every event accepted before this call: delivers it, or loses it for a counted reason, or reports it as
    /// left when `timeout` has passed. Events accepted meanwhile wait for the next flush.
    ///
    /// Sinks, if there are any, are settled as well, in the same time; what became of their records they say themselves.
    ///
    /// Cancel safe: dropping the future stops the waiting, not the delivery. Needs no particular runtime.
    pub async fn flush(&self, timeout: Duration) -> FlushReport {
        self.begin_flush(timeout).await
    }

    /// As [`flush`](Self::flush), which begins at once and not when it is first polled.
    pub(crate) fn begin_flush(&self, timeout: Duration) -> impl Future<Output = FlushReport> + use<> {
        let flush = self.0.as_ref().map(|inner| inner.flush(timeout));
        async {
            match flush {
                Some(flush) => flush.await,
                None => FlushReport::default(),
            }
        }
    }

    /// Refuses new events, settles the accepted ones within `timeout`, and ends the worker. Whatever waits for a retry
    /// is tried once more at once; what is left is counted as lost.
    ///
    /// Shutting down again is harmless and reports nothing. Cancel safe: the shutdown goes on.
    pub async fn shutdown(&self, timeout: Duration) -> FlushReport {
        match &self.0 {
            Some(inner) => inner.shutdown(timeout).await,
            None => FlushReport::default(),
        }
    }

    /// The books: how many events were accepted, delivered, lost, and are still here.
    pub fn stats(&self) -> Stats {
        self.0.as_ref().map(|inner| inner.publisher.stats()).unwrap_or_default()
    }

    /// The books of each sink, in the order in which they were added.
    #[cfg(feature = "sinks")]
    #[cfg_attr(docsrs, doc(cfg(feature = "sinks")))]
    pub fn sink_stats(&self) -> Vec<SinkStats> {
        self.0.as_ref().map(|inner| inner.outlets.stats()).unwrap_or_default()
    }

    /// HTTP exchanges whose end event is still to come. A graceful stop waits for them before it shuts the client down.
    pub fn open_exchanges(&self) -> usize {
        self.0.as_ref().map_or(0, |inner| inner.open_requests.len())
    }

    /// Ready when no exchange is open.
    pub(crate) async fn exchanges_ended(&self) {
        if let Some(inner) = &self.0 {
            inner.open_requests.ended().await;
        }
    }

    /// Ready at `deadline`, if it can be whatever threads of the application are blocked.
    pub(crate) async fn sleep_until(&self, deadline: Instant) {
        match &self.0 {
            Some(inner) => inner.publisher.sleep_until(deadline).await,
            None => clock::sleep_until(Some(deadline)).await,
        }
    }

    /// Where requests under way are listed; a disabled client lists none.
    pub(crate) fn open_requests(&self) -> Option<&OpenRequests> {
        self.0.as_ref().map(|inner| &inner.open_requests)
    }

    /// Whether both are handles of one client; a disabled one is no other's.
    pub(crate) fn is_clone_of(&self, other: &Self) -> bool {
        matches!((&self.0, &other.0), (Some(one), Some(another)) if Arc::ptr_eq(one, another))
    }

    /// Whether text that needs no escaping holds anything to hide.
    pub(crate) fn masks(&self, text: &[u8]) -> bool {
        self.0.as_ref().is_some_and(|inner| inner.live.load().config.redaction.masks(text))
    }

    /// Publishes an event and awaits the receipt.
    pub(crate) async fn publish(&self, event: Event) -> Result<Receipt, Error> {
        let Some(inner) = &self.0 else { return event.validate().map(|()| Receipt::disabled()) };
        let live = inner.live.load_full();
        let body = live.encode(&event, Bytes::copy_from_slice)?;
        // What a sink itself publishes would come back to it without end.
        if !inner.publisher.is_closed() && !suppress::is_marked() {
            inner.show(clock::now(), event.severity, &body);
        }
        if !inner.sends() {
            return Ok(Receipt::disabled());
        }
        let sent = wire::sent(&event, live.config.send_occurred_at, &body).map(Bytes::from);
        let body = sent.unwrap_or(body);
        match inner.publisher.publish(body.clone()).await {
            Err(error) if live.config.fail_open && (error.is_connect() || error.is_timeout()) => {
                // The very same bytes, dedup key included: if an attempt got through after all, it is stored once.
                match inner.publisher.enqueue(event.severity, Lane::Event, &body, WhenFull::ApplyPolicy) {
                    Ok(Accepted::Kept) => {
                        inner.publisher.remember(error);
                        Ok(Receipt::deferred())
                    }
                    Ok(Accepted::Lost) | Err(_) => Err(error),
                }
            }
            answer => answer,
        }
    }

    /// Hands an event over to the worker.
    pub(crate) fn enqueue(&self, event: &Event, when: WhenFull) -> Result<(), Error> {
        self.enqueue_by(Way::default(), event, when)
    }

    fn enqueue_by(&self, way: Way<'_>, event: &Event, when: WhenFull) -> Result<(), Error> {
        let Some(inner) = &self.0 else { return event.validate() };
        if inner.is_echo() {
            return Ok(());
        }
        let usual = || inner.publisher.lane(event.event_type.is_log(), event.event_type == EventType::AppSpan);
        let lane = way.lane.unwrap_or_else(usual);
        let live = inner.live.load();
        match event.as_log() {
            // What could not be sent in any case is refused, and not left out.
            Some(_) if !live.wants(&event.identifier, event.severity) => {
                event.validate().map(|()| inner.publisher.filter(1))
            }
            Some(record) => {
                let enqueue = |body: &[u8], now| inner.hand_over(now, event.severity, lane, body, when).map(drop);
                let pass = |draft: &[u8]| {
                    let context = live.config.keep_on_error.as_ref().and_then(|_| RequestContext::current());
                    inner.pass(&live, draft, event.severity, context.as_ref(), enqueue)
                };
                live.draft(event, record, way.resource, pass).flatten()
            }
            None => live.encode(event, |body| inner.hand_over_whole(&live, event, lane, body, when)).flatten(),
        }
    }

    /// Blocks the current thread until `future`, which waits for this client, is ready. `None`, at once: it would never
    /// be, on this thread.
    pub(crate) fn block_on<F: Future>(&self, future: F) -> Option<F::Output> {
        match &self.0 {
            Some(inner) => inner.publisher.block_on(future),
            None => block_on(future),
        }
    }

    /// As [`block_on`](Self::block_on), until `deadline`, whoever is to answer. `None`: it passed.
    pub(crate) fn block_on_until<F: Future>(&self, future: F, deadline: Instant) -> Option<F::Output> {
        match &self.0 {
            Some(inner) => inner.publisher.block_on_until(future, Some(deadline)),
            None => block_on_until(future, Some(deadline)),
        }
    }

    /// Hands a lost event over once more, as it is.
    pub(crate) fn enqueue_again(&self, lost: &LostEvent) -> Result<(), Error> {
        let Some(inner) = &self.0 else { return Ok(()) };
        if inner.is_echo() || !inner.sends() {
            return Ok(());
        }
        inner.publisher.enqueue(lost.severity, lost.lane, &lost.body, WhenFull::ApplyPolicy).map(drop)
    }

    /// Counts an event that could not be handed over.
    pub(crate) fn refuse(&self, error: Error) {
        if let Some(inner) = &self.0 {
            inner.publisher.refuse(error);
        }
    }

    /// Does what dropping the last handle does.
    #[cfg(feature = "init")]
    pub(crate) fn shutdown_on_drop(&self) {
        if let Some(inner) = &self.0 {
            inner.shutdown_on_drop();
        }
    }

    /// Any other request; `None` from a disabled client.
    pub(crate) async fn send<T: Send + 'static>(
        &self,
        request: Request,
        read: fn(&[u8]) -> Result<T, Error>,
    ) -> Option<Result<T, Error>> {
        let inner = self.0.as_ref().filter(|inner| inner.sends())?;
        Some(inner.publisher.send(request, read).await)
    }
}

/// What is not as usual of an event that is handed over.
#[derive(Clone, Copy, Default)]
struct Way<'a> {
    lane: Option<Lane>,
    /// Who speaks, if a log record does not say it: JSON text that is redacted, or empty.
    resource: Option<&'a [u8]>,
}

impl Inner {
    fn shutdown_on_drop(&self) {
        let _report = self.publisher.block_on(self.shutdown(self.live.load().config.shutdown_timeout));
    }
}

impl Drop for Inner {
    // Whoever forgets to shut down loses nothing that can be delivered in a bounded time.
    fn drop(&mut self) {
        self.shutdown_on_drop();
    }
}

impl fmt::Debug for AxonPush {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(inner) => f
                .debug_struct("AxonPush")
                .field("base_url", &inner.live.load().config.transport.base_url)
                .field("stats", &inner.publisher.stats())
                .finish_non_exhaustive(),
            None => f.write_str("AxonPush(disabled)"),
        }
    }
}
