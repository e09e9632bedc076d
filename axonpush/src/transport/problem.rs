//! What a server says when it refuses, in both shapes it may use.

use http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value};

use crate::{
    clock,
    error::{Answer, Error, Kind},
    event::json::{
        self,
        read::{first_text, text},
    },
    redact::RedactionPolicy,
    retry::retry_after,
};

/// Bytes of an error body that are read.
pub(super) const MAX_BYTES: usize = 64 << 10;

/// Bytes of a server's words that go into a message, and refused fields that are named.
const MAX_TEXT: usize = 1024;
const MAX_FIELDS: usize = 16;

/// The error for a refusal.
pub(super) fn read(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Error {
    // A problem document (RFC 9457) and the older envelope are read as one: they share no field with two meanings.
    // Fields are picked one by one, so that one of another type does not cost the server's other words.
    let body = match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let header = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let now = jiff::Timestamp::try_from(clock::wall()).unwrap_or_default();
    let answer = Answer {
        status: status.as_u16(),
        retry_after: header(header::RETRY_AFTER).and_then(|asked| retry_after(asked, header(header::DATE), now)),
        request_id: first_text(&body, &["requestId", "request_id"])
            .or_else(|| header(header::HeaderName::from_static("x-request-id")).map(str::to_owned))
            .map(|id| clean(&id)),
        hint: body
            .get("hint")
            .map(|hint| words(hint).join("; "))
            .filter(|hint| !hint.is_empty())
            .map(|hint| clean(&hint))
            .or_else(|| hint(status).map(str::to_owned)),
        code: first_text(&body, &["code"]).map(|code| clean(&code)),
    };
    let mut message = status.to_string();
    let said = said(&body);
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

/// The detail and every refused field; the older envelope's message; else the title.
fn said(body: &Map<String, Value>) -> String {
    let field = |name| body.get(name).map(words).unwrap_or_default();
    let mut parts = field("detail");
    parts.extend(body.get("errors").map(refused).unwrap_or_default());
    parts.extend(field("message"));
    parts.extend(field("error"));
    if parts.is_empty() {
        parts = field("title");
    }
    parts.join("; ")
}

/// Text, several texts, or the message of an object.
fn words(value: &Value) -> Vec<String> {
    let mut words = match value {
        Value::Array(all) => all.iter().take(MAX_FIELDS).filter_map(words_of_one).collect(),
        one => Vec::from_iter(words_of_one(one)),
    };
    words.retain(|text| !text.trim().is_empty());
    words
}

fn words_of_one(value: &Value) -> Option<String> {
    match value {
        Value::Object(fields) => first_text(fields, &["message", "detail"]),
        one => text(one),
    }
}

/// Refused fields: a list of texts or of objects, one such object, or messages by field. The refused value is not
/// read: it may be what the caller meant to keep.
fn refused(errors: &Value) -> Vec<String> {
    match errors {
        Value::Array(all) => all.iter().take(MAX_FIELDS).filter_map(refused_field).collect(),
        Value::Object(fields) if fields.contains_key("message") || fields.contains_key("value") => {
            refused_field(errors).into_iter().collect()
        }
        Value::Object(fields) => {
            let named = fields.iter().take(MAX_FIELDS).map(|(field, messages)| (field, words(messages).join(", ")));
            named.filter(|(_, messages)| !messages.is_empty()).map(|(field, text)| format!("{field}: {text}")).collect()
        }
        one => words(one),
    }
}

fn refused_field(error: &Value) -> Option<String> {
    let Value::Object(fields) = error else { return text(error).filter(|text| !text.is_empty()) };
    match (first_text(fields, &["location", "field", "path"]), first_text(fields, &["message", "detail"])) {
        (Some(location), Some(message)) => Some(format!("{location}: {message}")),
        (one, other) => one.or(other),
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

/// A server may repeat what it refuses, and has not sworn to keep it to itself.
fn clean(text: &str) -> String {
    json::shown(&RedactionPolicy::new().masked_text(text), MAX_TEXT)
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
    fn secrets_that_a_server_repeats_are_masked() {
        let told = error(
            400,
            r#"{"message":"password=hunter2 is short\nsee {\"token\": \"t0k\"}","hint":"mail bob@example.com"}"#,
        );
        let shown = format!("{told} {told:?}");
        assert!(shown.contains("password=[REDACTED]") && shown.contains("b***@example.com"), "{shown}");
        assert!(!shown.contains("hunter2") && !shown.contains("t0k") && !shown.contains("bob"), "{shown}");
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
    fn a_field_of_another_type_costs_none_of_the_others() {
        let full = error(400, r#"{"code":400,"message":"bad","hint":["look","again"],"requestId":7,"request_id":"x"}"#);
        assert_eq!(full.to_string(), "400 Bad Request: bad (hint: look; again) [request id 7]");
        assert_eq!(full.code(), Some("400"));
        for (body, said) in [
            (r#"{"errors":["x is bad",{"location":"y"},7,null]}"#, "x is bad; y; 7"),
            (r#"{"errors":{"x":["is bad","is long"],"y":"too"}}"#, "x: is bad, is long; y: too"),
            (r#"{"errors":{"location":"x","message":"bad","value":"s3cret"}}"#, "x: bad"),
            (r#"{"errors":[{"location":"x","message":{"a":1},"value":"s3cret"}]}"#, "x"),
            (r#"{"errors":[{"value":"s3cret"}],"title":"T"}"#, "T"),
            (r#"{"errors":{"x":[{"value":"s3cret","message":"bad"}]}}"#, "x: bad"),
            (r#"{"errors":"all of it","detail":{"value":"s3cret"}}"#, "all of it"),
            (r#"{"error":{"message":"no room","code":5}}"#, "no room"),
            (r#"{"message":["a",{"property":"b"},1],"error":"Bad","hint":{},"code":[]}"#, "a; 1; Bad"),
            (r#"{"title":"T","detail":null,"message":[]}"#, "T"),
        ] {
            let error = error(409, body);
            assert_eq!(error.to_string(), format!("409 Conflict: {said}"), "{body}");
            assert!(!format!("{error:?}").contains("s3cret"));
        }
    }

    proptest::proptest! {
        #[test]
        fn a_refused_value_is_never_shown(shape in 0..4, at in "location|field|message|x", name in "errors|error|message|detail") {
            let inner = serde_json::json!({"value": "s3cret", at: "y"});
            let value = match shape {
                0 => inner,
                1 => serde_json::json!([inner]),
                2 => serde_json::json!({"x": [inner]}),
                _ => serde_json::json!({"x": inner}),
            };
            let error = error(422, &serde_json::json!({name: value}).to_string());
            let shown = format!("{error} {error:?}");
            proptest::prop_assert!(!shown.contains("s3cret"), "{}", shown);
        }
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
