//! AxonPush's batch lane: OTLP over HTTP, `/v1/logs` and `/v1/traces`.
//!
//! Records wait as drafts, or as the body of `POST /event`; here they are translated, field by field, without building a
//! tree.

mod compression;
mod fields;
mod json;
mod protobuf;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use http::HeaderValue;
use serde::Deserialize;

pub use self::compression::Compression;
use self::fields::{Fields, Group, text};
use crate::{
    error::{Error, Kind},
    event::record::Lane,
    transport::{Request, RequestBody},
};

/// How OTLP batches are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum OtlpFormat {
    /// OTLP/JSON. Readable, and cheapest to make of what waits.
    #[default]
    Json,
    /// OTLP/Protobuf. Smaller on the wire.
    Protobuf,
}

/// How batches are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct OtlpEncoding {
    pub(crate) format: OtlpFormat,
    pub(crate) compression: Compression,
}

/// The request that carries these event bodies, which share a channel.
pub(super) fn request<'a>(
    lane: Lane,
    bodies: impl Iterator<Item = &'a [u8]> + Clone,
    encoding: OtlpEncoding,
) -> Request {
    let size: usize = bodies.clone().map(<[u8]>::len).sum();
    let (mut channel, mut groups): (&[u8], _) = (b"", Vec::new());
    let mut fields = Fields::default();
    for body in bodies {
        fields = fields.read(body);
        if groups.is_empty() {
            channel = fields.channel;
        }
        let size = if encoding.format == OtlpFormat::Json { 2 * size } else { size };
        Group::add(&mut groups, lane, &fields, size, |fields, out| match encoding.format {
            OtlpFormat::Json => json::record(lane, fields, out),
            OtlpFormat::Protobuf => protobuf::record(lane, fields, out),
        });
    }
    let channel = text(channel);
    let body = match encoding.format {
        OtlpFormat::Json => json::batch(lane, &groups),
        OtlpFormat::Protobuf => protobuf::batch(lane, &groups),
    };
    let (what, path) = match lane {
        Lane::Spans => ("exporting spans", "/v1/traces"),
        _ => ("exporting logs", "/v1/logs"),
    };
    let content_type = match encoding.format {
        OtlpFormat::Json => "application/json",
        OtlpFormat::Protobuf => "application/x-protobuf",
    };
    let (body, content_encoding) = encoding.compression.apply(body);
    let mut request = Request::post(what, path, Bytes::from(body));
    request.body = request.body.map(|body| RequestBody {
        content_type: HeaderValue::from_static(content_type),
        content_encoding,
        // A channel that can't be a header is refused by the server, which says so.
        channel: HeaderValue::from_bytes(&channel).ok(),
        ..body
    });
    request
}

/// How many of `count` records were turned down, from the body of a success. Servers may answer in either encoding,
/// whatever they were asked in; but nothing at all is a message in protobuf only.
pub(super) fn rejected(body: &[u8], count: u64, asked_in: OtlpFormat) -> Result<u64, Error> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Response {
        partial_success: Option<Partial>,
    }
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Partial {
        #[serde(alias = "rejectedSpans")]
        rejected_log_records: Option<Count>,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Count {
        Number(u64),
        Text(String),
    }
    let rejected = if body.first() == Some(&b'{') {
        let response: Response = serde_json::from_slice(body).map_err(unconfirmed)?;
        match response.partial_success.and_then(|partial| partial.rejected_log_records) {
            None => 0,
            Some(Count::Number(number)) => number,
            Some(Count::Text(text)) => text.parse().map_err(unconfirmed)?,
        }
    } else if body.is_empty() && asked_in == OtlpFormat::Json {
        return Err(unconfirmed("an empty body"));
    } else {
        protobuf::rejected(body).ok_or_else(|| unconfirmed("not a protobuf response"))?
    };
    Ok(rejected.min(count))
}

fn unconfirmed(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(
        Kind::Response,
        "the server answered success, but its body is no OTLP response; \
         is AXONPUSH_BASE_URL the address of an AxonPush server?",
    )
    .with_source(source)
}
