//! Events from the caller's hand to the server's store.

use axonpush::{Event, EventQuery};
use rig::{PATIENCE, client, server};
use serde_json::json;

#[tokio::test]
async fn a_published_event_is_found_with_its_payload_intact() {
    let server = server();
    let client = client(&server);
    let event = Event::new("order.placed").payload(&json!({"order.id": 42, "total": 9.5, "items": ["a"]})).unwrap();
    let receipt = client.events().publish(event).await.unwrap();
    assert_eq!(receipt.status(), "queued");
    let found = client.events().search(EventQuery::new().operation_name("order.placed")).await.unwrap();
    assert_eq!(Some(&found[0].event_id), receipt.event_id());
    assert_eq!(found[0].payload, json!({"order.id": 42, "total": 9.5, "items": ["a"]}));
}

#[tokio::test]
async fn enqueued_events_are_delivered_by_a_flush() {
    let server = server();
    let client = client(&server);
    for i in 0..500 {
        client.events().enqueue(Event::new("tick").attribute("i", i));
    }
    let report = client.flush(PATIENCE).await;
    assert_eq!((report.delivered(), report.is_complete()), (500, true), "{report}");
    assert_eq!(server.len(), 500);
    assert!(client.stats().is_balanced());
}
