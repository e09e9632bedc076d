//! Scripted answers.

use std::time::{Duration, Instant};

use axonpush_dev::Answer;
use serde_json::Value;

use crate::rig::{PATIENCE, Rig, event, problem};

#[tokio::test]
async fn a_scripted_status_is_given_as_often_as_asked_and_stores_nothing() {
    let rig = Rig::start().await;
    rig.server.script(Answer::status(503).header("retry-after", "1").body(r#"{"code":"busy"}"#).times(2));
    for _ in 0..2 {
        let response = rig.post(&event("a")).await;
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["retry-after"], "1");
        assert_eq!(response.headers()["content-type"], "application/json");
        assert!(response.headers().contains_key("x-request-id"));
        assert_eq!(response.text().await.unwrap(), r#"{"code":"busy"}"#);
    }
    assert!(rig.server.is_empty());
    rig.publish(event("a")).await;
    assert_eq!(rig.server.request_count("POST", "/event"), 3);
}

#[tokio::test]
async fn answers_queue_up_and_reads_are_never_scripted() {
    let rig = Rig::start().await;
    rig.server.script(Answer::status(429));
    rig.server.script(Answer::accept());
    rig.server.script(Answer::status(500).times(0));
    rig.server.script(Answer::status(400).always());
    assert!(rig.search(&[]).await.is_empty());
    problem(rig.post(&event("a")).await, 429).await;
    rig.publish(event("a")).await;
    for _ in 0..5 {
        problem(rig.post(&event("a")).await, 400).await;
    }
    rig.server.clear_script();
    rig.publish(event("a")).await;
    assert_eq!(rig.server.len(), 2);
}

#[tokio::test]
async fn a_request_that_hangs_is_let_go_when_the_server_stops() {
    let rig = Rig::start().await;
    rig.server.script(Answer::hang());
    let request = rig.request(reqwest::Method::POST, "/event").json(&event("a"));
    let hanging = tokio::spawn(request.send());
    arrived(&rig, 1).await;
    assert!(!hanging.is_finished());
    let asked = Instant::now();
    let report = rig.server.stop().await;
    assert!(asked.elapsed() < Duration::from_millis(1_500), "{:?}", asked.elapsed());
    assert_eq!(report.cut(), 0);
    assert!(hanging.await.unwrap().is_err());
}

#[tokio::test]
async fn other_clients_are_answered_while_one_hangs() {
    let rig = Rig::start().await;
    rig.server.script(Answer::hang());
    let hanging = tokio::spawn(rig.request(reqwest::Method::POST, "/event").json(&event("a")).send());
    arrived(&rig, 1).await;
    rig.publish(event("b")).await;
    assert!(!hanging.is_finished());
    assert_eq!(rig.search(&[]).await, ["b"]);
}

#[tokio::test]
async fn an_event_can_be_stored_and_its_answer_lost() {
    let rig = Rig::start().await;
    rig.server.script(Answer::store_then(Answer::close_connection()));
    let request = rig.request(reqwest::Method::POST, "/event").json(&event("a"));
    assert!(request.send().await.is_err());
    assert_eq!(rig.server.len(), 1);

    rig.server.script(Answer::store_then(Answer::status(500)).times(2));
    problem(rig.post(&event("b")).await, 500).await;
    problem(rig.post(&event("c")).await, 500).await;
    assert_eq!(rig.search(&[]).await, ["c", "b", "a"]);
}

#[tokio::test]
async fn an_event_that_cannot_be_stored_is_refused_even_when_scripted() {
    let rig = Rig::start().await;
    rig.server.script(Answer::store_then(Answer::status(503)));
    problem(rig.post(&serde_json::json!({"identifier": "a"})).await, 422).await;
}

#[tokio::test]
async fn a_closed_connection_stores_nothing() {
    let rig = Rig::start().await;
    rig.server.script(Answer::close_connection());
    assert!(rig.request(reqwest::Method::POST, "/event").json(&event("a")).send().await.is_err());
    assert!(rig.server.is_empty());
    assert_eq!(rig.server.request_count("POST", "/event"), 1);
}

#[tokio::test]
async fn a_delayed_answer_comes_after_the_event_was_stored() {
    let rig = Rig::start().await;
    rig.server.script(Answer::accept().delay(Duration::from_millis(150)));
    let asked = Instant::now();
    let request = tokio::spawn(rig.request(reqwest::Method::POST, "/event").json(&event("a")).send());
    assert_eq!(rig.server.wait_for_events(1, PATIENCE).await.len(), 1);
    assert!(!request.is_finished());
    assert_eq!(request.await.unwrap().unwrap().status(), 200);
    assert!(asked.elapsed() >= Duration::from_millis(150));
}

#[tokio::test]
async fn any_status_can_be_scripted() {
    let rig = Rig::start().await;
    for status in [204, 302, 401, 418, 599] {
        rig.server.script(Answer::status(status).header("bad name", "x").header("location", "/elsewhere"));
        let response = rig.request(reqwest::Method::POST, "/event").json(&event("a"));
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let response = client.execute(response.build().unwrap()).await.unwrap();
        assert_eq!(response.status(), status);
    }
    rig.server.script(Answer::status(200).body(r#"{"eventId":7}"#));
    let receipt: Value = rig.post(&event("a")).await.json().await.unwrap();
    assert_eq!(receipt["eventId"], 7);
    rig.server.script(Answer::status(7));
    problem(rig.post(&event("a")).await, 500).await;
}

/// Waits until `count` publishes have arrived. There is nothing to be notified of, so it yields.
async fn arrived(rig: &Rig, count: u64) {
    let late = Instant::now() + PATIENCE;
    while rig.server.request_count("POST", "/event") < count {
        assert!(Instant::now() < late, "the request never arrived");
        tokio::task::yield_now().await;
    }
}
