//! `Event`: one fact an application publishes.

use std::{borrow::Cow, fmt, time::SystemTime};

use serde::Serialize;

use super::{AgentId, AttributeValue, Attributes, ChannelId, EventType, LogPayload, Severity, SpanId, TraceId, json};
use crate::error::Error;

/// One fact an application publishes.
///
/// An event has an identifier (the operation's name, which need not be unique), a payload (a JSON object) and,
/// optionally, a type, ids that place it in a trace, and metadata. What is left out is filled in from the
/// [`RequestContext`](crate::RequestContext) in force when the event is handed over: trace id, span id and request id.
/// A blank id counts as left out.
///
/// ```
/// use axonpush::{Event, EventType};
/// use serde::Serialize;
///
/// #[derive(Serialize)]
/// struct Search<'a> {
///     query: &'a str,
///     limit: u32,
/// }
///
/// let event = Event::new("web_search")
///     .event_type(EventType::AgentToolCallStart)
///     .agent_id("researcher")
///     .payload(&Search { query: "rust", limit: 10 })?;
/// assert_eq!(event.payload_json(), r#"{"query":"rust","limit":10}"#);
/// # Ok::<(), axonpush::Error>(())
/// ```
#[derive(Clone)]
#[expect(clippy::struct_field_names, reason = "`event_type` is the name on the wire")]
#[must_use = "an event does nothing until it is published or enqueued"]
pub struct Event {
    pub(crate) identifier: Cow<'static, str>,
    pub(crate) event_type: EventType,
    pub(crate) severity: Severity,
    pub(crate) agent_id: Option<AgentId>,
    pub(crate) channel_id: Option<ChannelId>,
    pub(crate) trace_id: Option<TraceId>,
    pub(crate) span_id: Option<SpanId>,
    pub(crate) parent_span_id: Option<SpanId>,
    pub(crate) dedup_key: Option<Cow<'static, str>>,
    pub(crate) occurred_at: Option<SystemTime>,
    pub(crate) payload: Payload,
    /// JSON text of an object; empty means none.
    pub(crate) metadata: Vec<u8>,
    pub(crate) attributes: Attributes,
}

/// What happened.
#[derive(Clone)]
pub(crate) enum Payload {
    /// JSON text of an object; empty means `{}`.
    Json(Vec<u8>),
    /// A log record, which is written when it is known which way it goes.
    Log(LogPayload),
}

/// Bytes an identifier or id may have.
pub(crate) const MAX_ID_BYTES: usize = 1024;

/// Room made for a payload before it is written. Growing on the way costs more than an unused rest, and the text lives
/// only until the event is handed over.
const USUAL_BYTES: usize = 512;

/// Bytes of an identifier that a message repeats.
pub(super) const MAX_SHOWN_BYTES: usize = 64;

impl Event {
    /// An event named `identifier`, with an empty payload.
    ///
    /// A blank identifier is refused when the event is handed over.
    pub fn new(identifier: impl Into<Cow<'static, str>>) -> Self {
        Self {
            identifier: identifier.into(),
            event_type: EventType::default(),
            severity: Severity::default(),
            agent_id: None,
            channel_id: None,
            trace_id: None,
            span_id: None,
            parent_span_id: None,
            dedup_key: None,
            occurred_at: None,
            payload: Payload::Json(Vec::new()),
            metadata: Vec::new(),
            attributes: Attributes::new(),
        }
    }

    /// A log record of `identifier`, the part of the program that speaks: an [`EventType::AppLog`] of the record's
    /// severity.
    ///
    /// The same event as with the record as [`payload`](Self::payload), for less: it is written once, in the form in
    /// which it waits.
    ///
    /// ```
    /// use axonpush::{Event, LogPayload, Severity};
    /// let record = LogPayload::new("card declined").severity(Severity::Error).attribute("order.id", 1042);
    /// let event = Event::log("billing", record);
    /// ```
    pub fn log(identifier: impl Into<Cow<'static, str>>, record: LogPayload) -> Self {
        Self {
            event_type: EventType::AppLog,
            severity: record.severity,
            payload: Payload::Log(record),
            ..Self::new(identifier)
        }
    }

    /// What kind of thing it reports; [`EventType::Custom`] unless set.
    pub fn event_type(mut self, event_type: impl Into<EventType>) -> Self {
        self.event_type = event_type.into();
        self
    }

    /// How much it matters when a full queue must choose; [`Severity::Info`] unless set. It is not sent: put it into
    /// the payload when the server should see it, as [`LogPayload`](crate::LogPayload) does.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// The agent it speaks for.
    pub fn agent_id(mut self, id: impl Into<AgentId>) -> Self {
        self.agent_id = Some(id.into()).filter(|id| !is_blank(id.as_str()));
        self
    }

