//! `/audit-logs` and `/audit-trail`: what was changed, and what agents did.

use axonpush_dev::DevServer;
use reqwest::Method;
use serde_json::{Value, json};

use crate::rig::{Rig, Scratch, event, locations, names, problem};

#[tokio::test]
async fn every_change_is_written_down_and_nothing_else() {
    let rig = Rig::start().await;
    let app = rig.app().await;
    rig.ask(Method::PATCH, &format!("/apps/{app}"), json!({"name": "b"}), 200).await;
    rig.ask(Method::POST, "/apps", json!({}), 422).await;
    rig.publish(event("a")).await;
    rig.get_json("/apps").await;
    rig.ask(Method::POST, "/environments/development/promote", Value::Null, 200).await;
    rig.remove(&format!("/apps/{app}"), 200).await;
    let log = rig.get_json("/audit-logs").await["data"].clone();
    assert_eq!(names(&log, "action"), ["app.delete", "environment.promote", "app.update", "app.create"]);
    assert_eq!(names(&log, "resourceId"), [&app, "development", &app, &app]);
    assert_eq!(names(&log, "resourceType"), ["app", "environment", "app", "app"]);
    for entry in log.as_array().unwrap() {
        for field in ["id", "organizationId", "createdAt", "entryHash", "prevHash", "actorId"] {
            assert!(entry[field].is_string(), "{field}: {entry}");
        }
        assert!(entry.as_object().unwrap().contains_key("ipAddress") && entry["metadata"].is_object());
    }
    let count =
        async |query: &str| rig.get_json(&format!("/audit-logs{query}")).await["data"].as_array().unwrap().len();
    for (query, expected) in [
        ("?action=app.create", 1),
        ("?resourceType=app", 3),
        ("?source=api", 4),
        ("?source=web", 0),
        ("?limit=2", 2),
        ("?before=2000-01-01T00:00:00Z", 0),
        ("?action=app.%25", 0),
    ] {
        assert_eq!(count(query).await, expected, "{query}");
    }
    let refused = problem(rig.get("/audit-logs?before=x&limit=0").await, 422).await;
    assert_eq!(locations(&refused).len(), 2);
    let foreign = rig.request(Method::GET, "/audit-logs").header("x-tenant-id", "other").send().await.unwrap();
    assert_eq!(foreign.json::<Value>().await.unwrap(), json!({"data": []}));
}

#[tokio::test]
async fn an_entry_that_was_changed_later_gives_itself_away() {
    let file = Scratch::new();
    let rig = Rig::with(DevServer::builder().persist(&file.0).start().await.unwrap());
    assert_eq!(rig.get_json("/audit-logs/verify").await, json!({"ok": true, "count": 0}));
    for _ in 0..3 {
        rig.app().await;
    }
    assert_eq!(rig.get_json("/audit-logs/verify").await, json!({"ok": true, "count": 3}));
    rig.server.stop().await;
    let database = rusqlite::Connection::open(&file.0).unwrap();
    let forged = "UPDATE documents SET body = replace(body, 'app.create', 'app.delete')
                  WHERE kind = 'audit entry' AND body LIKE '%\"seq\":2%'";
    assert_eq!(database.execute(forged, []).unwrap(), 1);
    drop(database);
    let rig = Rig::with(DevServer::builder().persist(&file.0).start().await.unwrap());
    let verdict = rig.get_json("/audit-logs/verify").await;
    assert_eq!((&verdict["ok"], &verdict["brokenAtSeq"]), (&json!(false), &json!(2)));
    assert_ne!(verdict["expected"], verdict["actual"]);
}

#[tokio::test]
async fn the_trail_tells_what_agents_tools_and_models_did() {
    let rig = Rig::start().await;
    let typed = |name: &str, event_type: &str| json!({"identifier": name, "eventType": event_type, "traceId": name, "payload": {"model": "m", "cost_usd": 0.5}});
    for (name, event_type) in [("a", "agent.start"), ("b", "agent.tool_call.end"), ("c", "app.log"), ("d", "custom")] {
        rig.publish(typed(name, event_type)).await;
    }
    let trail = rig.get_json("/audit-trail").await["decisions"].clone();
    assert_eq!(names(&trail, "traceId"), ["b", "a"]);
    assert_eq!((&trail[0]["costUsd"], &trail[0]["model"]), (&json!(0.5), &json!("m")));
    assert_eq!(names(&rig.get_json("/audit-trail?traceId=a").await["decisions"], "eventType"), ["agent.start"]);
    problem(rig.get("/audit-trail?limit=10001").await, 422).await;
}
