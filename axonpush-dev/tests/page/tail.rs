//! The live tail.

use std::time::{Duration, Instant};

use axonpush_dev::DevServer;
use serde_json::{Value, json};

use crate::rig::{Page, Scratch, browse, browse_with, event};

#[tokio::test]
async fn an_event_is_on_screen_within_a_second_of_being_published() {
    browse(async |page| {
        page.publish(event("stored before")).await;
        page.open("").await;
        page.shows(NAMES, "stored before").await;
        let published = Instant::now();
        page.publish(json!({"identifier": "brand new", "payload": {"attributes": {"hits": 42}}})).await;
        page.shows(NAMES, "brand new").await;
        assert!(published.elapsed() < Duration::from_secs(1), "{:?}", published.elapsed());
        assert_eq!(page.texts(NAMES).await, ["brand new", "stored before"]);
        assert_eq!(page.texts(".list .row .message").await[0], "hits=42");
    })
    .await;
}

#[tokio::test]
async fn a_pause_counts_what_arrives_and_its_end_shows_it() {
    browse(async |page| {
        page.open("").await;
        page.publish(event("before")).await;
        page.shows(NAMES, "before").await;
        page.click("#pause").await;
        for name in ["one", "two", "three"] {
            page.publish(event(name)).await;
        }
        page.shows("#arrivals", "Paused · 3 new events").await;
        assert_eq!(page.texts(NAMES).await, ["before"]);
        page.click("#pause").await;
        page.shows(NAMES, "three").await;
        assert_eq!(page.texts(NAMES).await, ["three", "two", "one", "before"]);
    })
    .await;
}

#[tokio::test]
async fn what_was_cleared_from_the_page_is_still_on_the_server() {
    browse(async |page| {
        for name in ["one", "two"] {
            page.publish(event(name)).await;
        }
        page.open("").await;
        page.shows("#counts", "2 events").await;
        assert_eq!(page.value("document.getElementById('more').hidden").await, true);
        page.click("#clear").await;
        page.shows(".empty", "The server still has what came before").await;
        page.publish(event("three")).await;
        page.shows(NAMES, "three").await;
        page.click("#more").await;
        page.shows(NAMES, "one").await;
        assert_eq!(page.texts(NAMES).await, ["three", "two", "one"]);
    })
    .await;
}

#[tokio::test]
async fn all_that_arrived_in_one_moment_is_loaded_however_much_it_is() {
    browse(async |page| {
        page.publish(event("before")).await;
        page.publish_logs(1_200, "together").await;
        page.open("").await;
        page.shows("#counts", "500 events").await;
        for rows in [1_000, 1_201] {
            page.click("#more").await;
            let height = "parseFloat(document.querySelector('#list .canvas').style.height)";
            page.until(&format!("{height} === {rows} * document.querySelector('.row').offsetHeight")).await;
        }
        page.until("document.getElementById('more').hidden").await;
        page.run("document.getElementById('list').scrollTop = 1e9").await;
        page.shows(NAMES, "before").await;
        assert_eq!(page.texts(NAMES).await.last().unwrap(), "before");
    })
    .await;
}

#[tokio::test]
async fn what_was_stored_counts_towards_what_may_wait() {
    browse(async |page| {
        for number in 0..4 {
            page.publish(json!({"identifier": number.to_string(), "payload": {"text": "x".repeat(1_000)}})).await;
        }
        page.open("").await;
        page.shows("#counts", "4 events").await;
        // Another tail in the same page, with room for little. What is stored fills it, the newest first.
        let begun = page
            .call(
                "const { Tail } = await import('/page/tail.js');
                 const { texts } = await fetch('/events', { headers: { 'x-axonpush-api-key': 'ak_test' } })
                   .then((answer) => answer.json()).then(({ events }) => ({ texts: events.map((row) => JSON.stringify(row)) }));
                 window.tail = new Tail(texts[0].length * 3.5);
                 tail.pause(true);
                 await new Promise((done) => { tail.onRows(done); tail.start(); });
                 return [tail.waiting, tail.complete];",
            )
            .await;
        assert_eq!(begun, json!([3, false]));
        page.publish(json!({"identifier": "4", "payload": {"text": "x".repeat(1_000)}})).await;
        page.until("tail.waiting === 4").await;
        page.run("tail.pause(false)").await;
        page.until("tail.rows.size > 0").await;
        let held = page.value("[[...tail.rows].map((row) => row.name), tail.skipped]").await;
        assert_eq!(held, json!([["2", "3", "4"], 1]));
    })
    .await;
}

#[tokio::test]
async fn who_has_scrolled_down_goes_on_seeing_the_same_rows() {
    browse(async |page| {
        for number in 0..200 {
            page.publish(event(&format!("event {number}"))).await;
        }
        page.open("").await;
        page.shows(NAMES, "event 199").await;
        page.run("document.getElementById('list').scrollTop = 28 * 100").await;
        page.shows(NAMES, "event 99").await;
        let seen = top_row(&page).await;
        page.publish(event("late")).await;
        page.shows("#counts", "201 events").await;
        assert_eq!(top_row(&page).await, seen);
        page.click("#arrivals").await;
        page.shows(NAMES, "late").await;
    })
    .await;
}

