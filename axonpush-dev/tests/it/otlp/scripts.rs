//! Scripted answers to batches.

use axonpush_dev::Answer;
use serde_json::json;

use super::{JSON, LOGS, TRACES, logs_json, span_json, spans_json};
use crate::rig::{Rig, event, problem};

#[tokio::test]
async fn batches_and_events_are_scripted_apart() {
    let rig = Rig::start().await;
    let logs = logs_json(&json!([{}])).to_string();
    rig.server.script_otlp(Answer::status(503).header("retry-after", "1").times(2));
    rig.server.script(Answer::status(401));
    for path in [LOGS, TRACES] {
        let response = rig.send(path, JSON, "{}").await;
        assert_eq!(response.headers()["retry-after"], "1");
        problem(response, 503).await;
    }
    problem(rig.post(&event("a")).await, 401).await;
    assert_eq!(rig.send(LOGS, JSON, logs.clone()).await.status(), 200);
    rig.publish(event("a")).await;
    assert_eq!(rig.server.len(), 2);
    assert_eq!(rig.server.request_count("POST", LOGS), 2);
    assert_eq!(rig.server.request_count("POST", TRACES), 1);

    rig.server.script_otlp(Answer::status(500).always());
    rig.server.clear_script();
    problem(rig.send(LOGS, JSON, logs.clone()).await, 500).await;
    rig.server.clear_otlp_script();
    assert_eq!(rig.send(LOGS, JSON, logs).await.status(), 200);
}

#[tokio::test]
async fn a_batch_can_be_stored_and_its_answer_lost() {
    let rig = Rig::start().await;
    let spans = spans_json(&json!([span_json("a"), span_json("b")])).to_string();
    rig.server.script_otlp(Answer::store_then(Answer::close_connection()));
    assert!(rig.otlp(TRACES, JSON).body(spans.clone()).send().await.is_err());
    assert_eq!(rig.server.len(), 2);
    rig.server.script_otlp(Answer::store_then(Answer::status(500)));
    problem(rig.send(TRACES, JSON, spans).await, 500).await;
    assert_eq!(rig.server.len(), 4);
    rig.server.script_otlp(Answer::store_then(Answer::status(503)));
    problem(rig.send(TRACES, JSON, "{").await, 400).await;
}
