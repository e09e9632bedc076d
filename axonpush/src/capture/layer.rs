//! The layer for `tracing-subscriber`.

use std::{
    fmt, ptr,
    sync::atomic::{AtomicUsize, Ordering},
};

use tracing::{Event, Level, Subscriber, span};
use tracing_subscriber::{
    layer::{Context, Layer},
    registry::{LookupSpan, Scope},
};

use super::{
    fields::{Body, Fields, FromLog},
    known::{Place, add_thread_to},
    scope::{Depth, Excluded},
    spans::SpanData,
};
use crate::{
    client::{AxonPush, Heard},
    clock,
    context::{RequestContext, in_force, suppress},
    event::{EventType, Severity, draft::Draft},
    queue::WhenFull,
};

/// Hands every event of `tracing` over as a log record; made by
/// [`AxonPush::tracing_layer`](crate::AxonPush::tracing_layer).
///
/// ```
/// use axonpush::AxonPush;
/// use tracing_subscriber::layer::SubscriberExt;
///
/// # let client = AxonPush::disabled();
/// let layer = client.tracing_layer().with_levels();
/// let subscriber = tracing_subscriber::registry().with(layer);
/// # let _default = tracing::subscriber::set_default(subscriber);
/// let _span = tracing::info_span!("checkout", cart = 7).entered();
/// tracing::warn!(order.id = 1042, "card declined");
/// ```
///
/// | of the record | in the event |
/// |---|---|
/// | target | `identifier`, and the attribute `logger.name` |
/// | level | `severityNumber`, `severityText` |
/// | message | `body`; empty where there is none |
/// | fields | attributes with their types; integers beyond 64 bits, `NaN` and infinities as text, bytes in hexadecimal |
/// | a field that is an `Error` | its text, and of the first one `exception.type`, `exception.message`, `exception.causes` |
/// | fields of the spans around it, recorded late or not | attributes, where neither the record nor an inner span has the name |
/// | file, line, module | `code.filepath`, `code.lineno`, `code.namespace` |
/// | thread, process | `thread.name`, `process.pid` |
/// | its request | trace id, span id, `request.id`, bound attributes |
/// | the library | `framework` in the metadata |
///
/// On the event path attributes have the names that all AxonPush SDKs use; by OTLP `code.filepath` travels as
/// `code.file.path`, `code.lineno` as `code.line.number`. What the record says itself always wins over what is known of it.
///
/// - The request is the context in force or, in a task that was spawned without one, that of the innermost span that was
///   created in one.
/// - Everything passes the client's [`RedactionPolicy`](crate::RedactionPolicy): the message, fields, and those of spans.
/// - What the client's own worker logs is not heard, whatever the settings. What the application's other HTTP traffic logs
///   is; see [`exclude_target`](Self::exclude_target).
/// - No lock is held while values are shown. One that logs by itself is heard, up to four deep; one that panics costs its
///   own text.
/// - What the client's [`Levels`](crate::Levels) leave out is left out in any case, and costs least
///   [`with_levels`](Self::with_levels). Without any filter `tracing` enables everything down to `TRACE`, as for any layer.
/// - Several layers, of one client or of several, share a subscriber without knowing each other. A `reload::Layer` or an
///   `Option` around one is fine.
///
/// Handing a record over allocates nothing once a thread has logged a few, but for what shows an error, what holds
/// something to hide, and the time of `send_occurred_at`. What it costs is in `docs/performance.md`.
#[must_use = "a layer hears nothing until it is added to a subscriber"]
pub struct TracingLayer {
    client: AxonPush,
    /// Tells what it keeps with a span from what others keep there.
    id: usize,
    event_type: EventType,
    excluded: Excluded,
}

/// What names the library in an event.
const METADATA: &[u8] = br#"{"framework":"tracing"}"#;

/// Spans around an event that are looked at.
const MAX_SPANS: usize = 64;

