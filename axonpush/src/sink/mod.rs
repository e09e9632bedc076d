//! Where records go: the requests they make, and what the answers say.

mod batch;
pub(crate) mod events;
#[cfg(feature = "fluentd")]
mod fluentd;
#[cfg(any(feature = "loki", feature = "otlp"))]
mod http;
#[cfg(feature = "sinks")]
mod lines;
#[cfg(feature = "sinks")]
mod local;
#[cfg(feature = "loki")]
mod loki;
mod otlp;
#[cfg(feature = "sinks")]
mod record;
#[cfg(feature = "sinks")]
mod writer;

use bytes::Bytes;

#[cfg(feature = "fluentd")]
pub use self::fluentd::{Fluentd, FluentdField, FluentdFormat, FluentdFunction};
#[cfg(feature = "loki")]
pub use self::loki::{Loki, LokiLine};
pub(crate) use self::otlp::OtlpEncoding;
#[cfg(feature = "otlp")]
pub use self::otlp::OtlpHttp;
pub use self::{
    batch::BatchPolicy,
    otlp::{Compression, OtlpFormat},
};
#[cfg(feature = "sinks")]
pub use self::{
    local::{RollingFile, Stderr, Stdout},
    record::SinkRecord,
    writer::{Sink, SinkBatch, SinkWriter},
};
#[cfg(feature = "sinks")]
pub(crate) use self::{record::SinkName, writer::Fate};
use crate::{
    error::Error,
    event::{draft, record::Lane},
    transport::Request,
};

/// The request that carries these records, bodies or drafts.
pub(crate) fn request<'a>(
    lane: Lane,
    bodies: impl Iterator<Item = &'a [u8]> + Clone,
    encoding: OtlpEncoding,
) -> Request {
    match lane {
        Lane::Event => events::request(body(bodies.last().unwrap_or_default())),
        Lane::Logs | Lane::Spans => Request {
            #[cfg(any(test, feature = "testing"))]
            events: bodies.clone().map(body).collect(),
            ..otlp::request(lane, bodies, encoding)
        },
    }
}

/// The body of `POST /event` that a record stands for.
fn body(record: &[u8]) -> Bytes {
    if draft::is_draft(record) { draft::to_body(record).into() } else { Bytes::copy_from_slice(record) }
}

/// How many of the `count` records the server turned down, from the body of its success.
pub(crate) fn rejected(lane: Lane, body: &[u8], count: usize, encoding: OtlpEncoding) -> Result<u64, Error> {
    match lane {
        Lane::Event => events::confirm(body).map(|()| 0),
        Lane::Logs | Lane::Spans => otlp::rejected(body, count as u64, encoding.format),
    }
}
