//! `/errors`: failures in groups, and what was decided about them.

use std::time::{Duration, UNIX_EPOCH};

use reqwest::Method;
use serde_json::{Value, json};

use crate::rig::{Rig, event, locations, names, problem};

fn failure(kind: &str, message: &str) -> Value {
    json!({"identifier": "checkout", "traceId": "t1", "eventType": "app.log", "payload": {
        "severityNumber": 17, "body": message,
        "attributes": {"exception.type": kind, "exception.message": message, "user.id": "u1", "region": "eu",
                       "exception.stacktrace": "File \"/app/main.py\", line 3, in main"},
        "resource": {"service.name": "shop", "service.version": "1.0"},
    }})
}

fn logged(message: &str) -> Value {
    json!({"identifier": "worker", "eventType": "app.log", "payload": {"severityNumber": 21, "body": message}})
}

/// Publishes a minute after what was published before.
async fn later(rig: &Rig, event: Value) {
    rig.server.advance(Duration::from_secs(60));
    rig.publish(event).await;
}

async fn rig() -> Rig {
    let rig = Rig::start().await;
    rig.server.set_time(UNIX_EPOCH + Duration::from_secs(3_600));
    rig
}

async fn issues(rig: &Rig, query: &str) -> Vec<Value> {
    rig.get_json(&format!("/errors{query}")).await["issues"].as_array().unwrap().clone()
}

/// The only issue there is, whatever its status.
async fn issue(rig: &Rig) -> Value {
    let mut all = issues(rig, "?status=all").await;
    assert_eq!(all.len(), 1);
    all.remove(0)
}

async fn decide(rig: &Rig, decision: Value) -> Value {
    let fingerprint = issue(rig).await["fingerprint"].as_str().unwrap().to_owned();
    rig.ask(Method::PATCH, &format!("/errors/{fingerprint}"), decision, 200).await
}

#[tokio::test]
async fn failures_that_have_the_same_cause_are_one_issue() {
    let rig = rig().await;
    later(&rig, failure("Declined", "card 17 declined")).await;
    later(&rig, failure("Declined", "card 18 declined")).await;
    later(&rig, failure("Timeout", "slow")).await;
    later(&rig, logged("job 4 failed after 3s")).await;
    later(&rig, logged("job 5 failed after 41s")).await;
    later(&rig, logged("disk full")).await;
    later(&rig, event("fine")).await;
    later(
        &rig,
        json!({"identifier": "a", "payload": {"attributes": {"error.type": "A", "error.fingerprint": "same"}}}),
    )
    .await;
    later(
        &rig,
        json!({"identifier": "b", "payload": {"attributes": {"error.type": "B", "error.fingerprint": "same"}}}),
    )
    .await;
    let all = issues(&rig, "").await;
    let titles: Vec<_> = all.iter().map(|issue| (issue["title"].as_str().unwrap(), issue["count"].as_u64())).collect();
    let expected = [
        ("B", Some(2)),
        ("disk full", Some(1)),
        ("job 5 failed after 41s", Some(2)),
        ("Timeout: slow", Some(1)),
        ("Declined: card 18 declined", Some(2)),
    ];
    assert_eq!(titles, expected);
    let declined = &all[4];
    for (field, value) in [
        ("errorType", json!("Declined")),
        ("serviceName", json!("shop")),
        ("operation", json!("checkout")),
        ("culprit", json!("checkout")),
        ("status", json!("unresolved")),
        ("regressed", json!(false)),
        ("traceCount", json!(1)),
        ("userCount", json!(1)),
        ("sparkline", json!([{"bucket": "1970-01-01T01:00:00Z", "count": 2}])),
    ] {
        assert_eq!(declined[field], value, "{field}");
    }
    assert!(declined["firstSeen"].as_str() < declined["lastSeen"].as_str());
}

#[tokio::test]
async fn issues_are_found_by_window_service_text_and_status() {
    let rig = rig().await;
    later(&rig, failure("Declined", "card 100% declined")).await;
    later(&rig, logged("disk full")).await;
    let count = async |query: &str| issues(&rig, query).await.len();
    for (query, expected) in [
        ("", 2),
        ("?service=shop", 1),
        ("?service=sh", 0),
        ("?q=DISK", 1),
        ("?q=0%25%20d", 1),
        ("?q=_", 0),
        ("?q=%25", 1),
        ("?status=resolved", 0),
        ("?assignee=ada", 0),
        ("?limit=1", 1),
        ("?since=1970-01-01T01:02:00Z", 1),
        ("?until=1970-01-01T01:01:00Z", 0),
    ] {
        assert_eq!(count(query).await, expected, "{query}");
    }
    for (query, location) in [("status=open", "query.status"), ("limit=0", "query.limit"), ("since=x", "query.since")] {
        let refused = problem(rig.get(&format!("/errors?{query}")).await, 422).await;
        assert_eq!(locations(&refused), [location]);
    }
}

