//! The views of one request and of one trace, and the list of all traces.

use serde_json::{Value, json};

use crate::rig::{Page, browse};
use crate::story::{self, FAILED_REQUEST, FAILED_TRACE};

#[tokio::test]
async fn a_request_shows_all_its_records_in_the_order_they_happened() {
    browse(async |page| {
        story::tell(&page).await;
        page.open("").await;
        page.click(".list .row:not([hidden])").await;
        page.shows(".detail dd a", FAILED_REQUEST).await;
        page.press("r").await;
        page.shows(".sums", "10 records").await;
        assert_eq!(page.value("location.hash").await, format!("#/request/{FAILED_REQUEST}"));
        assert_eq!(
            page.texts(".steps .name").await,
            [
                "POST /assist",
                "POST /assist",
                "shop.assist",
                "SELECT customers",
                "invoke_agent assistant",
                "chat sonnet-large",
                "execute_tool stock_lookup",
                "POST stock.internal",
                "shop.stock",
                "shop.assist"
            ]
        );
        page.shows(".sums .bad", "3 errors").await;
        // What the request still does comes in by itself.
        page.publish(json!({"identifier": "afterthought", "payload": {"attributes": {"request.id": FAILED_REQUEST}}}))
            .await;
        page.shows(".steps .name", "afterthought").await;
        // Clients that leave payloads alone put the id into the metadata.
        page.publish(json!({"identifier": "aside", "payload": {}, "metadata": {"request.id": FAILED_REQUEST}})).await;
        page.shows(".steps .name", "aside").await;
        page.driver.refresh().await.unwrap();
        page.shows(".sums", "12 records").await;
        page.click(".steps li:nth-child(9) button").await;
        page.shows(".drawer .said", "no answer from stock.internal").await;
    })
    .await;
}

#[tokio::test]
async fn a_waterfall_shows_what_caused_what_and_how_long_it_took() {
    browse(async |page| {
        story::tell(&page).await;
        page.open("#/traces").await;
        page.shows(".traces a", "POST /assist").await;
        page.click(".traces .failed a").await;
        page.shows(".sums", "10 records").await;
        assert_eq!(page.value("location.hash").await, format!("#/trace/{FAILED_TRACE}"));
        let drawn = lines(&page).await;
        let shape: Vec<_> =
            drawn.iter().map(|line| (line["depth"].as_str().unwrap(), line["name"].as_str().unwrap())).collect();
        assert_eq!(
            shape,
            [
                ("0", "POST /assist"),
                ("1", "POST /assist"),
                ("1", "shop.assist"),
                ("1", "SELECT customers"),
                ("1", "invoke_agent assistant"),
                ("2", "chat sonnet-large"),
                ("2", "execute_tool stock_lookup"),
                ("3", "POST stock.internal"),
                ("4", "shop.stock"),
                ("1", "shop.assist")
            ]
        );
        let failed: Vec<_> = drawn.iter().filter(|line| line["failed"] == true).map(|line| &line["name"]).collect();
        assert_eq!(failed, ["POST /assist", "POST stock.internal", "shop.stock"]);
        // Bars begin and end where their spans do: 48 to 410 ms of some two seconds.
        let (root, chat) = (&drawn[0], &drawn[5]);
        let part = |line: &Value, of: &str| line[of].as_f64().unwrap() / root["width"].as_f64().unwrap();
        assert!((part(chat, "left") - 48.0 / 2_003.0).abs() < 0.01, "{chat}");
        assert!((part(chat, "width") - 362.0 / 2_003.0).abs() < 0.01, "{chat}");

        page.click(".waterfall li:nth-child(5) .fold").await;
        page.until("document.querySelectorAll('.waterfall li').length === 6").await;
    })
    .await;
}

#[tokio::test]
async fn a_trace_that_makes_no_sense_is_drawn_all_the_same() {
    browse(async |page| {
        let span = |span: &str, parent: &str, name: &str| {
            json!({"identifier": name, "traceId": "t", "spanId": span, "parentSpanId": parent, "payload": {}})
        };
        // Two that caused each other, one its own cause, one whose cause nobody saw, one from before it began.
        page.publish_all(&[span("a", "b", "chicken"), span("b", "a", "egg"), span("c", "c", "self"), span("d", "zz", "orphan")]).await;
        let backwards = json!({"startTimeUnixNano": "1800000000000000000", "endTimeUnixNano": "1700000000000000000"});
        page.publish(json!({"identifier": "backwards", "traceId": "t", "spanId": "e", "payload": backwards})).await;
        page.open("#/trace/t").await;
        page.shows(".sums", "5 records").await;
        let mut names: Vec<_> = lines(&page).await.iter().map(|line| line["name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        assert_eq!(names, ["backwards", "chicken", "egg", "orphan", "self"]);
        page.go("#/trace/unheard-of").await;
        page.shows(".note", "Nothing stored carries this trace id").await;
        assert_eq!(page.complaints().await, [""; 0]);
    })
    .await;
}

/// What the waterfall shows, from top to bottom.
async fn lines(page: &Page) -> Vec<Value> {
    let lines = page
        .value(
            "[...document.querySelectorAll('.waterfall li')].map((line) => {
               const [bar, track] = [line.querySelector('.track i'), line.querySelector('.track')].map((part) => part.getBoundingClientRect());
               return { depth: line.dataset.depth, failed: line.classList.contains('failed'),
                        name: line.querySelector('.open').firstChild.textContent, left: bar.left - track.left, width: bar.width };
             })",
        )
        .await;
    lines.as_array().unwrap().clone()
}
