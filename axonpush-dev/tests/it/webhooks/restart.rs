//! Deliveries that a server leaves under way are taken up by the next one on the same file.

use std::collections::HashSet;
use std::time::Duration;

use axonpush_dev::DevServer;
use reqwest::Method;
use serde_json::{Value, json};

use super::receiver::{Receiver, hmac};
use super::{deliveries, endpoint, last_is};
use crate::rig::{Rig, Scratch, event};

async fn open(file: &Scratch) -> Rig {
    Rig::with(DevServer::builder().persist(&file.0).start().await.unwrap())
}

#[tokio::test]
async fn a_delivery_that_waits_for_its_next_attempt_goes_on_after_a_restart() {
    let file = Scratch::new();
    let rig = open(&file).await;
    let mut receiver = Receiver::start(&[500]).await;
    let (id, secret) = endpoint(&rig, &receiver.url, Value::Null).await;
    let event_id = rig.publish(json!({"identifier": "a", "payload": {"n": 42}})).await;
    let first = receiver.next().await;
    let before = deliveries(&rig, &id, last_is("retrying")).await;
    rig.server.stop().await;

    let rig = open(&file).await;
    rig.server.advance(Duration::from_secs(2));
    let second = receiver.next().await;
    assert_eq!(second.body, first.body);
    assert_eq!(second.header("x-axonpush-signature"), hmac(secret.as_bytes(), &second.body));
    let list = deliveries(&rig, &id, last_is("success")).await;
    assert_eq!((list.len(), &list[0]["attempts"], &list[0]["eventId"]), (1, &json!(2), &json!(event_id)));
    assert_eq!(list[0]["deliveryId"], before[0]["deliveryId"]);
    assert!(list[0].get("sequence").is_none(), "{list:?}");
}

#[tokio::test]
async fn a_restart_neither_hastens_an_attempt_nor_forgets_those_before_it() {
    let file = Scratch::new();
    let rig = open(&file).await;
    let mut receiver = Receiver::start(&[500, 500, 500, 500, 500, 200, 500]).await;
    let (id, _) = endpoint(&rig, &receiver.url, Value::Null).await;
    rig.publish(event("a")).await;
    for attempt in 1..=5 {
        receiver.next().await;
        deliveries(&rig, &id, |list| list[0]["attempts"] == attempt).await;
        if attempt < 5 {
            // By far: the next server's clock is the machine's again.
            rig.server.advance(Duration::from_secs(3_600));
        }
    }
    rig.server.stop().await;

    let rig = open(&file).await;
    rig.server.advance(Duration::from_secs(9 * 60));
    rig.publish(event("b")).await;
    assert_eq!(receiver.next().await.json()["identifier"], "b");
    rig.server.advance(Duration::from_secs(2 * 60));
    assert_eq!(receiver.next().await.json()["identifier"], "a");
    let given_up = |list: &[Value]| list[1]["status"] == "failed" && list[1]["attempts"] == 6;
    deliveries(&rig, &id, given_up).await;
}

#[tokio::test]
async fn what_was_published_just_before_the_end_is_delivered_after_it() {
    let file = Scratch::new();
    let mut receiver = Receiver::start(&[]).await;
    let rig = open(&file).await;
    let (id, _) = endpoint(&rig, &receiver.url, Value::Null).await;
    // More at once than are looked through before the server ends.
    let records = vec![json!({"body": {"stringValue": "a"}}); 500];
    let logs = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]});
    let request = rig.request(Method::POST, "/v1/logs").header("x-axonpush-channel", "default").json(&logs);
    assert_eq!(request.send().await.unwrap().status(), 200);
    rig.server.stop().await;

    let rig = open(&file).await;
    let mut delivered = HashSet::new();
    while delivered.len() < 500 {
        delivered.insert(receiver.next().await.json()["eventId"].as_str().unwrap().to_owned());
    }
    let list = deliveries(&rig, &id, |list| list.iter().all(|delivery| delivery["status"] == "success")).await;
    assert_eq!(list.len(), 500, "each is listed once");
}

#[tokio::test]
async fn a_delivery_whose_event_had_to_make_room_is_given_up_with_a_word() {
    let file = Scratch::new();
    let rig = Rig::with(DevServer::builder().persist(&file.0).max_events(1).start().await.unwrap());
    let mut receiver = Receiver::start(&[500]).await;
    let (id, _) = endpoint(&rig, &receiver.url, json!(["app.log"])).await;
    rig.publish(json!({"identifier": "a", "eventType": "app.log", "payload": {}})).await;
    receiver.next().await;
    deliveries(&rig, &id, last_is("retrying")).await;
    rig.publish(event("of another type")).await;
    rig.server.stop().await;

    let rig = open(&file).await;
    let list = deliveries(&rig, &id, last_is("failed")).await;
    assert!(list[0]["error"].as_str().unwrap().contains("made room"), "{list:?}");
    assert_eq!((&list[0]["attempts"], list[0].get("nextRetryAt")), (&json!(1), None));
}
