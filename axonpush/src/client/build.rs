//! From settings to a client.

use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;

use super::{AxonPush, Inner, Live};
#[cfg(feature = "sinks")]
use crate::outlet::Outlets;
use crate::{
    config::AxonPushBuilder,
    context::{OpenRequests, suppress},
    error::Error,
    event::{Event, LogPayload, Severity, wire},
    fork::PerProcess,
    loss::Losses,
    publisher::{Chores, LossEncoder, LossPolicy, Publisher, Settings},
    transport::Transport,
};

impl AxonPushBuilder {
    /// The client. Checks every setting and does no I/O.
    ///
    /// # Errors
    ///
    /// When the key is missing, a setting is malformed, or no TLS backend is available.
    pub fn build(self) -> Result<AxonPush, Error> {
        let settings = self.clone();
        let config = self.config()?;
        // What loading certificates makes others log is our own doing.
        let transport = suppress::while_working(|| Transport::new(&config.transport))?;
        let live = Arc::new(ArcSwap::from_pointee(Live::new(config)));
        let config = &live.load().config;
        #[cfg(feature = "sinks")]
        let outlets = PerProcess::new(Outlets::new(&config.sinks.all, &live.load().resource), Outlets::for_child);
        #[cfg(feature = "sinks")]
        let outlets = Arc::new(outlets);
        let encoder = config.report_losses.then(|| losses_event(Arc::clone(&live)));
        let publisher = Publisher::new(
            transport,
            Settings {
                queue: config.queue.clone(),
                retry: config.retry.clone(),
                delivery: config.delivery.clone(),
                losses: LossPolicy { hook: config.on_loss.clone(), encoder },
                chores: chores(
                    Arc::clone(&live),
                    #[cfg(feature = "sinks")]
                    Arc::clone(&outlets),
                ),
                timeout: config.timeout,
            },
        );
        let for_child = Arc::clone(&live);
        let publisher = PerProcess::new(publisher, move |parents| {
            parents.for_child(suppress::while_working(|| Transport::new(&for_child.load().config.transport)))
        });
        let inner = Inner {
            live: Arc::clone(&live),
            settings: Mutex::new(settings),
            publisher,
            open_requests: OpenRequests::default(),
            #[cfg(feature = "sinks")]
            outlets,
            #[cfg(feature = "sinks")]
            is_alone: config.sinks.alone.into(),
            #[cfg(any(feature = "watch", all(unix, feature = "signal")))]
            ended: PerProcess::new(super::ended::Ended::default(), |_| super::ended::Ended::default()),
        };
        Ok(AxonPush(Some(Arc::new(inner))))
    }
}

/// What the pipeline counts is told even if nobody logs any more.
fn chores(live: Arc<ArcSwap<Live>>, #[cfg(feature = "sinks")] outlets: Arc<PerProcess<Outlets>>) -> Chores {
    Chores::new(move |now, each| {
        let config = &live.load().config;
        config.pipeline.tick(now, &config.redaction, &mut |record, severity| {
            each(severity, record);
            #[cfg(feature = "sinks")]
            outlets.offer(severity, now, record);
        })
    })
}

/// Encodes the event that tells the server how many others it will never see.
fn losses_event(live: Arc<ArcSwap<Live>>) -> LossEncoder {
    Arc::new(move |losses: &Losses| {
        let live = live.load();
        let config = &live.config;
        let mut log = LogPayload::new(format!("{} events were lost before they could be delivered", losses.total()))
            .severity(Severity::Warn);
        for (reason, count) in losses.iter() {
            log = log.attribute(format!("axonpush.lost.{reason}"), count);
        }
        let event = Event::log("axonpush.events_lost", log);
        let around = live.surroundings(None);
        let mut body = Vec::new();
        let redact = |json: &[u8], structural, out: &mut Vec<u8>| config.redaction.redact(json, structural, out);
        wire::encode(&event, &around, &mut body, &redact).ok()?;
        Some(body)
    })
}