#[tokio::test]
async fn an_issue_tells_what_helps_to_find_its_cause() {
    let rig = rig().await;
    later(&rig, json!({"identifier": "cart loaded", "traceId": "t1", "payload": {}})).await;
    later(&rig, failure("Declined", "no")).await;
    later(&rig, json!({"identifier": "afterwards", "traceId": "t1", "payload": {}})).await;
    let path = format!("/errors/{}", issue(&rig).await["fingerprint"].as_str().unwrap());
    let detail = rig.get_json(&path).await;
    assert_eq!(detail["issue"], issue(&rig).await);
    assert_eq!(detail["sampleEvent"]["errorMessage"], "no");
    assert_eq!(detail["affectedTraceIds"], json!(["t1"]));
    assert_eq!(detail["stack"], json!([{"file": "/app/main.py", "line": 3, "function": "main", "inApp": true}]));
    assert_eq!(names(&detail["breadcrumbs"], "message"), ["cart loaded"]);
    assert_eq!(detail["breadcrumbs"][0]["synthesized"], true);
    assert_eq!(detail["occurrences"], json!([{"bucket": "1970-01-01T01:00:00Z", "count": 1}]));
    assert_eq!(
        detail["tags"],
        json!([{"key": "region", "values": [{"value": "eu", "count": 1}]},
               {"key": "user.id", "values": [{"value": "u1", "count": 1}]}])
    );
    for method in [Method::GET, Method::PATCH] {
        rig.ask(method, "/errors/none", json!({"action": "resolve"}), 404).await;
    }
    rig.ask(Method::GET, "/errors/none/events", Value::Null, 404).await;
}

#[tokio::test]
async fn events_of_an_issue_are_paged_by_time() {
    let rig = rig().await;
    for n in 1..=4 {
        later(&rig, failure("Declined", &n.to_string())).await;
        later(&rig, failure("Other", "x")).await;
    }
    let all = issues(&rig, "?q=declined").await;
    let path = format!("/errors/{}/events", all[0]["fingerprint"].as_str().unwrap());
    let page = async |query: &str| {
        let events = rig.get_json(&format!("{path}{query}")).await["events"].clone();
        (names(&events, "errorMessage").join(""), events)
    };
    let (shown, events) = page("").await;
    assert_eq!(shown, "4321");
    let second = events[1]["createdAt"].as_str().unwrap();
    assert_eq!(page(&format!("?before={second}")).await.0, "21");
    assert_eq!(page(&format!("?after={second}")).await.0, "4");
    assert_eq!(page("?limit=2").await.0, "43");
}

#[tokio::test]
async fn a_resolved_issue_that_happens_again_has_regressed() {
    let rig = rig().await;
    later(&rig, failure("Declined", "no")).await;
    let decided = decide(&rig, json!({"action": "resolve"})).await;
    assert_eq!((&decided["status"], &decided["regressed"]), (&json!("resolved"), &json!(false)));
    assert!(decided["resolvedAt"].is_string());
    assert!(issues(&rig, "").await.is_empty());
    later(&rig, failure("Declined", "no")).await;
    assert_eq!(issues(&rig, "").await[0]["regressed"], true);
    decide(&rig, json!({"action": "resolve", "resolvedInRelease": "1.1"})).await;
    later(&rig, failure("Declined", "no")).await;
    assert_eq!(issue(&rig).await["status"], "resolved", "release 1.0 was out before and may go on failing");
    let mut fixed = failure("Declined", "no");
    fixed["payload"]["resource"]["service.version"] = json!("1.2");
    later(&rig, fixed).await;
    assert_eq!(issue(&rig).await["status"], "unresolved");
    assert_eq!(decide(&rig, json!({"action": "unresolve"})).await["regressed"], false);
}

#[tokio::test]
async fn a_muted_issue_comes_back_when_it_was_said_to() {
    for (decision, wait, failures) in [
        (json!({"action": "mute", "snoozeUntil": "1970-01-01T03:00:00Z"}), 7_200, 0),
        (json!({"action": "mute", "snoozeUntilCount": 2}), 0, 2),
        (json!({"action": "mute", "snoozeUntilUsers": 1}), 0, 1),
    ] {
        let rig = rig().await;
        later(&rig, failure("Declined", "no")).await;
        assert_eq!(decide(&rig, decision.clone()).await["status"], "muted");
        for n in 0..failures {
            assert_eq!(issue(&rig).await["status"], "muted", "{decision} {n}");
            later(&rig, failure("Declined", "no")).await;
        }
        rig.server.advance(Duration::from_secs(wait));
        assert_eq!(issue(&rig).await["status"], "unresolved", "{decision}");
    }
    let rig = rig().await;
    later(&rig, failure("Declined", "no")).await;
    decide(&rig, json!({"action": "mute"})).await;
    decide(&rig, json!({"action": "assign", "assignee": "ada"})).await;
    for _ in 0..3 {
        later(&rig, failure("Declined", "no")).await;
    }
    let muted = issue(&rig).await;
    assert_eq!((&muted["status"], &muted["assignee"]), (&json!("muted"), &json!("ada")));
    assert_eq!(issues(&rig, "?status=muted&assignee=ada").await.len(), 1);
    assert_eq!(decide(&rig, json!({"action": "ignore"})).await["assignee"], "ada");
    assert!(decide(&rig, json!({"action": "assign", "assignee": ""})).await.get("assignee").is_none());
    assert_eq!(issue(&rig).await["status"], "ignored");
}

#[tokio::test]
async fn a_decision_that_decides_nothing_is_refused() {
    let rig = rig().await;
    later(&rig, failure("Declined", "no")).await;
    let path = format!("/errors/{}", issue(&rig).await["fingerprint"].as_str().unwrap());
    for (body, location) in [
        (json!({}), "body.action"),
        (json!({"action": "delete"}), "body.action"),
        (json!({"action": "assign"}), "body.assignee"),
        (json!({"action": "mute", "snoozeUntil": "soon"}), "body.snoozeUntil"),
        (json!({"action": "mute", "snoozeUntilCount": 0}), "body.snoozeUntilCount"),
        (json!({"action": "resolve", "colour": 1}), "body.colour"),
    ] {
        assert_eq!(locations(&rig.ask(Method::PATCH, &path, body, 422).await), [location]);
    }
}
