//! One event, opened.

use serde_json::json;

use crate::rig::browse;

#[tokio::test]
async fn an_event_shows_everything_it_consists_of_exactly_as_it_was_sent() {
    browse(async |page| {
        page.publish_raw(
            r#"{"identifier": "big", "eventType": "app.log", "payload": {"body": "two\nlines", "severityNumber": 17,
                "attributes": {"zebra": 12345678901234567890, "apple": 1.10, "exception.type": "Oops",
                "exception.message": "it broke", "exception.stacktrace": "at a\nat b"}}, "metadata": {"plan": "pro"}}"#,
        )
        .await;
        page.open("").await;
        page.click(".list .row:not([hidden])").await;
        page.shows(".detail h2", "big").await;
        assert_eq!(page.texts(".detail .said").await, ["two\nlines"]);
        assert_eq!(
            page.texts(".detail .failure strong, .detail .failure p, .detail .failure pre").await,
            ["Oops", "it broke", "at a\nat b"]
        );
        page.shows(".detail dd", "pro").await;
        // Digits that scripts cannot hold, the order of names, a zero at the end: all as they came.
        page.shows(".detail .json", "\"zebra\": 12345678901234567890,\n      \"apple\": 1.10,").await;
        let reading = "navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve() }";
        page.run(reading).await;
        page.click(".detail header .copy").await;
        page.shows(".detail header .copy", "Copied").await;
        let copied = page.value("copied").await;
        assert!(copied.as_str().unwrap().contains("\"zebra\": 12345678901234567890,\n"), "{copied}");
        let parsed: serde_json::Value = serde_json::from_str(copied.as_str().unwrap()).unwrap();
        assert_eq!(parsed["payload"]["attributes"]["apple"], json!(1.1));
    })
    .await;
}

#[tokio::test]
async fn a_huge_event_is_shown_as_far_as_anybody_reads() {
    browse(async |page| {
        let lines: Vec<_> = (0..90_000).map(|n| json!(n)).collect();
        page.publish(json!({"identifier": "huge", "payload": {"lines": lines}})).await;
        let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
        page.publish_raw(&format!(
            r#"{{"identifier": "deep", "payload": {{"deep": {deep}, "braces": "{{[,:]}} \" \\"}}}}"#
        ))
        .await;
        page.open("").await;
        page.shows(".list .row .name", "deep").await;
        page.click(".list .row[aria-selected]:not([hidden])").await;
        page.shows(".detail .json", "\"braces\": \"{[,:]} \\\" \\\\\"").await;
        page.press("j").await;
        page.shows(".detail h2", "huge").await;
        page.shows(".detail .json .rest", "characters more").await;
        assert_eq!(page.complaints().await, [""; 0]);
    })
    .await;
}
