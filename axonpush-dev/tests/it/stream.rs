//! `GET /events/stream`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::rig::{PATIENCE, Rig, event, locations, problem};

/// One client of the stream.
struct Tail {
    response: reqwest::Response,
    read: String,
}

/// What came between two empty lines.
#[derive(Debug, PartialEq)]
struct Message {
    id: Option<String>,
    event: Option<String>,
    data: Value,
}

impl Tail {
    async fn connect(rig: &Rig, query: &str, last: Option<&str>) -> Self {
        let mut request = rig.request(Method::GET, &format!("/events/stream{query}"));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, read: String::new() }
    }

    async fn next(&mut self) -> Message {
        loop {
            while let Some((block, rest)) = self.read.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.read = rest;
                if !block.starts_with(':') {
                    return message(&block);
                }
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await.unwrap().unwrap();
            self.read.push_str(std::str::from_utf8(&chunk.expect("the stream ended")).unwrap());
        }
    }

    async fn name(&mut self) -> String {
        self.next().await.data["operationName"].as_str().unwrap().to_owned()
    }
}

fn message(block: &str) -> Message {
    let field = |name: &str| {
        let mut lines = block.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(found, _)| *found == name).map(|(_, value)| value.to_owned())
    };
    Message { id: field("id"), event: field("event"), data: serde_json::from_str(&field("data").unwrap()).unwrap() }
}

#[tokio::test]
async fn events_come_in_the_order_they_arrived() {
    let rig = Rig::start().await;
    rig.publish(event("before")).await;
    let mut tail = Tail::connect(&rig, "", None).await;
    for name in ["a", "b", "c"] {
        rig.publish(event(name)).await;
    }
    let first = tail.next().await;
    assert_eq!((first.data["operationName"].as_str(), first.event), (Some("a"), None));
    assert_eq!(first.id.as_deref(), Some("2"));
    assert_eq!((tail.name().await, tail.name().await), ("b".to_owned(), "c".to_owned()));
}

#[tokio::test]
async fn a_client_that_comes_back_misses_nothing() {
    let rig = Rig::start().await;
    for name in ["a", "b", "c"] {
        rig.publish(event(name)).await;
    }
    let mut tail = Tail::connect(&rig, "", Some("1")).await;
    assert_eq!((tail.name().await, tail.name().await), ("b".to_owned(), "c".to_owned()));
    let mut tail = Tail::connect(&rig, "?lastEventId=2", Some("1")).await;
    assert_eq!(tail.name().await, "c");
}

#[tokio::test]
async fn a_client_of_an_earlier_run_is_told_all_that_arrived_since() {
    let rig = Rig::start().await;
    for name in ["a", "b"] {
        rig.publish(event(name)).await;
    }
    // Memory was forgotten when the server that gave this id ended.
    let mut tail = Tail::connect(&rig, "", Some("99")).await;
    assert_eq!((tail.name().await, tail.name().await), ("a".to_owned(), "b".to_owned()));
}

#[tokio::test]
async fn filters_are_those_of_the_search() {
    let rig = Rig::start().await;
    let mut tail = Tail::connect(&rig, "?eventType=app.log&q=found", None).await;
    for (name, event_type) in [("found 1", "app.span"), ("lost", "app.log"), ("found 2", "app.log")] {
        rig.publish(json!({"identifier": name, "eventType": event_type, "payload": {"text": "two\nlines"}})).await;
    }
    assert_eq!(tail.name().await, "found 2");
    let refused = rig.get("/events/stream?attrKey=a&lastEventId=x").await;
    assert_eq!(locations(&problem(refused, 422).await), ["query.attrValue", "query.lastEventId"]);
}

#[tokio::test]
async fn who_falls_behind_is_told_how_many_events_were_skipped() {
    let rig = Rig::with(axonpush_dev::DevServer::builder().max_events(10).start().await.unwrap());
    for name in 0..25 {
        rig.publish(event(&name.to_string())).await;
    }
    let mut tail = Tail::connect(&rig, "", Some("3")).await;
    let skipped = tail.next().await;
    assert_eq!(skipped, Message { id: None, event: Some("skipped".to_owned()), data: json!({"count": 12}) });
    assert_eq!(tail.name().await, "15");
}

#[tokio::test]
async fn large_events_come_one_after_the_other_and_all_of_them() {
    let rig = Rig::start().await;
    let large = "x".repeat(100_000);
    for name in 0..12 {
        rig.publish(json!({"identifier": name.to_string(), "payload": {"text": large}})).await;
    }
    let mut tail = Tail::connect(&rig, "", Some("0")).await;
    for name in 0..12 {
        assert_eq!(tail.name().await, name.to_string());
    }
}

#[tokio::test]
async fn a_stream_does_not_keep_the_server_from_stopping() {
    let rig = Rig::start().await;
    let mut tail = Tail::connect(&rig, "", None).await;
    rig.publish(event("a")).await;
    assert_eq!(tail.name().await, "a");
    assert_eq!(rig.server.stop().await.cut(), 0);
    while let Ok(Some(_)) = tail.response.chunk().await {}
}
