//! OTLP to wherever there is a collector.

use std::{fmt, io, time::Duration};

use super::{
    OtlpFormat, encode,
    fields::{Fields, hex},
    partial_success,
};
use crate::{
    error::{Error, Kind},
    event::{draft::Moment, json, record::Lane, scan::Entries},
    sink::{
        BatchPolicy, Compression, Sink, SinkBatch, SinkRecord, SinkWriter,
        http::{Post, Poster, Protocol, Refusal, Settled, Target, bad_setting, conclude, deliver, posts, said},
    },
};

/// Records go to an OpenTelemetry collector, or whatever else takes OTLP over HTTP.
///
/// ```
/// use axonpush::{AxonPush, OtlpHttp};
///
/// let collector = OtlpHttp::new("http://localhost:4318").header("x-team", "orders");
/// let builder = AxonPush::builder().api_key("ak_dev").sink("collector", collector);
/// # let client = builder.base_url("http://localhost:4000").build()?;
/// # Ok::<(), axonpush::Error>(())
/// ```
///
/// - **Logs** go to `/v1/logs`, with the logger's name as the name of their scope, and **spans** (`app.span` with a
///   [`SpanPayload`](crate::SpanPayload)) to `/v1/traces`.
/// - **Any other event** is a log record with an event name, its identifier. Its attributes and its resource are those of the
///   record, the rest of its payload is the body, its time is that of [`SinkRecord::time`], and its type stands in the
///   attribute `axonpush.event_type`.
/// - What OTLP has no field for is an attribute: `axonpush.agent_id`, `axonpush.dedup_key`, `axonpush.metadata`,
///   `axonpush.parent_span_id` of an event, `axonpush.trace_id` where it is not one of OpenTelemetry's. The channel
///   stays out.
/// - **The resource** is the record's own, or else what the client was told of the service.
/// - **Answers.** 429, 502, 503, 504 and broken connections are tried again, as OTLP asks, and a refused credential once a
///   minute; of what is too large (413) the halves are sent. All else is final. Of a partial success so many records are
///   counted as rejected as the collector says; it does not say which, so that these are the first ones of the request.
///   [`SinkStats::last_error`](crate::SinkStats::last_error) says why.
///
/// Settings are checked when the sink is opened, before its first record.
#[derive(Clone)]
#[must_use = "it does nothing until it is a client's sink"]
pub struct OtlpHttp {
    target: Target,
    url: String,
    format: OtlpFormat,
}

impl OtlpHttp {
    /// A collector at this URL, to which `/v1/logs` and `/v1/traces` are appended. Requests are protobuf.
    pub fn new(url: impl Into<String>) -> Self {
        let url = url.into();
        let mut target = Target::new("OTLP", url.clone());
        // Of all other statuses OTLP says that they must not be tried again.
        target.passes = |status| matches!(status, 429 | 502..=504);
        Self { target, url, format: OtlpFormat::Protobuf }
    }

    /// How requests are encoded; [`OtlpFormat::Protobuf`] unless set.
    pub fn format(mut self, format: OtlpFormat) -> Self {
        self.format = format;
        self
    }
}

posts!(OtlpHttp);

impl Sink for OtlpHttp {
    fn open(&self) -> io::Result<Box<dyn SinkWriter>> {
        let path = self.url.trim().trim_end_matches('/');
        if ["/v1/logs", "/v1/traces"].iter().any(|end| path.ends_with(end)) {
            let error =
                "the URL of the OTLP sink ends in /v1/logs or /v1/traces, which it appends itself; leave them out";
            return Err(bad_setting(Error::config(error)));
        }
        Ok(Box::new(Writer { poster: Poster::new(&self.target)?, format: self.format }))
    }

    fn batches(&self) -> BatchPolicy {
        BatchPolicy::new().max_events(1000).max_age(Duration::from_secs(1))
    }
}

impl fmt::Debug for OtlpHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = &self.target;
        f.debug_struct("OtlpHttp").field("target", target).field("format", &self.format).finish_non_exhaustive()
    }
}

struct Writer {
    poster: Poster,
    format: OtlpFormat,
}