    /// The channel it goes to, instead of the client's own.
    pub fn channel_id(mut self, id: impl Into<ChannelId>) -> Self {
        self.channel_id = Some(id.into()).filter(|id| !is_blank(id.as_str()));
        self
    }

    /// The trace it belongs to, sent verbatim. Only this event is concerned: the trace of the surrounding request
    /// stays what it is.
    pub fn trace_id(mut self, id: impl Into<TraceId>) -> Self {
        self.trace_id = Some(id.into()).filter(|id| !is_blank(id.as_str()));
        self
    }

    /// The span it describes or happened in.
    pub fn span_id(mut self, id: impl Into<SpanId>) -> Self {
        self.span_id = Some(id.into()).filter(|id| !is_blank(id.as_str()));
        self
    }

    /// The parent of that span.
    pub fn parent_span_id(mut self, id: impl Into<SpanId>) -> Self {
        self.parent_span_id = Some(id.into()).filter(|id| !is_blank(id.as_str()));
        self
    }

    /// The key by which the server recognises a repetition; a fresh UUIDv7 unless set. It stays the same on every
    /// attempt, so a retry is never stored twice.
    pub fn dedup_key(mut self, key: impl Into<Cow<'static, str>>) -> Self {
        self.dedup_key = Some(key.into()).filter(|key| !is_blank(key));
        self
    }

    /// When it happened; the moment of handing over unless set. Sinks are told; the server only by a client built with
    /// [`send_occurred_at`](crate::AxonPushBuilder::send_occurred_at).
    pub fn occurred_at(mut self, time: SystemTime) -> Self {
        self.occurred_at = Some(time);
        self
    }

    /// What happened: any value that serialises as a JSON object.
    ///
    /// NaN and infinities become strings, and so do integers beyond 64 bits; a single string is cut at 256 KiB.
    ///
    /// # Errors
    ///
    /// When the value is not an object, is nested deeper than 100 levels, is larger than 1 MiB, or its `Serialize`
    /// implementation fails.
    pub fn payload<T: Serialize + ?Sized>(mut self, payload: &T) -> Result<Self, Error> {
        self.payload = Payload::Json(object("payload", payload)?);
        Ok(self)
    }

    /// What else there is to say about the event itself: any value that serialises as a JSON object.
    ///
    /// # Errors
    ///
    /// As [`Event::payload`].
    pub fn metadata<T: Serialize + ?Sized>(mut self, metadata: &T) -> Result<Self, Error> {
        self.metadata = object("metadata", metadata)?;
        Ok(self)
    }

    /// Sets `payload.attributes[key]`, where the server's attribute search finds it.
    ///
    /// A payload that has `attributes` of its own gets this one added, and keeps the rest. When they are no object, the
    /// event is refused as it is handed over.
    pub fn attribute(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<AttributeValue>) -> Self {
        self.attributes.insert(key, value);
        self
    }

    /// The operation's name.
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    /// The payload as JSON text, before redaction.
    pub fn payload_json(&self) -> Cow<'_, str> {
        match &self.payload {
            Payload::Json(text) => Cow::Borrowed(text_or_empty_object(text)),
            Payload::Log(record) => {
                let text = object("payload", record).unwrap_or_default();
                Cow::Owned(text_or_empty_object(&text).to_owned())
            }
        }
    }

    /// The metadata as JSON text, before redaction.
    pub fn metadata_json(&self) -> &str {
        text_or_empty_object(&self.metadata)
    }

    /// The record, if it is one and says so.
    pub(crate) fn as_log(&self) -> Option<&LogPayload> {
        match &self.payload {
            Payload::Log(record) if self.event_type.is_log() => Some(record),
            Payload::Log(_) | Payload::Json(_) => None,
        }
    }

    /// The payload as JSON text of an object.
    pub(super) fn payload_text(&self) -> Result<Cow<'_, [u8]>, Error> {
        match &self.payload {
            Payload::Json(text) if text.is_empty() => Ok(Cow::Borrowed(b"{}")),
            Payload::Json(text) => Ok(Cow::Borrowed(text)),
            Payload::Log(record) => object("payload", record).map(Cow::Owned),
        }
    }

    /// The identifier as it may stand in a message.
    pub(crate) fn shown(&self) -> String {
        json::shown(&self.identifier, MAX_SHOWN_BYTES)
    }

    /// Refuses what no server would take.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        if is_blank(&self.identifier) {
            return Err(Error::invalid(
                "event field `identifier` is blank; name the operation, as in Event::new(\"cache.miss\")",
            ));
        }
        if is_blank(self.event_type.as_str()) {
            return Err(Error::invalid(
                "event field `event_type` is blank; leave it out, or say what kind of thing the event reports",
            ));
        }
        let fields = [
            ("identifier", Some(&*self.identifier)),
            ("agent_id", self.agent_id.as_ref().map(AgentId::as_str)),
            ("channel_id", self.channel_id.as_ref().map(ChannelId::as_str)),
            ("trace_id", self.trace_id.as_ref().map(TraceId::as_str)),
            ("span_id", self.span_id.as_ref().map(SpanId::as_str)),
            ("parent_span_id", self.parent_span_id.as_ref().map(SpanId::as_str)),
            ("event_type", Some(self.event_type.as_str())),
            ("dedup_key", self.dedup_key.as_deref()),
        ];
        match fields.iter().find(|(_, value)| value.is_some_and(|text| text.len() > MAX_ID_BYTES)) {
            Some((field, value)) => Err(Error::invalid(format!(
                "event field `{field}` has {} bytes, at most {MAX_ID_BYTES} are allowed; put long text into the payload",
                value.map_or(0, str::len),
            ))),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Event {
    // Payload and metadata hold whatever the application put there, and no policy has seen them yet.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("identifier", &self.identifier)
            .field("event_type", &self.event_type)
            .field("severity", &self.severity)
            .field("trace_id", &self.trace_id)
            .field("payload_bytes", &self.payload_json().len())
            .field("metadata_bytes", &self.metadata.len())
            .finish_non_exhaustive()
    }
}

