//! Finding traces.

use axonpush::{
    Event, SemanticKind, Source,
    resources::{TraceQuery, TraceSort},
};
use rig::{client, server};
use serde_json::json;

#[tokio::test]
async fn a_trace_is_found_and_read_event_by_event() {
    let server = server();
    let client = client(&server);
    let id = "5F3C1E1E-dashed-and-VERBATIM/?";
    client.events().publish(Event::new("plan").trace_id(id).span_id("s-1").agent_id("planner")).await.unwrap();
    let call = Event::new("search").trace_id(id).span_id("s-2").parent_span_id("s-1");
    client.events().publish(call.payload(&json!({"attributes": {"hits": 3}})).unwrap()).await.unwrap();
    client.events().publish(Event::new("other").trace_id("tr-2")).await.unwrap();

    let found = client.traces().list(TraceQuery::new().operation("search").operation("none")).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].trace_id.as_str(), found[0].span_count, found[0].error_count), (id, 2, 0));
    assert_eq!(found[0].root_span_name, "plan");

    let trace = client.traces().get(id).await.unwrap();
    assert_eq!(trace.trace_id, id);
    let names: Vec<_> = trace.spans.iter().map(|span| span.operation_name.as_deref().unwrap()).collect();
    assert_eq!(names, ["plan", "search"]);
    assert_eq!(trace.spans[1].payload, json!({"attributes": {"hits": 3}}));
    assert!(client.traces().get("nobody").await.unwrap().spans.is_empty());
}

#[tokio::test]
async fn the_server_takes_every_filter() {
    let server = server();
    let client = client(&server);
    for i in 0..5 {
        client.events().publish(Event::new("x").trace_id(format!("tr-{i}")).agent_id("a")).await.unwrap();
    }
    let page = |offset| TraceQuery::new().agent("a").sort(TraceSort::OldestFirst).limit(2).offset(offset);
    let mut seen = Vec::new();
    for offset in [0, 2, 4] {
        seen.extend(client.traces().list(page(offset)).await.unwrap());
    }
    let ids: Vec<_> = seen.iter().map(|trace| trace.trace_id.as_str()).collect();
    assert_eq!(ids, ["tr-0", "tr-1", "tr-2", "tr-3", "tr-4"]);

    let all = TraceQuery::new()
        .text("%_'\"")
        .service("s")
        .model("m")
        .provider("p")
        .tool("t")
        .source(Source::App)
        .app("a")
        .environment("e")
        .release("r")
        .status("ok")
        .session("s")
        .user("u")
        .semantic_kind(SemanticKind::Tool)
        .errors_only()
        .min_duration_ms(0.5);
    assert!(client.traces().list(all).await.unwrap().is_empty());
    let error = client.traces().list(TraceQuery::new().limit(501)).await.unwrap_err();
    assert!(error.is_invalid() && error.to_string().contains("TraceQuery::limit is 501"), "{error}");
}
