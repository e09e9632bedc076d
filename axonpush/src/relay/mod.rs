//! Records of another telemetry library, handed over as that library has them.
//!
//! This is what the OpenTelemetry exporters are made of, and what an exporter of another library needs. A [`Relay`]
//! borrows each finished span, writes it once, redacted, into the client's queue, and never waits for the network unless
//! it is told to.
//!
//! ```
//! use std::time::{Duration, SystemTime};
//! use axonpush::{AxonPush, SpanKind, relay::{AttributeWriter, Relay, SpanContents, SpanFacts}};
//!
//! struct Query { rows: u64 }
//!
//! impl SpanContents for Query {
//!     fn attributes(&self, to: &mut AttributeWriter<'_>) {
//!         to.add("db.system.name", "postgresql");
//!         to.add("db.response.returned_rows", &self.rows);
//!     }
//! }
//!
//! # let server = axonpush_dev::DevServer::start_blocking().unwrap();
//! # let client = AxonPush::builder().api_key("ak_doc").base_url(server.url()).build()?;
//! let relay = Relay::new(&client, "my-tracer");
//! let end = SystemTime::now();
//! let span = SpanFacts::new("SELECT orders", 0x4bf9_u128, 0x00f0_u64, end - Duration::from_millis(3), end)
//!     .kind(SpanKind::Client);
//! let batch = relay.begin();
//! batch.span(&span, &Query { rows: 7 })?;
//! batch.settle();
//! assert!(relay.flush(Duration::from_secs(5)).is_complete());
//! # assert_eq!(server.events()[0].attribute("db.response.returned_rows"), Some(&7.into()));
//! # Ok::<(), axonpush::Error>(())
//! ```

mod contents;
mod facts;
mod span;
#[cfg(test)]
mod tests;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use arc_swap::ArcSwapOption;

pub use self::{
    contents::{AttributeWriter, EventWriter, LinkWriter, SpanContents},
    facts::SpanFacts,
};
use crate::{
    client::{AxonPush, Relayed, Snapshot},
    clock,
    context::suppress,
    error::Error,
    event::{Attributes, Event, EventType, Severity, wire},
    publisher::{DeliveryLane, FlushReport},
    queue::WhenFull,
};

/// Hands the records of another telemetry library to a client.
#[derive(Debug)]
pub struct Relay {
    client: AxonPush,
    framework: &'static str,
    lane: Option<DeliveryLane>,
    given: Attributes,
    resource: ArcSwapOption<Resource>,
}

/// Who speaks, as some settings have it.
#[derive(Debug)]
struct Resource {
    settings: Option<u64>,
    text: Vec<u8>,
}

impl Relay {
    /// A relay to `client`. `framework` is the library's name, which a span has in its metadata,
    /// unless it goes by OTLP.
    pub fn new(client: &AxonPush, framework: &'static str) -> Self {
        Self {
            client: client.clone(),
            framework,
            lane: None,
            given: Attributes::new(),
            resource: ArcSwapOption::const_empty(),
        }
    }

    /// The way its records travel, whatever the client's [`DeliveryPolicy`](crate::DeliveryPolicy) says of others.
    ///
    /// # Errors
    ///
    /// When it is [`DeliveryLane::Otlp`] and the client has no channel, which that way needs.
    pub fn lane(mut self, lane: DeliveryLane) -> Result<Self, Error> {
        if lane == DeliveryLane::Otlp && !self.client.has_channel() {
            return Err(Error::config(
                "DeliveryLane::Otlp needs a channel: set AXONPUSH_CHANNEL_ID, or call .channel_id(..) on the client's \
                 builder",
            ));
        }
        self.lane = Some(lane);
        Ok(self)
    }

    /// Who speaks, as the library has it. Where the client's settings name the service, its version or its environment,
    /// they win.
    pub fn set_resource(&mut self, resource: Attributes) {
        self.given = resource;
        self.resource.store(None);
    }

    /// The client it hands over to.
    pub fn client(&self) -> &AxonPush {
        &self.client
    }

