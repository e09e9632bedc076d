//! What a sender is told once its records are stored.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use prost::Message;
use serde_json::json;

use super::batch::Refusals;
use super::decode::Encoding;
use super::{Record, proto};

/// 200 in the encoding of the request: empty when everything was stored, else with the number of
/// records that were not, and why.
pub(crate) fn answer<R: Record>(refusals: &Refusals, encoding: Encoding) -> Response {
    let refused = (refusals.count() > 0).then(|| (refusals.count(), refusals.message()));
    let body = match encoding {
        Encoding::Json => {
            let document = refused.map_or_else(
                || json!({}),
                // 64-bit integers are text in OTLP's JSON.
                |(count, reason)| json!({"partialSuccess": {R::REJECTED: count.to_string(), "errorMessage": reason}}),
            );
            document.to_string().into_bytes()
        }
        Encoding::Protobuf => {
            let partial_success = refused.map(|(count, error_message)| proto::PartialSuccess {
                rejected: i64::try_from(count).unwrap_or(i64::MAX),
                error_message,
            });
            proto::Response { partial_success }.encode_to_vec()
        }
    };
    ([(header::CONTENT_TYPE, HeaderValue::from_static(encoding.content_type()))], body).into_response()
}
