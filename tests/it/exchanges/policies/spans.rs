//! The server span of an exchange.

use axonpush::exchange::{ExchangePolicy, LifecyclePolicy, TracePolicy};
use axonpush_dev::StoredEvent;
use serde_json::json;

use super::{super::apps::Framework, ask, find};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

fn spans() -> ExchangePolicy {
    let enriched = ExchangePolicy::new().enrich(|_, add| add.insert("team", "shelves"));
    enriched.lifecycle(LifecyclePolicy::new().server_spans(true))
}

fn nanos(span: &StoredEvent, key: &str) -> u128 {
    span.payload[key].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_server_span_tells_an_exchange_as_a_step_of_its_trace() {
    for host in Framework::ALL {
        let sent = format!("00-{TRACE}-{PARENT}-01");
        let (_, events) = ask(host, spans(), "/told?token=secret", &[("traceparent", &sent)]).await;
        assert_eq!(events.len(), 4, "{host:?}: {events:?}");
        let name = if host.knows_routes() { "GET /told" } else { "GET" };
        let (span, end) = (find(&events, name), find(&events, "http.request.completed"));
        assert_eq!(span.event_type, "app.span");
        assert_eq!((&span.payload["name"], &span.payload["kind"]), (&json!(name), &json!(1)), "{host:?}");
        assert_eq!(span.payload["status"], json!({"code": 0, "message": ""}), "{host:?}");
        for (of_event, of_payload) in
            [(&span.trace_id, "traceId"), (&span.span_id, "spanId"), (&span.parent_span_id, "parentSpanId")]
        {
            assert_eq!(json!(of_event), span.payload[of_payload], "{host:?}: {of_payload}");
        }
        assert_eq!((span.trace_id.as_deref(), span.parent_span_id.as_deref()), (Some(TRACE), Some(PARENT)));
        assert_eq!(span.span_id, find(&events, "app.note").span_id, "what the handler told belongs to the span");
        assert_eq!(span.payload["attributes"], end.payload["attributes"], "{host:?}");
        assert_eq!(span.attribute("team"), Some(&json!("shelves")));
        assert_eq!((span.attribute("tenant"), span.attribute("cart.items")), (Some(&json!("acme")), Some(&json!(3))));
        let (start, stop) = (nanos(span, "startTimeUnixNano"), nanos(span, "endTimeUnixNano"));
        assert!(0 < start && start <= stop, "{host:?}: {start}..{stop}");
        let started = find(&events, "http.request.started");
        assert_eq!((start, stop), (nanos(started, "timeUnixNano"), nanos(end, "timeUnixNano")), "{host:?}");
    }
}

#[tokio::test]
async fn a_span_of_a_failure_says_so_and_one_of_a_mistake_does_not() {
    for host in Framework::ALL {
        for (target, code, message) in
            [("/short", 2, "ended after 4 of 10 bytes"), ("/fails", 2, ""), ("/teapot", 0, "")]
        {
            let (_, events) = ask(host, spans(), target, &[]).await;
            let span = events.iter().find(|event| event.event_type == "app.span").unwrap();
            assert_eq!(span.payload["status"], json!({"code": code, "message": message}), "{host:?}: {target}");
            assert!(span.parent_span_id.is_none() && span.payload.get("parentSpanId").is_none(), "{host:?}");
        }
    }
}

#[tokio::test]
async fn a_trace_that_is_not_recorded_gets_no_span_unless_that_is_not_honoured() {
    let sent = format!("00-{TRACE}-{PARENT}-00");
    for host in Framework::ALL {
        for (trace, spans_told) in [
            (TracePolicy::new(), 0),
            (TracePolicy::new().honour_sampled(false), 1),
            // Then it is a trace of our own.
            (TracePolicy::new().trust(false), 1),
        ] {
            let (_, events) = ask(host, spans().trace(trace), "/hello", &[("traceparent", &sent)]).await;
            let told = events.iter().filter(|event| event.event_type == "app.span").count();
            assert_eq!((told, events.len()), (spans_told, 2 + spans_told), "{host:?}: {trace:?}");
        }
    }
}