#[tokio::test]
async fn a_server_that_was_away_is_followed_again_and_nothing_is_missed() {
    let file = Scratch::new();
    let server = DevServer::builder().persist(&file.0).start().await.unwrap();
    let port = server.addr().port();
    browse_with(server, async move |page| {
        page.open("").await;
        page.publish(event("before")).await;
        page.shows(NAMES, "before").await;
        page.stop_server().await;
        page.shows("#state", "reconnecting").await;
        let elsewhere = DevServer::builder().persist(&file.0).start().await.unwrap();
        page.publish_at(elsewhere.url(), &event("while away").to_string()).await;
        elsewhere.stop().await;
        let again = DevServer::builder().port(port).persist(&file.0).start().await.unwrap();
        page.shows(NAMES, "while away").await;
        page.shows("#state", "live").await;
        assert_eq!(page.texts(NAMES).await, ["while away", "before"]);
        again.stop().await;
    })
    .await;
}

#[tokio::test]
async fn events_that_were_passed_over_are_counted_in_sight() {
    let file = Scratch::new();
    let server = DevServer::builder().persist(&file.0).start().await.unwrap();
    let port = server.addr().port();
    browse_with(server, async move |page| {
        page.open("").await;
        page.publish(event("before")).await;
        page.shows(NAMES, "before").await;
        assert_eq!(page.value("document.getElementById('skipped').hidden").await, true);
        page.stop_server().await;
        let elsewhere = DevServer::builder().persist(&file.0).max_events(10).start().await.unwrap();
        for number in 0..25 {
            page.publish_at(elsewhere.url(), &event(&number.to_string()).to_string()).await;
        }
        elsewhere.stop().await;
        let again = DevServer::builder().port(port).persist(&file.0).max_events(10).start().await.unwrap();
        page.shows("#skipped", "skipped 15").await;
        page.shows("#counts", "11 events").await;
        again.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_server_that_was_asked_to_fail_still_shows_what_it_has() {
    browse(async |page| {
        page.publish(event("before")).await;
        page.fail("503:0.5").await;
        page.open("").await;
        page.shows(NAMES, "before").await;
        page.go("#/traces").await;
        page.shows("#view-traces .note", "No traces yet").await;
    })
    .await;
}

#[tokio::test]
async fn a_thousand_events_a_second_leave_the_page_quick_and_small() {
    browse(async |page| {
        page.open("").await;
        // The longest the page was away between two frames, from now on.
        page.run(
            "window.gaps = []; let last = performance.now();
             (function frame() { const now = performance.now(); gaps.push(now - last); last = now; requestAnimationFrame(frame) })();",
        )
        .await;
        let mut ticks = tokio::time::interval(Duration::from_millis(100));
        for batch in 0..50 {
            ticks.tick().await;
            page.publish_logs(100, &format!("batch {batch}")).await;
        }
        page.shows("#counts", "5,000 events").await;
        assert!(page.value("document.getElementById('skipped').hidden").await.as_bool().unwrap());
        let rows = page.value("document.querySelectorAll('.list .row').length").await;
        assert!(rows.as_u64().unwrap() < 80, "{rows} rows exist");
        let gaps = page.value("gaps.sort((a, b) => a - b) && [gaps[gaps.length >> 1], gaps[Math.floor(gaps.length * 0.99)]]").await;
        // Of a screen that draws 60 times a second; the machine has other things to do as well.
        assert!(gaps[0].as_f64().unwrap() < 40.0 && gaps[1].as_f64().unwrap() < 250.0, "{gaps}");
    })
    .await;
}

#[tokio::test]
async fn the_page_holds_the_newest_rows_and_no_more() {
    browse(async |page| {
        page.open("").await;
        let held = page
            .call(
                "const { Rows } = await import('/page/rows.js');
                 const rows = new Rows();
                 for (let n = 0; n < 70000; n += 1) rows.push({ id: String(n), text: 'x' });
                 const many = [rows.size, [...rows][0].id, rows.has('19999'), rows.has('20000'), rows.push({ id: '69999', text: 'x' })];
                 const large = new Rows(50000, 1000);
                 for (let n = 0; n < 30; n += 1) large.push({ id: String(n), text: 'x'.repeat(n === 29 ? 5000 : 100) });
                 return [many, large.size];",
            )
            .await;
        assert_eq!(held, json!([[50_000, "20000", false, true, false], 1]));
    })
    .await;
}

/// The first row that is wholly in sight, and where it is.
async fn top_row(page: &Page) -> Value {
    page.value(
        "[...document.querySelectorAll('.list .row')].map((row) => [row.getBoundingClientRect().top \
         - document.getElementById('list').getBoundingClientRect().top, row.textContent])\
         .filter(([top]) => top >= 0).sort((a, b) => a[0] - b[0])[0]",
    )
    .await
}

const NAMES: &str = ".list .row .name";
