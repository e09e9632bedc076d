//! Finding events: by words, by fields, by link.

use serde_json::json;

use crate::rig::{browse, encoded, event};
use crate::story::{self, FAILED_REQUEST, FAILED_TRACE};

#[tokio::test]
async fn every_filter_narrows_the_list_down_to_what_it_says() {
    browse(async |page| {
        page.open("").await;
        story::tell(&page).await;
        page.shows("#counts", "109 events").await;
        for (filter, matching) in [
            ("kettle", 1),
            ("KETTLE \"in stock\"", 1),
            ("level:error", 3),
            ("level:warn", 7),
            ("type:app.span level:error", 1),
            ("type:app.", 84),
            ("service:orders", 24),
            (&format!("request:{FAILED_REQUEST}"), 10),
            (&format!("trace:{FAILED_TRACE} type:app.log"), 3),
            ("name:shop.stock slow", 3),
            ("nothing-like-this", 0),
        ] {
            page.go(&format!("#/events?q={}", encoded(filter))).await;
            page.shows("#counts", &format!("{matching} of 109 events match")).await;
        }
        page.shows(".empty", "Nothing matches").await;
    })
    .await;
}

#[tokio::test]
async fn box_and_menus_and_address_say_the_same() {
    browse(async |page| {
        page.open("").await;
        story::tell(&page).await;
        page.shows("#counts", "109 events").await;
        page.run("const level = document.getElementById('level'); level.value = 'error'; level.dispatchEvent(new Event('change'))").await;
        page.shows("#counts", "3 of 109").await;
        page.run("const type = document.getElementById('type'); type.value = 'app.log'; type.dispatchEvent(new Event('change'))").await;
        page.shows("#counts", "1 of 109").await;
        assert_eq!(page.value("document.getElementById('search').value").await, "level:error type:app.log");
        assert_eq!(page.value("location.hash").await, "#/events?q=level%3Aerror+type%3Aapp.log");
        // Whoever gets the link sees the same.
        page.driver.refresh().await.unwrap();
        page.shows("#counts", "1 of 109").await;
        assert_eq!(page.value("document.getElementById('level').value").await, "error");
        assert_eq!(page.value("document.getElementById('type').value").await, "app.log");
    })
    .await;
}

#[tokio::test]
async fn a_filter_finds_what_is_stored_and_not_on_the_page_and_follows_what_arrives() {
    browse(async |page| {
        page.publish(event("needle at the bottom")).await;
        page.publish_logs(400, "hay").await;
        page.publish_logs(400, "more hay").await;
        page.open("").await;
        page.shows("#counts", "500 events").await;
        page.go("#/events?q=needle").await;
        page.shows(".list .row .name", "needle at the bottom").await;
        page.publish(json!({"identifier": "needle on top", "payload": {}})).await;
        page.shows(".list .row .name", "needle on top").await;
        assert_eq!(page.texts(".list .row .name").await, ["needle on top", "needle at the bottom"]);
        page.go("#/events").await;
        page.shows("#counts", "501 events").await;
        page.click("#more").await;
        page.until("document.getElementById('more').hidden").await;
        page.run("document.getElementById('list').scrollTop = 1e9").await;
        page.shows(".list .row .name", "needle at the bottom").await;
    })
    .await;
}

#[tokio::test]
async fn words_are_found_however_a_client_wrote_them() {
    browse(async |page| {
        page.open("").await;
        page.publish_raw(r#"{"identifier": "escaped", "payload": {"body": "caf\u00e9 \u0022au lait\u0022 50% a.b"}}"#)
            .await;
        page.publish_raw(r#"{"identifier": "plain", "payload": {"body": "café \"au lait\" 50% aXb"}}"#).await;
        page.shows("#counts", "2 events").await;
        for (filter, matching) in [("café", 2), ("CAFÉ", 2), ("50%", 2), ("a.b", 1), ("(", 0), ("\\", 0)] {
            page.go(&format!("#/events?q={}", encoded(filter))).await;
            page.shows("#counts", &format!("{matching} of 2 events match")).await;
        }
    })
    .await;
}
