//! An endpoint that is dead is nobody else's misfortune.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::receiver::Receiver;
use super::{deliveries, endpoint, last_is};
use crate::rig::Rig;

#[tokio::test]
async fn a_flood_to_an_endpoint_that_never_answers_leaves_room_for_the_others() {
    let rig = Rig::start().await;
    // Connections wait to be accepted until an attempt's time is over.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", silent.local_addr().unwrap());
    let (dead, _) = endpoint(&rig, &url, json!(["app.log"])).await;
    let mut receiver = Receiver::start(&[]).await;
    let (healthy, _) = endpoint(&rig, &receiver.url, json!(["order.placed"])).await;
    let records = vec![json!({"body": {"stringValue": "a"}}); 1_500];
    let logs = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]});
    let request = rig.request(Method::POST, "/v1/logs").header("x-axonpush-channel", "default").json(&logs);
    assert_eq!(request.send().await.unwrap().status(), 200);

    rig.publish(json!({"identifier": "a", "eventType": "order.placed", "payload": {}})).await;
    assert_eq!(receiver.next().await.json()["identifier"], "a");
    deliveries(&rig, &healthy, last_is("success")).await;
    // The rest is not lost without a word.
    let refused = |delivery: &&Value| delivery["error"].as_str().is_some_and(|error| error.contains("too many"));
    let list = deliveries(&rig, &dead, |list| list.iter().any(|delivery| refused(&delivery))).await;
    assert_eq!((list.len(), list.iter().filter(refused).count()), (1_500, 500));
}
