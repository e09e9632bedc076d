//! The charts, and what clients say of themselves.

use serde_json::json;

use crate::rig::{PHONE, browse, event};
use crate::story;

#[tokio::test]
async fn rates_and_percentiles_are_those_of_the_events() {
    browse(async |page| {
        page.open("").await;
        // A hundred events in one second, of 1 to 100 ms, ten of them errors; two more a second later.
        let columns = page
            .call(
                "const { Stats } = await import('/page/stats.js');
                 const now = 1800000000000;
                 const stats = new Stats();
                 const rows = [];
                 for (let n = 1; n <= 100; n += 1) rows.push({ arrived: now - 10000, level: n <= 10 ? 4 : 2, duration: n });
                 rows.sort(() => Math.random() - 0.5);
                 stats.take(rows.slice(0, 60));
                 stats.take([{ arrived: now - 9000, level: 2 }, { arrived: now - 9000, level: 5 }]);
                 const { time, events, errors, rate, p50, p95, p99 } = stats.columns(180, now);
                 return [time.length, time[170], ...[events, errors, rate, p50, p95, p99].map((column) => column.slice(168, 173))];",
            )
            .await;
        let unknown = json!(null);
        assert_eq!(columns[0], 180);
        assert_eq!(columns[1], 1_799_999_990);
        assert_eq!(columns[2], json!([unknown, unknown, 60, 2, 0]));
        assert_eq!(columns[3].as_array().unwrap()[3..], [json!(1), json!(0)]);
        assert_eq!(columns[4].as_array().unwrap()[3], 50);
        assert_eq!(columns[5].as_array().unwrap()[3..], [unknown.clone(), unknown]);
        let (p50, p99) = (columns[5][2].as_f64().unwrap(), columns[7][2].as_f64().unwrap());
        assert!(p50 > 20.0 && p50 < 80.0 && p99 > 85.0, "{columns}");
    })
    .await;
}

#[tokio::test]
async fn charts_begin_before_the_page_was_opened() {
    browse(async |page| {
        for _ in 0..3 {
            page.publish_logs(400, "stored").await;
        }
        page.open("#/charts").await;
        page.shows(".legend", "p99").await;
        page.until("document.querySelectorAll('.plot canvas').length === 3").await;
        // 1,200 within one step of five seconds, or two; the page itself holds 500 of them.
        page.until("Number(document.querySelector('.legend b').textContent) > 0").await;
        page.click(".group button:last-child").await;
        page.until("document.querySelector('.group button:last-child').getAttribute('aria-pressed') === 'true'").await;
        assert_eq!(page.complaints().await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn losses_that_clients_tell_of_are_in_sight_wherever_one_looks() {
    browse(async |page| {
        page.open("").await;
        story::tell(&page).await;
        let loss = |queue_full: u64, expired: u64| {
            json!({"identifier": "axonpush.events_lost", "eventType": "app.log", "payload": {
                "body": "events were lost before they could be delivered", "severityNumber": 13,
                "attributes": {"axonpush.lost.queue_full": queue_full, "axonpush.lost.expired": expired},
                "resource": {"service.name": "orders", "service.version": "1.4.2"}}})
        };
        page.publish(loss(1_200, 0)).await;
        page.publish(loss(30, 4)).await;
        page.shows("#lost-badge", "1,234").await;
        page.go("#/clients").await;
        page.shows(".clients .failed", "orders").await;
        page.shows(".clients .reason", "queue_full 1,230").await;
        page.shows(".clients .reason", "expired 4").await;
        assert_eq!(page.texts(".clients .good").await.len(), 3);
        page.click(".clients .failed a").await;
        page.shows("#counts", "26 of 111 events match").await;
    })
    .await;
}

#[tokio::test]
async fn an_empty_page_says_how_to_connect_to_this_very_server() {
    browse(async |page| {
        page.open("").await;
        page.shows(".empty", "Waiting for the first event").await;
        let origin = page.value("location.origin").await;
        let origin = origin.as_str().unwrap();
        for (tab, part) in [("Rust", ".base_url("), ("Python", "AxonPush(api_key="), ("curl", "/event")] {
            page.run(&format!(
                "[...document.querySelectorAll('.tabs button')].find((tab) => tab.textContent === '{tab}').click()"
            ))
            .await;
            page.shows(".snippet code", part).await;
            page.shows(".snippet code", origin).await;
        }
        page.screenshot("empty-desktop").await;
        page.resize(PHONE).await;
        page.screenshot("empty-phone").await;
        page.publish(event("first")).await;
        page.until("document.getElementById('empty').hidden").await;
    })
    .await;
}