impl SinkWriter for Writer {
    fn write(&mut self, batch: &SinkBatch<'_>) -> io::Result<()> {
        let tellings: Vec<_> = batch.iter().map(Telling::of).collect();
        // Where one kind is refused, the other may be taken.
        let sent = [Lane::Logs, Lane::Spans].map(|lane| {
            let of_lane = |(place, telling): (usize, &Telling)| (telling.lane() == lane).then_some(place);
            let places: Vec<_> = tellings.iter().enumerate().filter_map(of_lane).collect();
            let groups = if places.is_empty() { Vec::new() } else { vec![places] };
            let exporting = &mut Exporting { batch, tellings: &tellings, lane, format: self.format };
            deliver(&self.poster, batch, groups, exporting)
        });
        conclude(batch, sent)
    }
}

/// What a record is told as.
#[derive(Debug)]
enum Telling {
    Log,
    Span,
    /// Its body: JSON text, or empty.
    Event(Vec<u8>),
}

impl Telling {
    fn of(record: &SinkRecord<'_>) -> Self {
        if record.is_log {
            return Self::Log;
        }
        if record.event_type == b"\"app.span\"" {
            let fields = Fields::default().read(record.raw());
            let has_ids = hex::<32>(fields.trace).is_some() && hex::<16>(fields.span).is_some();
            if has_ids && !fields.payload.start.is_empty() {
                return Self::Span;
            }
        }
        Self::Event(rest(record.payload))
    }

    fn lane(&self) -> Lane {
        if matches!(self, Self::Span) { Lane::Spans } else { Lane::Logs }
    }
}

/// Of a payload what is neither its attributes nor its resource.
fn rest(payload: &[u8]) -> Vec<u8> {
    if !json::is_object(payload) {
        return payload.to_vec();
    }
    let mut out = b"{".to_vec();
    for (key, value) in Entries::of(payload) {
        if matches!(key, b"attributes" | b"resource") && json::is_object(value) {
            continue;
        }
        if out.len() > 1 {
            out.push(b',');
        }
        out.push(b'"');
        out.extend_from_slice(key);
        out.extend_from_slice(b"\":");
        out.extend_from_slice(value);
    }
    out.push(b'}');
    if out.len() > 2 { out } else { Vec::new() }
}

/// A batch on its way.
struct Exporting<'b, 'a> {
    batch: &'b SinkBatch<'a>,
    tellings: &'b [Telling],
    lane: Lane,
    format: OtlpFormat,
}

impl<'b> Exporting<'b, '_> {
    fn fields(&self, fields: Fields<'b>, place: usize) -> Fields<'b> {
        let (Some(record), Some(telling)) = (self.batch.get(place), self.tellings.get(place)) else { return fields };
        let mut fields = fields.read(record.raw());
        if fields.payload.resource.is_empty() {
            fields.payload.resource = record.speaks();
        }
        if let Telling::Event(body) = telling {
            fields.is_event = true;
            let moment = Moment { nanos: record.nanos(), severity: record.severity() };
            fields.payload.in_place_of(body, moment);
        }
        fields
    }
}

impl Protocol for Exporting<'_, '_> {
    fn post(&mut self, places: &[usize]) -> Post {
        let size = places.iter().filter_map(|place| self.batch.get(*place)).map(|record| record.raw().len()).sum();
        let body = encode(self.lane, self.format, size, places.iter(), |fields, place| self.fields(fields, *place));
        let path = if self.lane == Lane::Spans { "/v1/traces" } else { "/v1/logs" };
        Post { path, content_type: self.format.content_type(), body }
    }

    fn taken(&mut self, mut places: Vec<usize>, answer: &[u8]) -> Result<Settled, Error> {
        let (rejected, why) = partial_success(answer).map_err(|source| {
            let what = "the server answered success, but its body is no OTLP response; is this the URL of a collector?";
            Error::new(Kind::Response, what).with_source(source)
        })?;
        let written = places.split_off(usize::try_from(rejected).unwrap_or(usize::MAX).min(places.len()));
        let why = (!places.is_empty()).then(|| {
            let count = places.len();
            Error::new(Kind::Response, format!("the collector rejected {count} records: {}", said(&why)))
        });
        Ok(Settled { written, rejected: places, why, ..Settled::default() })
    }

    fn refused(&mut self, places: Vec<usize>, refusal: Refusal) -> Settled {
        Settled { rejected: places, why: Some(refusal.error), ..Settled::default() }
    }
}
