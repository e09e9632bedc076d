//! Public ingest tokens: they publish to their channel and do nothing else.

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::rig::{Rig, client, event, locations, problem};

async fn token(rig: &Rig) -> (Value, String) {
    let body = json!({"name": "browser", "channelId": "default", "environmentId": "development"});
    let token = rig.ask(Method::POST, "/public-ingest-tokens", body, 201).await;
    let secret = token["token"].as_str().unwrap().to_owned();
    (token, secret)
}

async fn publish(rig: &Rig, header: &str, token: &str, event: &Value) -> Response {
    let url = format!("{}/event", rig.server.url());
    client().post(url).header(header, token).json(event).send().await.unwrap()
}

#[tokio::test]
async fn a_token_is_shown_once_and_never_kept() {
    let rig = Rig::start().await;
    let (token, secret) = token(&rig).await;
    assert!(secret.starts_with("pt_") && secret.starts_with(token["prefix"].as_str().unwrap()));
    assert_eq!(token["active"], true);
    let list = rig.get_json("/public-ingest-tokens").await;
    assert_eq!(list["tokens"][0]["tokenId"], token["tokenId"]);
    assert!(list["tokens"][0].get("token").is_none() && !list.to_string().contains(&secret));
    assert!(!list.to_string().contains("digest"));
}

#[tokio::test]
async fn a_token_publishes_to_its_channel_and_environment() {
    let rig = Rig::start().await;
    let (_, secret) = token(&rig).await;
    for header in ["x-public-token", "x-axonpush-api-key", "X-API-Key"] {
        assert_eq!(publish(&rig, header, &secret, &event(header)).await.status(), 200, "{header}");
    }
    let bearer = format!("Bearer {secret}");
    assert_eq!(publish(&rig, "authorization", &bearer, &event("bearer")).await.status(), 200);
    for stored in rig.server.events() {
        assert_eq!(stored.environment_id.as_deref(), Some("development"));
        assert_eq!(stored.channel_id, "default");
    }
    let mut elsewhere = event("a");
    elsewhere["channel_id"] = json!("another");
    problem(publish(&rig, "x-public-token", &secret, &elsewhere).await, 403).await;
    for (header, value) in [("x-public-token", &secret), ("authorization", &bearer)] {
        let read = client().get(format!("{}/events", rig.server.url())).header(header, value);
        problem(read.send().await.unwrap(), 403).await;
        problem(publish(&rig, header, value, &elsewhere).await, 403).await;
    }
    assert_eq!(rig.server.len(), 4);
    assert!(rig.get_json("/public-ingest-tokens").await["tokens"][0]["lastUsedAt"].is_string());
}

#[tokio::test]
async fn a_revoked_or_foreign_token_publishes_nothing() {
    let rig = Rig::start().await;
    let (token, secret) = token(&rig).await;
    let path = format!("/public-ingest-tokens/{}", token["tokenId"].as_str().unwrap());
    problem(publish(&rig, "x-public-token", "pt_foreign", &event("a")).await, 401).await;
    problem(publish(&rig, "x-public-token", &secret[..secret.len() - 1], &event("a")).await, 401).await;
    assert_eq!(rig.remove(&path, 200).await, json!({"ok": true}));
    problem(publish(&rig, "x-public-token", &secret, &event("a")).await, 401).await;
    problem(publish(&rig, "authorization", &format!("Bearer {secret}"), &event("a")).await, 401).await;
    assert_eq!(rig.get_json("/public-ingest-tokens").await["tokens"][0]["active"], false);
    rig.remove("/public-ingest-tokens/none", 404).await;
    let otlp = client().post(format!("{}/v1/logs", rig.server.url())).header("x-api-key", &secret);
    problem(otlp.json(&json!({"resourceLogs": []})).send().await.unwrap(), 401).await;
    assert!(rig.server.is_empty());
}

#[tokio::test]
async fn a_token_over_otlp_needs_no_channel_header() {
    let rig = Rig::start().await;
    let (_, secret) = token(&rig).await;
    let logs = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "hello"}}]}]}]});
    let send = async |channel: Option<&str>| {
        let mut request = client().post(format!("{}/v1/logs", rig.server.url())).header("x-api-key", &secret);
        if let Some(channel) = channel {
            request = request.header("x-axonpush-channel", channel);
        }
        request.json(&logs).send().await.unwrap()
    };
    assert_eq!(send(None).await.status(), 200);
    assert_eq!(send(Some("default")).await.status(), 200);
    problem(send(Some("another")).await, 403).await;
    let events = rig.server.events();
    assert!(events.len() == 2 && events.iter().all(|event| event.channel_id == "default"));
    assert_eq!(events[0].environment_id.as_deref(), Some("development"));
}

#[tokio::test]
async fn a_token_is_bound_to_what_exists() {
    let rig = Rig::start().await;
    for (body, expected) in [
        (json!({"name": "a", "channelId": "none", "environmentId": "development"}), "body.channelId"),
        (json!({"name": "a", "channelId": "default", "environmentId": "none"}), "body.environmentId"),
        (json!({"name": "x".repeat(61), "channelId": "default", "environmentId": "development"}), "body.name"),
    ] {
        let refused = rig.ask(Method::POST, "/public-ingest-tokens", body, 422).await;
        assert_eq!(locations(&refused), [expected]);
    }
}
