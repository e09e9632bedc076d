//! AxonPush's batch lane: OTLP over HTTP, `/v1/logs` and `/v1/traces`.
//!
//! Records wait as drafts, or as the body of `POST /event`; here they are translated, field by field, without building a
//! tree.

#[cfg(feature = "otlp")]
mod collector;
mod compression;
mod fields;
mod json;
mod protobuf;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use http::HeaderValue;
use serde::Deserialize;

#[cfg(feature = "otlp")]
pub use self::collector::OtlpHttp;
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

impl OtlpFormat {
    fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Protobuf => "application/x-protobuf",
        }
    }
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
    let size = bodies.clone().map(<[u8]>::len).sum();
    let mut channel: &[u8] = b"";
    let mut is_first = true;
    let body = encode(lane, encoding.format, size, bodies, |fields, body| {
        let fields = fields.read(body);
        if std::mem::take(&mut is_first) {
            channel = fields.channel;
        }
        fields
    });
    let channel = text(channel);
    let (what, path) = match lane {
        Lane::Spans => ("exporting spans", "/v1/traces"),
        _ => ("exporting logs", "/v1/logs"),
    };
    let (body, content_encoding) = encoding.compression.apply(body);
    let mut request = Request::post(what, path, Bytes::from(body));
    request.body = request.body.map(|body| RequestBody {
        content_type: HeaderValue::from_static(encoding.format.content_type()),
        content_encoding,
        // A channel that can't be a header is refused by the server, which says so.
        channel: HeaderValue::from_bytes(&channel).ok(),
        ..body
    });
    request
}

/// The body of a request of records that `read` takes apart, which weigh so many bytes as they wait.
fn encode<'a, T>(
    lane: Lane,
    format: OtlpFormat,
    size: usize,
    records: impl Iterator<Item = T>,
    mut read: impl FnMut(Fields<'a>, T) -> Fields<'a>,
) -> Vec<u8> {
    let size = if format == OtlpFormat::Json { 2 * size } else { size };
    let (mut groups, mut fields) = (Vec::new(), Fields::default());
    for record in records {
        fields = read(fields, record);
        Group::add(&mut groups, lane, &fields, size, |fields, out| match format {
            OtlpFormat::Json => json::record(lane, fields, out),
            OtlpFormat::Protobuf => protobuf::record(lane, fields, out),
        });
    }
    match format {
        OtlpFormat::Json => json::batch(lane, &groups),
        OtlpFormat::Protobuf => protobuf::batch(lane, &groups),
    }
}

/// How many of `count` records were turned down, from the body of a success. Servers may answer in either encoding,
/// whatever they were asked in; but nothing at all is a message in protobuf only.
pub(super) fn rejected(body: &[u8], count: u64, asked_in: OtlpFormat) -> Result<u64, Error> {
    if body.is_empty() && asked_in == OtlpFormat::Json {
        return Err(unconfirmed("an empty body"));
    }
    let (rejected, _) = partial_success(body).map_err(unconfirmed)?;
    Ok(rejected.min(count))
}

/// How many records were turned down, and why, from the body of a success in either encoding.
fn partial_success(body: &[u8]) -> Result<(u64, String), Box<dyn std::error::Error + Send + Sync>> {
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
        error_message: Option<String>,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Count {
        Number(u64),
        Text(String),
    }
    if body.first() != Some(&b'{') {
        let (rejected, why) = protobuf::rejected(body).ok_or("not a protobuf response")?;
        return Ok((rejected, String::from_utf8_lossy(why).into_owned()));
    }
    let response: Response = serde_json::from_slice(body)?;
    let partial = response.partial_success.unwrap_or_default();
    let rejected = match partial.rejected_log_records {
        None => 0,
        Some(Count::Number(number)) => number,
        Some(Count::Text(text)) => text.parse()?,
    };
    Ok((rejected, partial.error_message.unwrap_or_default()))
}

fn unconfirmed(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(
        Kind::Response,
        "the server answered success, but its body is no OTLP response; \
         is AXONPUSH_BASE_URL the address of an AxonPush server?",
    )
    .with_source(source)
}
