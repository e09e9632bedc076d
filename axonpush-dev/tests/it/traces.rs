//! `GET /traces` and `GET /traces/{traceId}`.

use serde_json::{Value, json};

use crate::rig::{Rig, event, locations, names, problem};

const DASHED: &str = "3F2b9c1e-aaaa-4bbb-8ccc-000000000001";

fn span(trace_id: &str, name: &str, parent: Option<&str>, start: u64, end: u64) -> Value {
    let mut span = json!({
        "identifier": name, "eventType": "app.span", "traceId": trace_id, "spanId": name,
        "payload": {"startTimeUnixNano": start.to_string(), "endTimeUnixNano": end.to_string(), "attributes": {}},
    });
    if let Some(parent) = parent {
        span["parentSpanId"] = json!(parent);
    }
    span
}

async fn found(rig: &Rig, query: &str) -> Vec<String> {
    names(&rig.get_json(&format!("/traces{query}")).await["traces"], "traceId")
}

#[tokio::test]
async fn a_trace_id_is_matched_and_echoed_verbatim() {
    let rig = Rig::start().await;
    for id in [DASHED, "61f9642a5bd684b59c4336927a0b76c9", "tr_abc", "with space/slash?ünï"] {
        let mut traced = event("step");
        traced["traceId"] = json!(id);
        rig.publish(traced).await;
        let mut url = reqwest::Url::parse(&format!("{}/traces", rig.server.url())).unwrap();
        url.path_segments_mut().unwrap().push(id);
        let trace = rig.get_json(&url.as_str()[rig.server.url().len()..]).await;
        assert_eq!(trace["traceId"], id);
        assert_eq!(names(&trace["spans"], "traceId"), [id]);
    }
    for other in [DASHED.to_lowercase(), DASHED.replace('-', "")] {
        let trace = rig.get_json(&format!("/traces/{other}")).await;
        assert_eq!(trace, json!({"traceId": other, "spans": []}));
    }
    assert_eq!(found(&rig, "").await.len(), 4);
}

#[tokio::test]
async fn spans_come_in_the_order_things_happened() {
    let rig = Rig::start().await;
    // A span is published when it ends, so a parent arrives after its children.
    rig.publish(span("t", "second", Some("first"), 2_000, 3_000)).await;
    rig.publish(span("t", "third", Some("first"), 4_000, 5_000)).await;
    rig.publish(span("t", "first", None, 1_000, 6_000)).await;
    rig.publish(span("other", "elsewhere", None, 1, 2)).await;
    let trace = rig.get_json("/traces/t").await;
    assert_eq!(names(&trace["spans"], "operationName"), ["first", "second", "third"]);
    assert_eq!(trace["spans"][1]["parentSpanId"], "first");
    assert_eq!(trace["spans"][1]["durationMs"], 0.001);
}

#[tokio::test]
async fn a_summary_is_worked_out_from_the_events() {
    let rig = Rig::start().await;
    let second = 1_000_000_000;
    let mut call = span(DASHED, "call", Some("root"), 2 * second, 3 * second);
    call["payload"]["attributes"] = json!({
        "gen_ai.provider.name": "acme", "gen_ai.request.model": "m-1", "gen_ai.usage.input_tokens": 30,
        "gen_ai.usage.output_tokens": 12, "gen_ai.usage.cost": 0.5, "error.type": "Overloaded", "session.id": "s-1",
    });
    rig.publish(call).await;
    let mut root = span(DASHED, "root", None, second, 4 * second);
    root["payload"]["resource"] =
        json!({"service.name": "shop", "service.version": "1.4.2", "deployment.environment": "staging"});
    root["payload"]["attributes"] =
        json!({"workflow": "checkout", "customer.id": "c-9", "gen_ai.request.model": "m-1"});
    rig.publish(root).await;
    rig.publish(event("without a trace")).await;

    let list = rig.get_json("/traces").await;
    assert_eq!(
        list["traces"],
        json!([{
            "traceId": DASHED,
            "startedAt": "1970-01-01T00:00:01Z",
            "endedAt": "1970-01-01T00:00:04Z",
            "durationMs": 3000.0,
            "rootSpanName": "root",
            "serviceName": "shop",
            "environment": "staging",
            "release": "1.4.2",
            "sessionId": "s-1",
            "customer": "c-9",
            "workflow": "checkout",
            "outcome": "error",
            "firstErrorType": "Overloaded",
            "spanCount": 2,
            "errorCount": 1,
            "totalTokens": 42,
            "costUsd": 0.5,
            "providers": ["acme"],
            "models": ["m-1"],
        }])
    );
}

