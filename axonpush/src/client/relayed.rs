//! Records of another telemetry library.

use std::{
    borrow::Cow,
    time::{Duration, Instant},
};

use super::{AxonPush, Live, Snapshot, Way, encode, live::resource_text};
use crate::{
    error::Error,
    event::{
        Attributes, ChannelId, Event, Severity,
        draft::{Guard, Open},
        json::{self, Refusal},
        record::Lane,
        wire,
    },
    publisher::{DeliveryLane, DeliveryMode},
    queue::WhenFull,
};

/// A span that is complete but for the channel and its payload.
pub(crate) struct Relayed<'a> {
    pub(crate) severity: Severity,
    /// When it is handed over.
    pub(crate) at: Instant,
    /// The way it travels, where it is not the client's.
    pub(crate) lane: Option<DeliveryLane>,
    pub(crate) framework: &'static str,
    pub(crate) body: wire::Body<'a>,
}

impl AxonPush {
    /// Whether the settings in force name a channel; a disabled client needs none.
    pub(crate) fn has_channel(&self) -> bool {
        self.0.as_ref().is_none_or(|inner| inner.live.load().config.channel_id.is_some())
    }

    /// Hands a log record over on a way of its own, if it is to have one. `resource` says who speaks, where the record
    /// does not: JSON text that is redacted, or empty.
    pub(crate) fn enqueue_log_by(
        &self,
        lane: Option<DeliveryLane>,
        resource: &[u8],
        event: &Event,
        when: WhenFull,
    ) -> Result<(), Error> {
        let lane = lane.map(|lane| if lane == DeliveryLane::Otlp { Lane::Logs } else { Lane::Event });
        self.enqueue_by(Way { lane, resource: Some(resource) }, event, when)
    }
}

impl Snapshot {
    /// How long whoever hands over waits for the delivery; `None`: not at all.
    pub(crate) fn waits(&self) -> Option<Duration> {
        let config = &self.live()?.config;
        (*config.delivery.mode == DeliveryMode::Sync).then_some(config.timeout)
    }

    /// The name of a span as it may stand outside of its payload.
    pub(crate) fn name<'a>(&self, name: &'a str) -> Cow<'a, str> {
        match self.live() {
            Some(live) if live.config.redaction.masks(name.as_bytes()) => {
                Cow::Owned(live.config.redaction.masked_text(name))
            }
            _ => Cow::Borrowed(name),
        }
    }

    /// Who speaks: what the settings say, and of `given` the rest. JSON text that is redacted, or empty.
    pub(crate) fn resource_with(&self, given: &Attributes) -> Vec<u8> {
        self.live()
            .map(|live| resource_text(&overlaid(given, &live.config.resource), &live.config.redaction))
            .unwrap_or_default()
    }

    /// Hands over a span, whose payload `write` appends where it will stand, hiding by the guard what must not leave.
    pub(crate) fn enqueue_span(
        &self,
        span: &Relayed<'_>,
        write: impl FnOnce(&mut Vec<u8>, &dyn Guard) -> Result<(), Refusal>,
    ) -> Result<(), Error> {
        let Some((inner, live)) = &self.0 else { return Ok(()) };
        if inner.is_echo() {
            return Ok(());
        }
        let lane = match span.lane {
            None => inner.publisher.lane(false, true),
            Some(DeliveryLane::Otlp) => Lane::Spans,
            Some(DeliveryLane::Event) => Lane::Event,
        };
        // Whoever relays many waits once, for all of them.
        let when = if self.waits().is_some() { WhenFull::ApplyPolicyAtOnce } else { WhenFull::ApplyPolicy };
        let enqueue = |body: &[u8]| inner.hand_over(span.at, span.severity, lane, body, when).map(drop);
        // By OTLP there is no need to say whose spans these are, and no place for it.
        let framework = (lane != Lane::Spans).then_some(span.framework);
        live.encode_span(span, framework, write, enqueue).flatten()
    }
}

impl Live {
    fn encode_span<T>(
        &self,
        span: &Relayed<'_>,
        framework: Option<&str>,
        write: impl FnOnce(&mut Vec<u8>, &dyn Guard) -> Result<(), Refusal>,
        with: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, Error> {
        let redaction = &self.config.redaction;
        let body = wire::Body {
            channel_id: self.config.channel_id.as_ref().map(ChannelId::as_str),
            structural: true,
            occurred_at: span.body.occurred_at.filter(|_| self.config.send_occurred_at),
            ..span.body
        };
        let unsendable = |refusal: Refusal| {
            let name = json::shown(body.identifier, MAX_SHOWN_BYTES);
            Error::invalid(format!("span `{name}` can't be sent: {refusal}"))
        };
        let metadata = |out: &mut Vec<u8>| {
            out.push(b'{');
            json::write_own_key("framework", out);
            json::write_str(framework.unwrap_or_default(), out);
            out.push(b'}');
        };
        let metadata: Option<wire::Part<'_>> = if framework.is_some() { Some(&metadata) } else { None };
        if redaction.spares_own_text() {
            let write = |out: &mut Vec<u8>| {
                let mut written = Ok(());
                let sized = wire::write_with(&body, out, metadata, |out| written = write(out, redaction));
                written.map_err(unsendable).and(sized)
            };
            encode::lend(write, with)
        } else {
            // Lists of the application's may name a part of the payload itself, which is then looked at as a whole.
            let (mut whole, mut around) = (Vec::new(), Vec::new());
            write(&mut whole, &Open).map_err(unsendable)?;
            if let Some(metadata) = metadata {
                metadata(&mut around);
            }
            let body = wire::Body { payload: &whole, metadata: &around, ..body };
            let redact = |json: &[u8], structural, out: &mut Vec<u8>| redaction.redact(json, structural, out);
            encode::lend(|out| wire::write(&body, out, &redact), with)
        }
    }
}

/// What the settings say of who speaks, over what someone else says. `deployment.environment` is what the event path
/// calls the environment, whatever the convention of the day.
fn overlaid(given: &Attributes, own: &Attributes) -> Attributes {
    const OURS: &str = "deployment.environment";
    const THEIRS: &str = "deployment.environment.name";

    let named_here = own.get(OURS).is_some() || given.get(OURS).is_some();
    let mut all = Attributes::new();
    for (key, value) in given {
        match key {
            THEIRS if named_here => {}
            THEIRS => all.insert(OURS, value.clone()),
            _ => all.insert(key.to_owned(), value.clone()),
        }
    }
    for (key, value) in own {
        all.insert(key.to_owned(), value.clone());
    }
    all
}

/// Bytes of a name that a message repeats.
const MAX_SHOWN_BYTES: usize = 64;
