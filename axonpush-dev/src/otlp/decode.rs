//! From what came over the wire to the bytes a message is written in.

use std::borrow::Cow;
use std::io::Read;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http::{HeaderMap, HeaderName, StatusCode, header};

use crate::problem::Problem;

/// The two ways a message may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Json,
    Protobuf,
}

impl Encoding {
    /// # Errors
    /// 415 for a content type that is neither.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let content_type = lower(headers, &header::CONTENT_TYPE);
        match content_type.split(';').next().unwrap_or_default().trim() {
            "application/json" => Ok(Self::Json),
            "application/x-protobuf" => Ok(Self::Protobuf),
            _ => Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "send OTLP as `application/json` or `application/x-protobuf`",
            )),
        }
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Protobuf => "application/x-protobuf",
        }
    }
}

/// The body as its sender meant it.
///
/// # Errors
/// 415 for a compression other than gzip, 400 for gzip that is damaged, 413 for a body that grows
/// beyond all reason.
pub(crate) fn decompress(headers: &HeaderMap, body: &Bytes) -> Result<Bytes, Problem> {
    match lower(headers, &header::CONTENT_ENCODING).trim() {
        "" | "identity" => Ok(body.clone()),
        "gzip" | "x-gzip" => gunzip(body),
        _ => Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "compress the body with gzip, or not at all")),
    }
}

fn gunzip(body: &Bytes) -> Result<Bytes, Problem> {
    let by_ratio = body.len().saturating_mul(MAX_RATIO).max(UNSUSPICIOUS);
    let limit = by_ratio.min(MAX_BODY);
    let mut plain = Vec::with_capacity(limit.min(body.len().saturating_mul(USUAL_RATIO)));
    let mut reader = MultiGzDecoder::new(&body[..]).take(limit as u64 + 1);
    reader
        .read_to_end(&mut plain)
        .map_err(|error| Problem::bad_request(format!("the body is not valid gzip: {error}")))?;
    if plain.len() > limit {
        let detail = if limit == MAX_BODY {
            "the body is larger than 16 MiB once it is decompressed".to_owned()
        } else {
            format!("the body grows more than {MAX_RATIO}-fold when it is decompressed")
        };
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
    }
    Ok(plain.into())
}

/// Every value of a header as one, in lower case.
fn lower(headers: &HeaderMap, name: &HeaderName) -> String {
    let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    values.collect::<Vec<Cow<'_, str>>>().join(",").to_ascii_lowercase()
}

/// The largest body, compressed or not.
pub(crate) const MAX_BODY: usize = 16 << 20;

/// How many times its size a body may have once it is decompressed. Records that look alike shrink
/// to a thirtieth; a hundredth is somebody trying.
const MAX_RATIO: usize = 100;

/// Up to this size the ratio does not matter: as much is taken from anybody who does not compress.
const UNSUSPICIOUS: usize = 1 << 20;

/// What most bodies need, so that few are moved while they grow.
const USUAL_RATIO: usize = 8;
