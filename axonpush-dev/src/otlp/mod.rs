//! OpenTelemetry's log records and spans, as they arrive over OTLP/HTTP.
//!
//! Both encodings end in the same messages, and every record becomes an event in the form that
//! `POST /event` would have brought, so nothing behind this room knows how an event arrived.
//!
//! A record is decoded when it is its turn and not before. A hostile body may promise millions of
//! them in a few bytes each; only what it says about itself is held until then.

mod answer;
mod base64;
mod batch;
mod context;
mod decode;
mod form;
mod json;
mod log;
mod map;
mod message;
mod proto;
mod span;
#[cfg(test)]
mod tests;

pub(crate) use answer::answer;
pub(crate) use batch::read;
pub(crate) use decode::{Encoding, MAX_BODY, decompress};
pub(crate) use message::{LogRecord, Span};

use self::context::Context;
use crate::event::EventBody;

/// A kind of record that has a route of its own.
pub(crate) trait Record: prost::Message + Default + serde::de::DeserializeOwned + 'static {
    /// The JSON names of the three lists a record is wrapped in, outermost first.
    const LISTS: [&'static str; 3];

    /// The JSON name of the count of refused records.
    const REJECTED: &'static str;

    /// The event that the record becomes.
    ///
    /// # Errors
    /// What is wrong with the record, to be told to its sender.
    fn into_event(self, context: &Context<'_>) -> Result<EventBody, Invalid>;
}

/// What is wrong with a record.
pub(crate) type Invalid = &'static str;

/// How many requests may be read and stored at once. An ordinary one takes a few milliseconds; a
/// hostile one of 16 MiB may take thirty times that much memory while it is read.
pub(crate) const MAX_AT_ONCE: usize = 2;
