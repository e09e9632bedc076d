//! What it looks like: pictures of every view, at a desk and in a hand, by day and by night.

use crate::rig::{DESKTOP, PHONE, Page, browse};
use crate::story::{self, FAILED_REQUEST, FAILED_TRACE};

#[tokio::test]
async fn every_view_has_its_pictures() {
    browse(async |page| {
        page.open("").await;
        page.shows(".empty", "Waiting for the first event").await;
        page.screenshot("empty-desktop").await;
        page.resize(PHONE).await;
        page.screenshot("empty-phone").await;
        page.resize(DESKTOP).await;
        story::tell(&page).await;
        page.shows(".list .row .name", "POST /assist").await;
        for scheme in ["light", "dark"] {
            page.prefer(scheme).await;
            for (name, size) in [("desktop", DESKTOP), ("phone", PHONE)] {
                page.resize(size).await;
                pictures(&page, &format!("{name}-{scheme}")).await;
            }
        }
        assert!(page.complaints().await.is_empty(), "{:?}", page.complaints().await);
    })
    .await;
}

async fn pictures(page: &Page, kind: &str) {
    for (view, hash, selector, text) in [
        ("events", "#/events".to_owned(), ".list .row .name", "POST /assist"),
        ("request", format!("#/request/{FAILED_REQUEST}"), ".steps .name", "POST /assist"),
        ("trace", format!("#/trace/{FAILED_TRACE}"), ".waterfall .open", "execute_tool"),
        ("traces", "#/traces".to_owned(), ".traces a", "POST /assist"),
        ("charts", "#/charts".to_owned(), ".legend", "p99"),
        ("clients", "#/clients".to_owned(), ".clients td", "shop"),
    ] {
        page.go(&hash).await;
        page.shows(selector, text).await;
        page.screenshot(&format!("{view}-{kind}")).await;
    }
    page.go("#/events?q=level:error").await;
    page.click(".list .row:not([hidden])").await;
    page.shows(".detail h2", "").await;
    page.screenshot(&format!("detail-{kind}")).await;
    page.press("\u{e00c}").await;
    let overflows = page.value("document.documentElement.scrollWidth > innerWidth").await;
    assert_eq!(overflows, false, "{kind}: something is wider than the screen");
}
