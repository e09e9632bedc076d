//! How much is kept, and for how long.

use axonpush_dev::DevServer;
use reqwest::Method;
use rusqlite::Connection;
use serde_json::json;

use crate::rig::{Rig, Scratch, event, problem};

#[tokio::test]
async fn the_oldest_events_leave_when_there_are_too_many() {
    let rig = Rig::with(DevServer::builder().max_events(3).start().await.unwrap());
    for index in 0..10 {
        rig.publish(event(&index.to_string())).await;
        assert!(rig.server.len() <= 3);
    }
    assert_eq!(rig.search(&[]).await, ["9", "8", "7"]);
    assert_eq!((rig.server.len(), rig.server.evicted()), (3, 7));
}

#[tokio::test]
async fn the_oldest_events_leave_when_they_are_too_large() {
    let sized = |name: &str| json!({"identifier": name, "payload": {"text": "x".repeat(1_000)}});
    let rig = Rig::with(DevServer::builder().max_bytes(3_000).start().await.unwrap());
    for name in ["a", "b", "c"] {
        rig.publish(sized(name)).await;
    }
    assert_eq!(rig.search(&[]).await, ["c", "b"]);
    rig.publish(json!({"identifier": "huge", "payload": {"text": "x".repeat(10_000)}})).await;
    assert_eq!(rig.search(&[]).await, ["huge"]);
}

#[tokio::test]
async fn the_headers_that_came_with_events_take_their_room_too() {
    let rig = Rig::with(DevServer::builder().max_bytes(100_000).start().await.unwrap());
    for name in ["a", "b", "c", "d"] {
        let request = rig.request(Method::POST, "/event").header("x-large", "x".repeat(40_000));
        assert_eq!(request.json(&event(name)).send().await.unwrap().status(), 200);
    }
    assert_eq!(rig.search(&[]).await, ["d", "c"]);
    // They leave with the event.
    for name in ["e", "f", "g"] {
        rig.publish(event(name)).await;
    }
    assert_eq!(rig.search(&[]).await, ["g", "f", "e", "d", "c"]);
}

#[tokio::test]
async fn headers_in_a_file_are_counted_when_it_is_opened_again() {
    let file = Scratch::new();
    let open = || DevServer::builder().persist(&file.0);
    let rig = Rig::with(open().start().await.unwrap());
    for name in ["a", "b", "c"] {
        let request = rig.request(Method::POST, "/event").header("x-large", "x".repeat(40_000));
        assert_eq!(request.json(&event(name)).send().await.unwrap().status(), 200);
    }
    rig.server.stop().await;
    let rig = Rig::with(open().max_bytes(100_000).start().await.unwrap());
    assert_eq!(rig.search(&[]).await, ["c", "b"]);
}

#[tokio::test]
async fn a_dedup_key_is_forgotten_with_its_event() {
    let rig = Rig::with(DevServer::builder().max_events(1).start().await.unwrap());
    let keyed = json!({"identifier": "a", "payload": {}, "dedupKey": "k"});
    let first = rig.publish(keyed.clone()).await;
    assert_eq!(rig.publish(keyed.clone()).await, first);
    rig.publish(event("b")).await;
    assert_ne!(rig.publish(keyed).await, first);
    assert_eq!(rig.server.duplicates(), 1);
}

#[tokio::test]
async fn only_the_latest_requests_are_kept_but_all_are_counted() {
    let rig = Rig::with(DevServer::builder().keep_requests(2).start().await.unwrap());
    for name in ["a", "b", "c"] {
        rig.publish(event(name)).await;
    }
    assert_eq!(rig.server.requests().len(), 2);
    assert_eq!(rig.server.request_count("POST", "/event"), 3);
}

#[tokio::test]
async fn requests_with_large_heads_take_no_more_room_than_others() {
    let rig = Rig::start().await;
    let query = "x".repeat(60_000);
    for _ in 0..300 {
        assert_eq!(rig.get(&format!("/healthz?{query}")).await.status(), 200);
    }
    let kept = rig.server.requests().len();
    assert!((200..300).contains(&kept), "{kept}");
    assert_eq!(rig.server.request_count("GET", "/healthz"), 300);
}

