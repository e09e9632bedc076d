//! Webhook endpoints, and what arrives at them.

mod delivery;
mod fairness;
#[cfg(target_os = "linux")]
mod full_disk;
mod receiver;
mod restart;

use reqwest::Method;
use serde_json::{Value, json};

use crate::rig::{PATIENCE, Rig};

async fn endpoint(rig: &Rig, url: &str, event_types: Value) -> (String, String) {
    let body = json!({"url": url, "channelId": "default", "eventTypes": event_types});
    let endpoint = rig.ask(Method::POST, "/webhooks/endpoints", body, 201).await;
    let text = |name: &str| endpoint[name].as_str().unwrap().to_owned();
    (text("endpointId"), text("rawSecret"))
}

/// The deliveries to an endpoint, once `done` holds for them.
async fn deliveries(rig: &Rig, endpoint: &str, done: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let asked = tokio::time::Instant::now();
    loop {
        let list = rig.get_json(&format!("/webhooks/deliveries/{endpoint}")).await;
        let list = list["data"].as_array().unwrap().clone();
        if done(&list) {
            return list;
        }
        assert!(asked.elapsed() < PATIENCE, "{list:?}");
        tokio::task::yield_now().await;
    }
}

fn last_is(status: &'static str) -> impl Fn(&[Value]) -> bool {
    move |list| list.first().is_some_and(|delivery| delivery["status"] == status)
}