#[tokio::test]
async fn filters_match_a_trace_through_any_of_its_events() {
    let rig = Rig::start().await;
    for (trace, service, agent, error) in [("a", "shop", "ada", false), ("b", "bank", "bob", true)] {
        rig.publish(json!({"identifier": format!("op-{trace}"), "traceId": trace, "agentId": agent,
            "payload": {"resource": {"service.name": service}}}))
            .await;
        let event_type = if error { "agent.error" } else { "agent.end" };
        rig.publish(json!({"identifier": "end", "eventType": event_type, "traceId": trace, "payload": {}})).await;
    }
    assert_eq!(found(&rig, "?service=shop").await, ["a"]);
    assert_eq!(found(&rig, "?service=shop&service=bank").await, ["b", "a"]);
    assert_eq!(found(&rig, "?service=shop&operation=end").await, ["a"]);
    assert!(found(&rig, "?service=shop&agent=bob").await.is_empty());
    assert_eq!(found(&rig, "?operation=op-b").await, ["b"]);
    assert_eq!(found(&rig, "?semanticKind=agent").await, ["b", "a"]);
    assert_eq!(found(&rig, "?q=OP-A").await, ["a"]);
    assert_eq!(found(&rig, "?errorsOnly=true").await, ["b"]);
    assert_eq!(found(&rig, "?errorsOnly=false").await, ["b", "a"]);
    let summary = rig.get_json("/traces?service=shop").await;
    assert_eq!(summary["traces"][0]["spanCount"], 2);
}

#[tokio::test]
async fn a_list_is_sorted_and_paged_as_asked() {
    let rig = Rig::start().await;
    let millisecond = 1_000_000;
    for (trace, length, tokens, cost) in [("long", 30, 1, 0.2), ("short", 10, 3, 0.1), ("mid", 20, 2, 0.3)] {
        let mut root = span(trace, "root", None, millisecond, (1 + length) * millisecond);
        root["payload"]["attributes"] = json!({"gen_ai.usage.total_tokens": tokens, "gen_ai.usage.cost": cost});
        rig.publish(root).await;
    }
    for (query, expected) in [
        ("", ["mid", "short", "long"]),
        ("?sort=last_seen_desc", ["mid", "short", "long"]),
        ("?sort=last_seen_asc", ["long", "short", "mid"]),
        ("?sort=duration_desc", ["long", "mid", "short"]),
        ("?sort=tokens_desc", ["short", "mid", "long"]),
        ("?sort=cost_desc", ["mid", "long", "short"]),
    ] {
        assert_eq!(found(&rig, query).await, expected, "{query}");
    }
    assert_eq!(found(&rig, "?limit=1&offset=1").await, ["short"]);
    assert!(found(&rig, "?offset=3").await.is_empty());
    assert_eq!(found(&rig, "?minDurationMs=20").await, ["mid", "long"]);
    assert_eq!(found(&rig, "?minDurationMs=20.5").await, ["long"]);
    assert!(found(&rig, "?until=2020-01-01T00:00:00Z").await.is_empty());
}

#[tokio::test]
async fn malformed_parameters_are_refused_by_name() {
    let rig = Rig::start().await;
    for (query, location) in [
        ("limit=0", "query.limit"),
        ("limit=501", "query.limit"),
        ("offset=-1", "query.offset"),
        ("errorsOnly=maybe", "query.errorsOnly"),
        ("minDurationMs=long", "query.minDurationMs"),
        ("sort=random", "query.sort"),
        ("since=x", "query.since"),
    ] {
        let document = problem(rig.get(&format!("/traces?{query}")).await, 422).await;
        assert_eq!(locations(&document), [location], "{query}");
    }
}

#[tokio::test]
async fn a_trace_nobody_has_sent_yet_has_no_spans() {
    let rig = Rig::start().await;
    assert_eq!(rig.get_json("/traces/nobody").await, json!({"traceId": "nobody", "spans": []}));
    problem(rig.get("/traces/%FF").await, 400).await;
    assert!(found(&rig, "").await.is_empty());
}