#[tokio::test]
async fn a_file_keeps_events_across_restarts() {
    let file = Scratch::new();
    let rig = Rig::with(DevServer::builder().persist(&file.0).start().await.unwrap());
    let keyed = json!({"identifier": "a", "payload": {"n": 42}, "dedupKey": "k", "traceId": "t"});
    let id = rig.publish(keyed.clone()).await;
    let before = rig.server.events();
    rig.server.stop().await;

    let rig = Rig::with(DevServer::builder().persist(&file.0).start().await.unwrap());
    let after = rig.server.events();
    assert_eq!(format!("{before:?}"), format!("{after:?}"));
    assert_eq!(rig.server.len(), 1);
    assert_eq!(rig.publish(keyed).await, id);
    assert_eq!(rig.get_json("/traces/t").await["spans"][0]["payload"]["n"], 42);
    drop(rig);

    let rig = Rig::with(DevServer::builder().persist(&file.0).max_events(1).start().await.unwrap());
    rig.publish(event("b")).await;
    assert_eq!(rig.search(&[]).await, ["b"]);
}

#[tokio::test]
async fn a_file_serves_one_server_at_a_time() {
    let file = Scratch::new();
    let first = Rig::with(DevServer::builder().persist(&file.0).start().await.unwrap());
    first.publish(event("a")).await;
    let error = DevServer::builder().persist(&file.0).start().await.unwrap_err();
    assert!(error.is_store(), "{error}");
    first.publish(event("b")).await;
}

#[tokio::test]
async fn a_file_that_holds_something_else_is_left_alone() {
    let file = Scratch::new();
    std::fs::write(&file.0, "not a database, but somebody's notes").unwrap();
    let error = DevServer::builder().persist(&file.0).start().await.unwrap_err();
    assert!(error.is_store(), "{error}");
    assert_eq!(std::fs::read_to_string(&file.0).unwrap(), "not a database, but somebody's notes");
}

#[tokio::test]
async fn what_comes_into_being_by_being_named_has_an_end_too() {
    let file = Scratch::new();
    drop(DevServer::builder().persist(&file.0).start().await.unwrap());
    let many = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 9999)
                INSERT INTO documents (kind, id, owner, body)
                SELECT kind, 'n' || n, 'n1', json_object('orgId', 'n' || n, 'userId', 'n' || n, 'role', 'user') FROM n,
                (SELECT 'organization' AS kind UNION ALL SELECT 'member' UNION ALL SELECT 'telemetry policy')";
    Connection::open(&file.0).unwrap().execute_batch(many).unwrap();
    let rig = Rig::with(DevServer::builder().persist(&file.0).start().await.unwrap());
    let organization = |org| rig.request(Method::GET, "/organization").header("x-tenant-id", org).send();
    // With the one that was there from the start they are as many as there may be.
    let refused = problem(organization("new").await.unwrap(), 409).await;
    assert!(refused["detail"].as_str().unwrap().contains("10000 of kind organization"), "{refused}");
    for known in ["org_dev", "n1"] {
        assert_eq!(organization(known).await.unwrap().status(), 200);
    }
    let policy = |org: &str| format!("/organizations/{org}/telemetry-policy");
    rig.ask(Method::PATCH, &policy("first"), json!({"logs": true}), 200).await;
    rig.ask(Method::PATCH, &policy("second"), json!({"logs": true}), 409).await;
    assert_eq!(rig.ask(Method::PATCH, &policy("first"), json!({"logs": false}), 200).await["version"], 2);

    // The owner of `org_dev` is the last member there is room for.
    let invitation = json!({"invitedEmail": "ann@example.com", "role": "user"});
    let invited = rig.ask(Method::POST, "/organizations/org_dev/invitations", invitation, 201).await;
    let accept = json!({"code": invited["code"]});
    rig.ask(Method::POST, "/invitations/accept", accept.clone(), 409).await;
    // Members leave with their organization.
    rig.remove("/organizations/n1", 200).await;
    rig.ask(Method::POST, "/invitations/accept", accept, 200).await;
    assert_eq!(organization("new").await.unwrap().status(), 200);
}