    /// Begins to hand over records, with the settings that are in force now.
    pub fn begin(&self) -> RelayBatch<'_> {
        let client = self.client.snapshot();
        let resource = self.resource(&client);
        RelayBatch { relay: self, client, resource, at: clock::now() }
    }

    /// Settles what the client has accepted before this call, whoever handed it over, and blocks for at most `timeout`.
    pub fn flush(&self, timeout: Duration) -> FlushReport {
        let deadline = clock::after(clock::now(), timeout);
        let flush = self.client.begin_flush_at_once(timeout);
        self.client.block_on_until(flush, deadline).unwrap_or_else(|| {
            let stats = self.client.stats();
            FlushReport::left_behind(stats.queued() + stats.in_flight())
        })
    }

    /// Counts records that are not handed over, and remembers why.
    pub fn refuse(&self, count: usize, why: &str) {
        for _ in 0..count {
            self.client.refuse(Error::invalid(why));
        }
    }

    /// Whether the current thread does the client's own work. What is recorded there is not to be relayed.
    pub fn is_own_work() -> bool {
        suppress::is_marked()
    }

    /// Has `quiet` called once on every thread on which clients do their own work, so that the library is silent there:
    /// a span for each request that delivers spans would never end. Of one function only the first call counts.
    pub fn silence(quiet: fn()) {
        suppress::also(quiet);
    }

    fn resource(&self, client: &Snapshot) -> Arc<Resource> {
        if let Some(known) = self.resource.load_full().filter(|known| known.settings == client.id()) {
            return known;
        }
        let made = Arc::new(Resource { settings: client.id(), text: client.resource_with(&self.given) });
        self.resource.store(Some(Arc::clone(&made)));
        made
    }
}

/// Records that are handed over together; made by [`Relay::begin`].
#[must_use = "in `DeliveryMode::Sync` nothing waits before `settle`"]
pub struct RelayBatch<'a> {
    relay: &'a Relay,
    client: Snapshot,
    resource: Arc<Resource>,
    at: Instant,
}

impl RelayBatch<'_> {
    /// Hands a span over: an [`EventType::AppSpan`], of [`Severity::Error`] where it failed.
    ///
    /// Of events, and of links, those beyond 64 KiB are left out and counted in the span.
    ///
    /// # Errors
    ///
    /// When the span is larger than 256 KiB nevertheless, or the client was shut down. It is counted in
    /// [`Stats::refused`](crate::Stats::refused).
    pub fn span(&self, facts: &SpanFacts<'_>, contents: &dyn SpanContents) -> Result<(), Error> {
        let event_type = EventType::AppSpan;
        let span = Relayed {
            severity: if facts.has_failed() { Severity::Error } else { Severity::Info },
            at: self.at,
            lane: self.relay.lane,
            framework: self.relay.framework,
            body: wire::Body {
                identifier: facts.name,
                event_type: event_type.as_str(),
                occurred_at: Some(facts.end),
                ..wire::Body::default()
            },
        };
        let resource = &self.resource.text;
        self.told(self.client.enqueue_span(&span, |out, guard| span::write(facts, contents, resource, guard, out)))
    }

    /// Hands a log record over, as an event made by [`Event::log`].
    ///
    /// # Errors
    ///
    /// As [`span`](Self::span).
    pub fn log(&self, event: &Event) -> Result<(), Error> {
        let when = if self.client.waits().is_some() { WhenFull::ApplyPolicyAtOnce } else { WhenFull::ApplyPolicy };
        self.told(self.relay.client.enqueue_log_by(self.relay.lane, &self.resource.text, event, when))
    }

    /// Who speaks, as the settings and the library have it together.
    pub fn resource(&self) -> &str {
        str::from_utf8(&self.resource.text).unwrap_or_default()
    }

    /// Ends the batch. In [`DeliveryMode::Sync`](crate::DeliveryMode::Sync) this waits until it is delivered or lost;
    /// otherwise there is nothing to report yet.
    pub fn settle(self) -> FlushReport {
        self.client.waits().map(|timeout| self.relay.flush(timeout)).unwrap_or_default()
    }

    fn told(&self, handed_over: Result<(), Error>) -> Result<(), Error> {
        handed_over.inspect_err(|error| self.relay.client.refuse(Error::invalid(error.to_string())))
    }
}

impl std::fmt::Debug for RelayBatch<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RelayBatch").field("relay", self.relay).finish_non_exhaustive()
    }
}
