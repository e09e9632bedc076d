//! The live tail.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::rig::browse;

#[tokio::test]
async fn an_event_is_on_screen_within_a_second_of_being_published() {
    browse(async |page| {
        page.publish(json!({"identifier": "stored before", "payload": {}})).await;
        page.open("").await;
        page.shows(".list .row .name", "stored before").await;
        let published = Instant::now();
        page.publish(json!({"identifier": "brand new", "payload": {"attributes": {"hits": 42}}})).await;
        page.shows(".list .row .name", "brand new").await;
        let took = published.elapsed();
        assert!(took < Duration::from_secs(1), "{took:?}");
        assert_eq!(page.texts(".list .row .name").await, ["brand new", "stored before"]);
        assert_eq!(page.texts(".list .row .message").await[0], "hits=42");
        page.screenshot("tail").await;
        assert!(page.complaints().await.is_empty(), "{:?}", page.complaints().await);
    })
    .await;
}
