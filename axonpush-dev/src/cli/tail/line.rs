//! An event on one line, for people.

use serde_json::Value;

use super::event::{ERROR, INFO, SeenEvent, WARN};
use crate::cli::output::{Paint, Style, plain};

/// `14:03:22.123  ERROR  shop  payment failed  5915 ms  timeout: no answer  request=… trace=…`
pub(super) fn of(event: &SeenEvent<'_>, paint: Paint) -> String {
    let severity = event.severity();
    let style = match severity {
        ERROR.. => Some(Style::Red),
        WARN.. => Some(Style::Yellow),
        INFO.. => None,
        _ => Some(Style::Dim),
    };
    let colored = |text: String| style.map_or_else(|| text.clone(), |style| paint.style(style, &text));
    let mut parts = vec![
        paint.style(Style::Dim, &plain(time(event))),
        colored(format!("{:<5}", plain(&label(event)))),
        paint.style(Style::Cyan, &format!("{:<9}", plain(event.service_name.as_deref().unwrap_or("-")))),
        colored(plain(&title(event))),
    ];
    if let Some(milliseconds) = event.duration_ms {
        parts.push(paint.style(Style::Dim, &duration(milliseconds)));
    }
    if let Some(error) = failure(event) {
        parts.push(paint.style(Style::Red, &plain(&error)));
    }
    let request = event.attribute("request.id").and_then(Value::as_str);
    let ids: Vec<_> = [("request", request), ("trace", event.trace_id.as_deref())]
        .into_iter()
        .filter_map(|(name, id)| Some(format!("{name}={}", plain(id?))))
        .collect();
    if !ids.is_empty() {
        parts.push(paint.style(Style::Dim, &ids.join(" ")));
    }
    parts.join("  ")
}

/// The time of day, to the millisecond. All of the text when it is no time.
fn time<'a>(event: &'a SeenEvent<'_>) -> &'a str {
    let at = if event.occurred_at.is_empty() { &event.created_at } else { &event.occurred_at };
    let (_, clock) = at.split_once(['T', 't']).unwrap_or(("", at));
    let clock = clock.trim_end_matches(['Z', 'z']);
    clock.get(..12).unwrap_or(clock)
}

/// A severity, `span`, or the type of the event.
fn label(event: &SeenEvent<'_>) -> String {
    match event.payload("severityText").and_then(Value::as_str) {
        Some(text) if !text.is_empty() => text.to_uppercase(),
        _ if event.event_type == "app.span" => "span".to_owned(),
        _ => event.event_type.to_string(),
    }
}

/// What a log record says, or the name of the event.
fn title(event: &SeenEvent<'_>) -> String {
    let name = event.operation_name.as_deref().unwrap_or_default();
    match event.payload("body") {
        Some(Value::String(text)) if !text.is_empty() => text.clone(),
        Some(Value::Null | Value::String(_)) | None => name.to_owned(),
        Some(other) => other.to_string(),
    }
}

fn failure(event: &SeenEvent<'_>) -> Option<String> {
    match (event.error_type.as_deref(), event.error_message.as_deref()) {
        (Some(kind), Some(message)) => Some(format!("{kind}: {message}")),
        (kind, message) => kind.or(message).map(str::to_owned),
    }
}

fn duration(milliseconds: f64) -> String {
    match milliseconds {
        10.0.. => format!("{milliseconds:.0} ms"),
        _ => format!("{milliseconds:.1} ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(event: &str, colored: bool) -> String {
        of(&SeenEvent::read(event).unwrap(), Paint::new(colored))
    }

    #[test]
    fn a_log_record_is_told_by_what_it_says() {
        let event = r#"{"eventId":"1","eventType":"app.log","occurredAt":"2026-05-04T14:03:22.123456789Z",
            "operationName":"shop::checkout","serviceName":"shop","traceId":"4bf9","errorType":"timeout",
            "payload":{"severityNumber":17,"severityText":"ERROR","body":"payment\nfailed",
            "attributes":{"request.id":"req_1"}}}"#;
        assert_eq!(
            line(event, false),
            "14:03:22.123  ERROR  shop       payment\u{23ce}failed  timeout  request=req_1 trace=4bf9"
        );
        assert!(line(event, true).contains("\x1b[31mERROR\x1b[0m"));
    }

    #[test]
    fn a_span_is_told_by_its_name_and_how_long_it_took() {
        let event = r#"{"eventId":"1","eventType":"app.span","createdAt":"2026-05-04T14:03:22Z","durationMs":5915.2,
            "operationName":"POST /orders","payload":{}}"#;
        assert_eq!(line(event, false), "14:03:22  span   -          POST /orders  5915 ms");
    }

    #[test]
    fn nothing_in_an_event_drives_the_terminal() {
        let event = r#"{"eventId":"1","eventType":"\u001b[2J","occurredAt":"T\u001b]0;x\u0007","serviceName":"\u009b2J",
            "operationName":"\u202eabc","errorMessage":"\r\u001b[1A","traceId":"\u0008"}"#;
        let shown = line(event, false);
        assert!(!shown.chars().any(char::is_control) && !shown.contains('\u{202e}'), "{shown:?}");
    }
}
