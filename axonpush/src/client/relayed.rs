//! Records of another telemetry library.

use std::{
    borrow::Cow,
    time::{Duration, Instant},
};

use super::{AxonPush, Live, Snapshot, Way, encode, live::resource_text};
use crate::{
    error::Error,
    event::{
        Attributes, ChannelId, Event, MAX_ID_BYTES, Severity,
        draft::{
            self, Guard, Open,
            span::{self, Facts, Span},
        },
        json::{self, Refusal},
        record::{Lane, MAX_EVENT_BYTES},
        scan, wire,
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
    /// Its identifier is the name as it is, and ids stand in the draft.
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

    /// Who speaks: what the settings say, and of `given` the rest. JSON text that is redacted, or empty.
    pub(crate) fn resource_with(&self, given: &Attributes) -> Vec<u8> {
        self.live()
            .map(|live| resource_text(&overlaid(given, &live.config.resource), &live.config.redaction))
            .unwrap_or_default()
    }

    /// Hands over a span, of whose draft `write` appends the texts between head and end, hiding by the guard what must not
    /// leave.
    pub(crate) fn enqueue_span(
        &self,
        span: &Relayed<'_>,
        write: impl FnOnce(&mut Vec<u8>, &dyn Guard) -> Result<Facts, Refusal>,
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
        let enqueue = |record: &[u8]| inner.hand_over(span.at, span.severity, lane, record, when).map(drop);
        let body = wire::Body {
            channel_id: live.config.channel_id.as_ref().map(ChannelId::as_str),
            structural: true,
            occurred_at: span.body.occurred_at.filter(|_| live.config.send_occurred_at),
            ..span.body
        };
        let redaction = &live.config.redaction;
        let as_draft = redaction.spares_own_text();
        // Lists of the application's may name a part of the payload itself, which is then looked at as a whole.
        let guard: &dyn Guard = if as_draft { redaction } else { &Open };
        // By OTLP there is no need to say whose spans these are, and no place for it.
        let framework = (lane != Lane::Spans).then_some(span.framework);
        let with = |draft: &[u8]| {
            if as_draft && lane == Lane::Spans {
                live.check_span(&body, draft)?;
                return enqueue(draft);
            }
            live.encode_span(&body, framework, draft, enqueue).flatten()
        };
        encode::lend(|out| live.draft_span(&body, guard, out, write), with).flatten()
    }
}

impl Live {
    /// Writes a span's draft.
    fn draft_span(
        &self,
        body: &wire::Body<'_>,
        guard: &dyn Guard,
        out: &mut Vec<u8>,
        write: impl FnOnce(&mut Vec<u8>, &dyn Guard) -> Result<Facts, Refusal>,
    ) -> Result<(), Error> {
        span::begin(body, out);
        let name_at = out.len();
        let facts = write(out, guard).map_err(|refusal| {
            let name = json::shown(&self.span_identifier(body.identifier), MAX_SHOWN_BYTES);
            Error::invalid(format!("span `{name}` can't be sent: {refusal}"))
        })?;
        // A name that stayed as it was is the identifier too, and was looked at once.
        let is_kept = scan::inside(span::text_at(out, name_at)) == body.identifier.as_bytes();
        if is_kept && body.identifier.len() <= MAX_NAME_BYTES && !body.identifier.trim().is_empty() {
            span::text(out, |_| ());
        } else {
            span::text(out, |out| json::write_str(&self.span_identifier(body.identifier), out));
        }
        facts.write(out);
        Ok(())
    }

    /// Refuses a span that is too large to be sent.
    fn check_span(&self, body: &wire::Body<'_>, draft: &[u8]) -> Result<(), Error> {
        /// A body is no more than so many times as long as its draft.
        const MAX_GROWTH: usize = 4;

        if draft.len() <= MAX_EVENT_BYTES / MAX_GROWTH {
            return Ok(());
        }
        draft::check_size(&self.span_identifier(body.identifier), draft::to_body(draft).len())
    }

    /// Makes of a draft the body that it stands for, with the name of the library and without what must not leave.
    fn encode_span<T>(
        &self,
        body: &wire::Body<'_>,
        framework: Option<&str>,
        draft: &[u8],
        with: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, Error> {
        let redaction = &self.config.redaction;
        let identifier = self.span_identifier(body.identifier);
        let span = Span::read(draft);
        let [trace, id, parent] = span.facts.digits();
        let body = wire::Body {
            identifier: &identifier,
            trace_id: Some(&trace),
            span_id: Some(&id),
            parent_span_id: Some(&*parent).filter(|parent| !parent.is_empty()),
            ..*body
        };
        let metadata = |out: &mut Vec<u8>| {
            out.push(b'{');
            json::write_own_key("framework", out);
            json::write_str(framework.unwrap_or_default(), out);
            out.push(b'}');
        };
        if redaction.spares_own_text() {
            let metadata: Option<wire::Part<'_>> = if framework.is_some() { Some(&metadata) } else { None };
            encode::lend(|out| wire::write_with(&body, out, metadata, |out| span.write_payload(out)), with)
        } else {
            let (mut whole, mut around) = (Vec::new(), Vec::new());
            span.write_payload(&mut whole);
            if framework.is_some() {
                metadata(&mut around);
            }
            let body = wire::Body { payload: &whole, metadata: &around, ..body };
            let redact = |json: &[u8], structural, out: &mut Vec<u8>| redaction.redact(json, structural, out);
            encode::lend(|out| wire::write(&body, out, &redact), with)
        }
    }

    /// The name of a span as it may stand outside of its payload.
    fn span_identifier<'a>(&self, name: &'a str) -> Cow<'a, str> {
        if !self.config.redaction.masks(name.as_bytes()) {
            return Cow::Borrowed(if name.trim().is_empty() { UNNAMED } else { json::prefix(name, MAX_NAME_BYTES) });
        }
        let masked = self.config.redaction.masked_text(name);
        let shown = if masked.trim().is_empty() { UNNAMED } else { json::prefix(&masked, MAX_NAME_BYTES) };
        Cow::Owned(shown.to_owned())
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

/// What a span without a name is called.
const UNNAMED: &str = "span";

/// Bytes of a name that stand outside of the payload, which has all of it.
const MAX_NAME_BYTES: usize = MAX_ID_BYTES;
