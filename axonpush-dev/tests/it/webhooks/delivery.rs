//! Events are delivered over a real socket, and again where that fails.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::receiver::{Receiver, hmac};
use super::{deliveries, endpoint, last_is};
use crate::rig::{Rig, event, locations, names, problem};

#[tokio::test]
async fn an_event_is_delivered_with_a_signature_of_its_exact_bytes() {
    let rig = Rig::start().await;
    let mut receiver = Receiver::start(&[]).await;
    rig.publish(event("before the endpoint")).await;
    let (id, secret) = endpoint(&rig, &receiver.url, json!(["app.log"])).await;
    rig.publish(event("another type")).await;
    rig.publish(json!({"identifier": "elsewhere", "eventType": "app.log", "channel_id": "c", "payload": {}})).await;
    let wanted = json!({"identifier": "a", "eventType": "app.log", "payload": {"n": 42}, "traceId": "t"});
    let event_id = rig.publish(wanted).await;

    let delivered = receiver.next().await;
    assert!(delivered.head.starts_with("POST /hook HTTP/1.1\r\n"), "{}", delivered.head);
    assert_eq!(delivered.header("x-axonpush-signature"), hmac(secret.as_bytes(), &delivered.body));
    assert_eq!(delivered.header("content-type"), "application/json");
    let body = delivered.json();
    assert_eq!((&body["id"], &body["identifier"], &body["traceId"]), (&json!(event_id), &json!("a"), &json!("t")));
    assert_eq!((&body["payload"], &body["channelId"]), (&json!({"n": 42}), &json!("default")));

    let list = deliveries(&rig, &id, last_is("success")).await;
    assert_eq!(list.len(), 1);
    assert_eq!(
        (&list[0]["eventId"], &list[0]["attempts"], &list[0]["statusCode"]),
        (&json!(event_id), &json!(1), &json!(200))
    );
}

#[tokio::test]
async fn what_fails_is_tried_again_with_the_same_bytes_when_its_time_has_come() {
    let rig = Rig::start().await;
    // A redirect is no success, and it is not followed.
    let mut receiver = Receiver::start(&[500, 302]).await;
    let (id, _) = endpoint(&rig, &receiver.url, Value::Null).await;
    rig.publish(event("a")).await;
    let first = receiver.next().await;
    let list = deliveries(&rig, &id, last_is("retrying")).await;
    assert!(list[0]["nextRetryAt"].is_string() && list[0]["error"].as_str().unwrap().contains("500"));
    rig.server.advance(Duration::from_secs(2));
    let second = receiver.next().await;
    assert_eq!(
        (second.header("x-axonpush-signature"), &second.body),
        (first.header("x-axonpush-signature"), &first.body)
    );
    deliveries(&rig, &id, |list| list[0]["statusCode"] == 302).await;
    rig.server.advance(Duration::from_secs(6));
    receiver.next().await;
    let list = deliveries(&rig, &id, last_is("success")).await;
    assert_eq!((list.len(), &list[0]["attempts"]), (1, &json!(3)));
    assert!(list[0].get("nextRetryAt").is_none() && list[0].get("error").is_none());
}

#[tokio::test]
async fn an_endpoint_that_never_answers_well_is_given_up() {
    let rig = Rig::start().await;
    let mut receiver = Receiver::start(&[500; 6]).await;
    let (id, _) = endpoint(&rig, &receiver.url, json!([])).await;
    rig.publish(event("a")).await;
    for attempt in 1..=6 {
        receiver.next().await;
        deliveries(&rig, &id, |list| list[0]["attempts"] == attempt).await;
        rig.server.advance(Duration::from_secs(3_600));
    }
    assert_eq!(deliveries(&rig, &id, last_is("failed")).await.len(), 1);
}

#[tokio::test]
async fn a_deleted_endpoint_is_gone_and_gets_nothing_more() {
    let rig = Rig::start().await;
    let mut receiver = Receiver::start(&[500]).await;
    let (id, _) = endpoint(&rig, &receiver.url, json!([])).await;
    let listed = rig.get_json("/webhooks/endpoints/channel/default").await;
    assert_eq!(names(&listed["data"], "endpointId"), std::slice::from_ref(&id));
    assert_eq!((&listed["data"][0]["active"], &listed["data"][0]["hasSecret"]), (&json!(true), &json!(true)));
    assert!(!listed.to_string().contains("whsec_"));
    rig.publish(event("a")).await;
    receiver.next().await;
    deliveries(&rig, &id, last_is("retrying")).await;
    assert!(rig.remove(&format!("/webhooks/endpoints/{id}"), 200).await["message"].is_string());
    assert_eq!(rig.get_json("/webhooks/endpoints/channel/default").await, json!({"data": []}));
    problem(rig.get(&format!("/webhooks/deliveries/{id}")).await, 404).await;
    rig.remove(&format!("/webhooks/endpoints/{id}"), 404).await;
    rig.server.advance(Duration::from_secs(3_600));
    // Were the first event tried again, it would come before this one.
    let (_, _) = endpoint(&rig, &receiver.url, json!([])).await;
    rig.publish(event("b")).await;
    assert_eq!(receiver.next().await.json()["identifier"], "b");
}

#[tokio::test]
async fn what_cannot_be_reached_is_said_to_be_so() {
    let rig = Rig::start().await;
    for (url, error) in [("http://127.0.0.1:1/", "reached"), ("https://127.0.0.1:1/", "reached")] {
        let (id, _) = endpoint(&rig, url, json!([])).await;
        rig.publish(event("a")).await;
        let list = deliveries(&rig, &id, last_is("retrying")).await;
        let told = list[0]["error"].as_str().unwrap();
        assert!(told.contains(error) || (cfg!(not(feature = "https")) && told.contains("`https`")), "{told}");
    }
}

#[tokio::test]
async fn an_endpoint_is_an_http_address() {
    let rig = Rig::start().await;
    for url in ["ftp://127.0.0.1/", "file:///etc/passwd", "/hook", "http://", "http://user:secret@127.0.0.1/", "", "x"]
    {
        let body = json!({"url": url, "channelId": "default"});
        let refused = rig.ask(Method::POST, "/webhooks/endpoints", body, 422).await;
        assert_eq!(locations(&refused), ["body.url"], "{url}");
        assert!(!refused.to_string().contains("user:secret"), "{refused}");
    }
    let body = json!({"url": "http://127.0.0.1/", "channelId": "none", "secret": "mine"});
    assert_eq!(locations(&rig.ask(Method::POST, "/webhooks/endpoints", body, 422).await), ["body.secret"]);
    let body = json!({"url": "http://127.0.0.1/", "channelId": "none"});
    assert_eq!(locations(&rig.ask(Method::POST, "/webhooks/endpoints", body, 422).await), ["body.channelId"]);
}
