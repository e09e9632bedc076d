//! Requests of any kind: what is repeated, what is refused, and what an odd answer means.

use std::time::Duration;

use axonpush::{AxonPush, Method, resources::NewEnvironment};
use rig::{
    client,
    receiver::{Receiver, Reply},
    server,
};
use serde::Deserialize;
use serde_json::{Value, json};

fn client_of(receiver: &Receiver) -> AxonPush {
    AxonPush::builder().api_key("ak_test").base_url(receiver.url()).build().unwrap()
}

fn lines(receiver: &Receiver) -> Vec<String> {
    receiver.received().iter().map(|request| format!("{} {}", request.method, request.path)).collect()
}

#[tokio::test]
async fn any_operation_can_be_asked_for_by_its_path() {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Rule {
        rule_id: String,
        name: String,
    }
    let server = server();
    let client = client(&server);
    let rule = json!({"name": "keys", "detector": "regex", "action": "block"});
    let rule: Rule = client.request(Method::POST, "/moderation/rules").json(&rule).send().await.unwrap();
    assert_eq!(rule.name, "keys");
    let listed = client.request(Method::GET, "/moderation/rules").query("limit", 5).send_json().await.unwrap();
    assert_eq!(listed["rules"][0]["ruleId"], rule.rule_id.as_str());
    let delete = || client.request(Method::DELETE, "/moderation/rules/{id}").segment(&rule.rule_id);
    delete().send_json().await.unwrap();
    let error = delete().send_json().await.unwrap_err();
    assert!(
        error.status() == Some(404) && error.to_string().starts_with("DELETE /moderation/rules/{id}: 404"),
        "{error}"
    );
    let error = client.request(Method::POST, "/moderation/rules").json(&json!({"x": 1})).send_json().await.unwrap_err();
    assert!(error.is_invalid() && error.to_string().contains("body.x"), "{error}");
}

#[tokio::test]
async fn a_post_that_may_be_repeated_is() {
    let receiver = Receiver::start(|_| Reply::status(200).body(r#"{"slug":"blue","isDefault":true}"#));
    let client = client_of(&receiver);
    receiver.script([Reply::status(503).header("retry-after", "0")]);
    assert!(client.environments().promote("blue").await.unwrap().is_default);
    receiver.script([Reply::status(503)]);
    assert_eq!(client.environments().create(NewEnvironment::new("x")).await.unwrap_err().status(), Some(503));
    receiver.script([Reply::status(503).header("retry-after", "0")]);
    client.request(Method::POST, "/analytics/diff").json(&json!({})).repeatable().send_json().await.unwrap();
    assert_eq!(receiver.received().len(), 5);
}

#[tokio::test]
async fn a_post_that_broke_off_is_not_tried_again() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let heard = tokio::spawn(async move {
        let mut heard = 0;
        while let Ok(Ok((mut socket, _))) = tokio::time::timeout(Duration::from_secs(2), listener.accept()).await {
            heard += 1;
            tokio::io::AsyncReadExt::read(&mut socket, &mut [0; 4096]).await.unwrap();
        }
        heard
    });
    let client = AxonPush::builder().api_key("ak_test").base_url(url).build().unwrap();
    let error = client.apps().create("x").await.unwrap_err();
    assert!(error.is_connect() && error.to_string().starts_with("creating an app: the connection broke"), "{error}");
    assert_eq!(heard.await.unwrap(), 1);
}

#[tokio::test]
async fn answers_of_every_era_are_read_and_strange_ones_are_none() {
    let receiver = Receiver::start(|_| Reply::status(200));
    let client = client_of(&receiver);
    for body in [r#"{"apps":null}"#, r#"{"data":[]}"#, "[]"] {
        receiver.script([Reply::status(202).body(body)]);
        assert!(client.apps().list().await.unwrap().is_empty(), "{body}");
    }
    receiver.script([Reply::status(200).body(r#"[{"id":7,"name":"old","later":{}}]"#)]);
    let apps = client.apps().list().await.unwrap();
    assert_eq!((apps[0].app_id.as_str(), apps[0].name.as_str()), ("7", "old"));
    receiver.script([Reply::status(204), Reply::status(200).body(r#"{"ok":true}"#)]);
    client.apps().delete("7").await.unwrap();
    client.apps().delete("7").await.unwrap();
    for body in ["<html>portal</html>", "{}", r#"{"name":"x"}"#, "null"] {
        receiver.script([Reply::status(201).body(body)]);
        let before = receiver.received().len();
        assert!(client.apps().create("x").await.unwrap_err().is_unconfirmed(), "{body}");
        assert_eq!(receiver.received().len(), before + 1, "it may have been created");
    }
}

#[tokio::test]
async fn ids_stay_in_their_segment_and_empty_ones_stay_here() {
    let receiver = Receiver::start(|_| Reply::status(200).body("{}"));
    let client = client_of(&receiver);
    client.apps().delete("../admin?x=1#y").await.unwrap();
    client.channels("a/b").delete("c d").await.unwrap();
    for error in [
        client.apps().delete("").await.unwrap_err(),
        client.apps().delete("..").await.unwrap_err(),
        client.environments().delete(" ").await.unwrap_err(),
        client.request(Method::GET, "http://evil.example/").send_json().await.unwrap_err(),
    ] {
        assert!(error.is_invalid(), "{error}");
    }
    assert_eq!(lines(&receiver), ["DELETE /apps/..%2Fadmin%3Fx%3D1%23y", "DELETE /apps/a%2Fb/channels/c%20d"]);
}

#[tokio::test]
async fn a_client_without_a_server_has_empty_lists_and_says_so_for_the_rest() {
    let client = AxonPush::disabled();
    assert!(client.apps().list().await.unwrap().is_empty());
    assert!(client.traces().list(axonpush::resources::TraceQuery::new()).await.unwrap().is_empty());
    for error in [
        client.apps().create("x").await.unwrap_err(),
        client.apps().delete("x").await.unwrap_err(),
        client.request(Method::GET, "/apps").send::<Value>().await.unwrap_err(),
    ] {
        assert!(error.is_config() && error.to_string().contains("disabled"), "{error}");
    }
}