fn is_blank(text: &str) -> bool {
    // Hardly any text begins with a space.
    !text.as_bytes().first().is_some_and(u8::is_ascii_graphic) && text.trim().is_empty()
}

fn object<T: Serialize + ?Sized>(field: &str, value: &T) -> Result<Vec<u8>, Error> {
    let mut out = Vec::with_capacity(USUAL_BYTES);
    json::write(value, &mut out)
        .map_err(|refusal| Error::invalid(format!("event field `{field}` can't be sent: {refusal}")))?;
    if json::is_object(&out) {
        return Ok(out);
    }
    Err(Error::invalid(format!(
        "event field `{field}` must be a JSON object, but the value is {}; wrap it, as in json!({{\"value\": …}})",
        json::shape(&out),
    )))
}

fn text_or_empty_object(json: &[u8]) -> &str {
    match std::str::from_utf8(json) {
        Ok(text) if !text.is_empty() => text,
        _ => "{}",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_payload_that_is_no_object_is_refused_with_its_shape_and_the_way_out() {
        for (value, shape) in [
            (json!([1]), "an array"),
            (json!("x"), "a string"),
            (json!(7), "a number"),
            (json!(null), "null"),
            (json!(true), "a boolean"),
        ] {
            let error = Event::new("x").payload(&value).unwrap_err();
            assert!(error.is_invalid());
            let message = error.to_string();
            assert!(
                message.contains("`payload`") && message.contains(shape) && message.contains("wrap it"),
                "{message}"
            );
        }
    }

    #[test]
    fn raw_json_is_a_payload_when_it_is_an_object() {
        struct Raw(&'static str);
        impl Serialize for Raw {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeStruct;
                let mut fields = serializer.serialize_struct("$serde_json::private::RawValue", 1)?;
                fields.serialize_field("$serde_json::private::RawValue", self.0)?;
                fields.end()
            }
        }
        assert_eq!(Event::new("x").payload(&Raw("\t{ \"a\" : 1 }")).unwrap().payload_json(), r#"{"a":1}"#);
        for text in [" [1]", "\"{}\"", "{", " 1"] {
            assert!(Event::new("x").payload(&Raw(text)).unwrap_err().is_invalid(), "{text}");
        }
    }

    #[test]
    fn a_blank_identifier_or_type_and_an_endless_id_are_refused_by_name() {
        for identifier in ["", " \t"] {
            assert!(Event::new(identifier).validate().unwrap_err().to_string().contains("`identifier`"));
        }
        assert!(Event::new("x").event_type(" ").validate().unwrap_err().to_string().contains("`event_type`"));
        let error = Event::new("x").trace_id("t".repeat(10_000)).validate().unwrap_err().to_string();
        assert!(error.contains("`trace_id`") && error.contains("10000"), "{error}");
    }

    #[test]
    fn a_blank_id_is_an_unset_one() {
        let event =
            Event::new("x").agent_id("").channel_id(" ").trace_id("").span_id("\t").parent_span_id("").dedup_key("");
        assert!(event.agent_id.is_none() && event.channel_id.is_none() && event.trace_id.is_none());
        assert!(event.span_id.is_none() && event.parent_span_id.is_none() && event.dedup_key.is_none());
    }

    #[test]
    fn debug_shows_no_payload() {
        let event = Event::new("login").payload(&json!({"password": "hunter2"})).unwrap();
        assert!(!format!("{event:?}").contains("hunter2"));
    }
}
