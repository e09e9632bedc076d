//! What a server, or the way to it, says is wrong.

use std::error::Error;

use http::StatusCode;
use serde_json::Value;

use crate::cli::output::plain;

/// What a refusal says, from either shape of error document: problem documents, and those of older servers.
pub(in crate::cli) fn explain(status: StatusCode, body: &[u8]) -> String {
    let document: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| document.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let mut parts: Vec<String> = Vec::new();
    match document.get("message") {
        Some(Value::Array(messages)) => parts.extend(messages.iter().filter_map(Value::as_str).map(str::to_owned)),
        _ => parts.extend(text("detail").or_else(|| text("message")).map(str::to_owned)),
    }
    for fault in document.get("errors").and_then(Value::as_array).into_iter().flatten() {
        let part = |name: &str| fault.get(name).and_then(Value::as_str).unwrap_or_default();
        parts.push(format!("{}: {}", part("location"), part("message")));
    }
    parts.extend(text("hint").map(str::to_owned));
    let mut said = plain(&parts.join("; "));
    if let Some((end, _)) = said.char_indices().nth(MAX_SAID) {
        said.truncate(end);
        said.push('\u{2026}');
    }
    if said.is_empty() { status.to_string() } else { format!("{status}: {said}") }
}

/// The innermost cause, which is the one that tells: the outer ones say that a request failed.
pub(in crate::cli) fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    if error.is_timeout() { "no answer in time".to_owned() } else { plain(&cause.to_string()) }
}

const MAX_SAID: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_shapes_of_error_documents_are_understood() {
        let said = |body: &str| explain(StatusCode::UNPROCESSABLE_ENTITY, body.as_bytes());
        let problem = r#"{"status":422,"detail":"validation failed","errors":[{"location":"body.a","message":"no"}]}"#;
        assert_eq!(said(problem), "422 Unprocessable Entity: validation failed; body.a: no");
        let legacy = r#"{"code":"x","message":["a is bad","b is bad"],"hint":"send neither"}"#;
        assert_eq!(said(legacy), "422 Unprocessable Entity: a is bad; b is bad; send neither");
        assert_eq!(said("<html>"), "422 Unprocessable Entity");
        assert_eq!(said(r#"{"detail":"\u001b[2J"}"#), "422 Unprocessable Entity: \\u{1b}[2J");
        assert!(said(&format!(r#"{{"detail":"{}"}}"#, "\u{e9}".repeat(5_000))).chars().count() < 600);
    }
}
