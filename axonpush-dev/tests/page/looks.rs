//! What it looks like: pictures of every view, at a desk and in a hand, by day and by night.

use axonpush_dev::DevServer;
use serde_json::json;

use crate::rig::{DESKTOP, PHONE, Page, browse, browse_with};
use crate::story::{self, FAILED_REQUEST, FAILED_TRACE};

#[tokio::test]
async fn every_view_has_its_pictures() {
    let server = DevServer::builder().seed_demo().start().await.unwrap();
    browse_with(server, async |page| {
        page.open("").await;
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
    page.go("#/events").await;
    page.click(".list .row[data-level='error']:not([hidden])").await;
    page.shows(".detail h2", "").await;
    page.screenshot(&format!("detail-{kind}")).await;
    page.press("\u{e00c}").await;
    let overflows = page.value("document.documentElement.scrollWidth > innerWidth").await;
    assert_eq!(overflows, false, "{kind}: something is wider than the screen");
}

#[tokio::test]
async fn a_phone_shows_all_of_it_in_one_column() {
    browse(async |page| {
        page.resize(PHONE).await;
        story::tell(&page).await;
        page.open("").await;
        page.shows(".list .row .name", "POST /assist").await;
        // Two lines a row, and nothing that has to be scrolled to sideways.
        assert_eq!(page.value("document.querySelector('.list .row').offsetHeight").await, 50);
        page.click(".list .row:not([hidden])").await;
        page.shows(".detail h2", "POST /assist").await;
        let covers = page.value("document.getElementById('detail').getBoundingClientRect().width === innerWidth").await;
        assert_eq!(covers, true);
        for selector in ["#search", "#pause", ".detail .close"] {
            let size =
                page.value(&format!("document.querySelector('{selector}').getBoundingClientRect().height")).await;
            assert!(size.as_f64().unwrap() >= 30.0, "{selector} is too small for a finger");
        }
        page.click(".detail .close").await;
        page.until("document.getElementById('detail').hidden").await;
    })
    .await;
}

#[tokio::test]
async fn it_is_dark_or_light_as_the_system_prefers_until_somebody_chooses() {
    browse(async |page| {
        let is_dark = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g)[0] < 100";
        page.prefer("dark").await;
        page.open("").await;
        page.until(is_dark).await;
        page.prefer("light").await;
        page.until(&format!("!({is_dark})")).await;
        page.click("#theme").await;
        page.until(is_dark).await;
        page.driver.refresh().await.unwrap();
        page.until(is_dark).await;
        page.press("d").await;
        page.until(&format!("!({is_dark})")).await;
    })
    .await;
}

/// WCAG's ratio for text is 4.5.
#[tokio::test]
async fn texts_can_be_read_by_day_and_by_night() {
    browse(async |page| {
        page.open("").await;
        story::tell(&page).await;
        page.shows(".list .row .name", "POST /assist").await;
        for scheme in ["light", "dark"] {
            page.prefer(scheme).await;
            let faint = page.run(CONTRASTS).await;
            assert_eq!(faint, json!([]), "{scheme}");
        }
    })
    .await;
}

/// The texts of the list whose colour is too close to what is behind them.
const CONTRASTS: &str = "
    const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    const rgb = (...layers) => {
      canvas.clearRect(0, 0, 1, 1);
      for (const color of layers) { canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1) }
      return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const light = (color) => {
      const [r, g, b] = color.map((part) => part / 255).map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
      const layers = [];
      for (let at = element; at; at = at.parentElement) layers.unshift(getComputedStyle(at).backgroundColor);
      return rgb(...layers);
    };
    return [...document.querySelectorAll('.row:not([hidden]) > span:not(.trace), .foot span, nav a')]
      .filter((element) => element.checkVisibility() && element.textContent && !element.closest('.heading'))
      .map((element) => {
        const [one, other] = [light(rgb(getComputedStyle(element).color)), light(behind(element))];
        return [(Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05), element.className, element.textContent];
      })
      .filter(([ratio]) => ratio < 4.5);
";
