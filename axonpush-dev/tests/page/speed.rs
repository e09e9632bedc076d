//! How long somebody waits who opens the page of a server that has been busy.

use axonpush_dev::DevServer;

use crate::rig::browse_with;

#[tokio::test]
#[expect(clippy::print_stderr, reason = "a figure for `docs/performance.md`")]
async fn the_first_paint_comes_within_a_second_with_a_hundred_thousand_events_stored() {
    let server = DevServer::builder().max_batch(5_000).start().await.unwrap();
    browse_with(server, async |page| {
        for batch in 0..20 {
            page.publish_logs(5_000, &format!("batch {batch}")).await;
        }
        // The first time, the browser itself has to warm up.
        for _ in 0..2 {
            page.open("").await;
            page.shows(".list .row .message", "batch 19").await;
            page.driver.goto("about:blank").await.unwrap();
        }
        page.open("").await;
        let painted = page.until("performance.getEntriesByName('first-contentful-paint')[0]?.startTime").await;
        let rows = page.until("performance.getEntriesByName('first-rows')[0]?.startTime").await;
        let (painted, rows) = (painted.as_f64().unwrap(), rows.as_f64().unwrap());
        eprintln!("first paint after {painted:.0} ms, events after {rows:.0} ms, with 100,000 stored");
        assert!(painted < 1_000.0, "{painted} ms");
        assert!(rows < 2_000.0, "{rows} ms");
    })
    .await;
}
