//! What a server says when it refuses, in both shapes it may use.

use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use crate::{
    clock,
    error::{Answer, Error, Kind},
    event::json,
    retry::retry_after,
};

/// Bytes of an error body that are read.
pub(super) const MAX_BYTES: usize = 64 << 10;

/// Characters of a server's words that go into a message, and refused fields that are named.
const MAX_TEXT: usize = 1024;
const MAX_FIELDS: usize = 16;

/// A problem document (RFC 9457) and the older envelope, read as one: they share no field with two meanings.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body {
    title: Option<String>,
    detail: Option<String>,
    errors: Option<Vec<Refused>>,
    code: Option<String>,
    message: Option<Words>,
    error: Option<Words>,
    hint: Option<String>,
    #[serde(rename = "requestId", alias = "request_id")]
    request_id: Option<String>,
}

/// One refused field. Its value is not read: it may be what the caller meant to keep.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Refused {
    location: Option<String>,
    message: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Words {
    One(String),
    Many(Vec<String>),
    Other(serde::de::IgnoredAny),
}

/// The error for a refusal.
pub(super) fn read(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Error {
    let body: Body = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let now = jiff::Timestamp::try_from(clock::wall()).unwrap_or_default();
    let answer = Answer {
        status: status.as_u16(),
        retry_after: text(header::RETRY_AFTER).and_then(|asked| retry_after(asked, text(header::DATE), now)),
        request_id: body
            .request_id
            .clone()
            .or_else(|| text(header::HeaderName::from_static("x-request-id")).map(str::to_owned))
            .map(|id| clean(&id)),
        hint: body.hint.as_deref().map(clean).or_else(|| hint(status).map(str::to_owned)),
        code: body.code.as_deref().map(clean),
    };
    let mut message = status.to_string();
    let said = body.said();
    if !said.is_empty() {
        message.push_str(": ");
        message.push_str(&clean(&said));
    }
    Error::new(Kind::Status, message).with_answer(answer)
}

/// The error for a redirect, which is never followed.
pub(super) fn redirect(status: StatusCode, headers: &HeaderMap) -> Error {
    let elsewhere = if headers.contains_key(header::LOCATION) { " to another address" } else { "" };
    Error::new(
        Kind::Status,
        format!("{status}: the server redirects{elsewhere}, which is not followed because the key would go along"),
    )
    .with_answer(Answer {
        status: status.as_u16(),
        hint: Some("set AXONPUSH_BASE_URL to the final address".to_owned()),
        ..Answer::default()
    })
}

impl Body {
    /// The detail and every refused field; the older envelope's message; else the title.
    fn said(&self) -> String {
        let mut parts = Vec::new();
        parts.extend(self.detail.clone());
        for refused in self.errors.iter().flatten().take(MAX_FIELDS) {
            match (&refused.location, &refused.message) {
                (Some(location), Some(message)) => parts.push(format!("{location}: {message}")),
                (one, other) => parts.extend(one.clone().or_else(|| other.clone())),
            }
        }
        for words in [&self.message, &self.error].into_iter().flatten() {
            match words {
                Words::One(text) => parts.push(text.clone()),
                Words::Many(texts) => parts.extend(texts.iter().take(MAX_FIELDS).cloned()),
                Words::Other(_) => {}
            }
        }
        if parts.is_empty() {
            parts.extend(self.title.clone());
        }
        parts.retain(|part| !part.is_empty());
        parts.join("; ")
    }
}

/// What to do about a status whose server gave no hint.
fn hint(status: StatusCode) -> Option<&'static str> {
    Some(match status {
        StatusCode::UNAUTHORIZED => "is AXONPUSH_API_KEY current?",
        StatusCode::FORBIDDEN => "does the key have the scope for this, and for this environment?",
        StatusCode::NOT_FOUND => "is AXONPUSH_BASE_URL the address of an AxonPush server, and does the id exist?",
        _ => return None,
    })
}

/// A server's words, on one line, without characters that could rewrite a terminal, and of bounded length.
fn clean(text: &str) -> String {
    let cut = json::prefix(text, MAX_TEXT);
    cut.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(status: u16, body: &str) -> Error {
        read(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), body.as_bytes())
    }

    #[test]
    fn a_problem_documents_detail_and_every_refused_field_are_in_the_message() {
        let error = error(
            422,
            r#"{"$schema":"x","title":"Unprocessable Entity","status":422,"detail":"validation failed",
                "errors":[{"location":"body.channelId","message":"unexpected property","value":"s3cret"},
                          {"location":"body.payload","message":"expected object","value":[1]}]}"#,
        );
        assert_eq!(
            error.to_string(),
            "422 Unprocessable Entity: validation failed; body.channelId: unexpected property; body.payload: expected object",
        );
        assert!(error.is_invalid() && !error.is_retryable() && !format!("{error:?}").contains("s3cret"));
    }

    #[test]
    fn the_older_envelope_is_understood_with_one_message_or_many() {
        let one = error(400, r#"{"code":"validation_error","message":"bad","hint":"look again","requestId":"r-1"}"#);
        assert_eq!(one.to_string(), "400 Bad Request: bad (hint: look again) [request id r-1]");
        assert_eq!(
            (one.code(), one.hint(), one.request_id()),
            (Some("validation_error"), Some("look again"), Some("r-1"))
        );
        let many = error(400, r#"{"message":["a","b"],"statusCode":400}"#);
        assert_eq!(many.to_string(), "400 Bad Request: a; b");
    }

    #[test]
    fn other_bodies_leave_the_status_to_speak() {
        for body in ["", "<html>", "null", "[1]", r#"{"message":{"a":1}}"#, r#"{"errors":null,"title":""}"#] {
            assert_eq!(error(500, body).to_string(), "500 Internal Server Error", "{body}");
        }
        assert!(error(401, "").to_string().contains("AXONPUSH_API_KEY"));
    }

    #[test]
    fn a_servers_words_are_cut_and_stripped_of_control_characters() {
        let long = format!(r#"{{"detail":"\u001b[31m{}"}}"#, "x".repeat(10_000));
        let shown = error(500, &long).to_string();
        assert!(shown.len() < 1100 && !shown.contains('\u{1b}'));
    }

    #[test]
    fn headers_fill_in_request_id_and_retry_after() {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "7".parse().unwrap());
        headers.insert("x-request-id", "r-9".parse().unwrap());
        let error = read(StatusCode::TOO_MANY_REQUESTS, &headers, b"");
        assert_eq!(error.retry_after(), Some(std::time::Duration::from_secs(7)));
        assert!(error.is_rate_limited() && error.request_id() == Some("r-9"));
    }
}
