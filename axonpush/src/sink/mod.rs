//! Where records go: the requests they make, and what the answers say.

pub(crate) mod events;
mod otlp;

use bytes::Bytes;

pub use self::otlp::OtlpFormat;
use crate::{error::Error, event::record::Lane, transport::Request};

/// The request that carries these event bodies.
pub(crate) fn request<'a>(lane: Lane, bodies: impl Iterator<Item = &'a Bytes> + Clone, format: OtlpFormat) -> Request {
    match lane {
        Lane::Event => events::request(bodies.last().cloned().unwrap_or_default()),
        Lane::Logs | Lane::Spans => otlp::request(lane, bodies, format),
    }
}

/// How many of the `count` records the server turned down, from the body of its success.
pub(crate) fn rejected(lane: Lane, body: &[u8], count: usize) -> Result<u64, Error> {
    match lane {
        Lane::Event => events::confirm(body).map(|()| 0),
        Lane::Logs | Lane::Spans => otlp::rejected(body, count as u64),
    }
}