impl TracingLayer {
    pub(crate) fn new(client: &AxonPush) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        Self {
            client: client.clone(),
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            event_type: EventType::AppLog,
            excluded: Excluded::default(),
        }
    }

    /// Leaves out events whose target is `target` or lies within: `hyper` stands for `hyper::proto` as well.
    ///
    /// Targets are never all there is to it: what is logged on the client's own worker is left out in any case.
    pub fn exclude_target(mut self, target: impl Into<String>) -> Self {
        self.excluded.add(target.into());
        self
    }

    /// Events become [`EventType::AgentLog`]s instead of [`EventType::AppLog`]s.
    pub fn agent_logs(mut self) -> Self {
        self.event_type = EventType::AgentLog;
        self
    }
}

impl AxonPush {
    /// A layer that hands every event of `tracing` over as a log record of this client. See [`TracingLayer`].
    pub fn tracing_layer(&self) -> TracingLayer {
        TracingLayer::new(self)
    }
}

impl<S> Layer<S> for TracingLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, subscriber: Context<'_, S>) {
        if suppress::is_marked() {
            return;
        }
        let data = self.client.guarded(|guard, settings| SpanData::new(attributes, in_force(), guard, settings));
        if let (Some(data), Some(span)) = (data, subscriber.span(id)) {
            data.keep(self.id, &span);
        }
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, subscriber: Context<'_, S>) {
        if let Some(span) = subscriber.span(id) {
            self.client.guarded(|guard, settings| SpanData::record(self.id, &span, values, guard, settings));
        }
    }

    fn on_event(&self, event: &Event<'_>, subscriber: Context<'_, S>) {
        if self.excluded.covers(event.metadata().target()) {
            return;
        }
        let Some(_depth) = Depth::enter() else { return };
        let spans = || subscriber.event_scope(event).into_iter().flat_map(Scope::into_iter).take(MAX_SPANS);
        let context = in_force().or_else(|| spans().find_map(|span| SpanData::context(self.id, &span)));
        self.hand_over(event, context.as_ref(), |draft, settings| {
            for span in spans() {
                SpanData::add_to(self.id, &span, draft, settings);
            }
        });
    }
}

impl TracingLayer {
    pub(super) fn client(&self) -> &AxonPush {
        &self.client
    }

    fn hand_over(
        &self,
        event: &Event<'_>,
        context: Option<&RequestContext>,
        say_spans: impl FnOnce(&mut Draft<'_>, u64),
    ) {
        let metadata = event.metadata();
        // What `tracing-log` passes on stands elsewhere than its own metadata says.
        let from_log = FromLog::of(event);
        let place = from_log.as_ref().map_or_else(
            || Place {
                target: metadata.target(),
                module: metadata.module_path(),
                file: metadata.file(),
                line: metadata.line(),
            },
            FromLog::place,
        );
        let heard = Heard {
            identifier: place.target,
            event_type: self.event_type.clone(),
            severity: severity(*metadata.level()),
            time: clock::wall(),
            metadata: METADATA,
            context,
            when: WhenFull::ApplyPolicy,
        };
        let say = |draft: &mut Draft<'_>, settings| {
            let mut body = Body { draft: &mut *draft, written: false };
            event.record(&mut body);
            if !body.written {
                body.say(|out| out.extend_from_slice(b"\"\""));
            }
            event.record(&mut Fields { draft: &mut *draft, of_span: false, of_log: from_log.is_some() });
            say_spans(draft, settings);
        };
        self.client.hear(&heard, say, |draft, settings| {
            match &from_log {
                Some(_) => place.add_to(draft),
                None => place.add_known_to(ptr::from_ref(metadata).addr(), draft),
            }
            add_thread_to(draft, settings);
        });
    }
}

pub(super) fn severity(level: Level) -> Severity {
    match level {
        Level::TRACE => Severity::Trace,
        Level::DEBUG => Severity::Debug,
        Level::INFO => Severity::Info,
        Level::WARN => Severity::Warn,
        Level::ERROR => Severity::Error,
    }
}

impl fmt::Debug for TracingLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracingLayer")
            .field("client", &self.client)
            .field("event_type", &self.event_type)
            .field("excluded", &self.excluded)
            .finish_non_exhaustive()
    }
}
