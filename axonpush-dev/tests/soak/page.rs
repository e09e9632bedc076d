//! The page in a browser, and what it holds.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use crate::browser::{Browser, screenshots};

pub(crate) struct Page(Browser);

/// What reached the page.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(crate) struct OnPage {
    /// Different events that were put into its list.
    pub(crate) seen: u64,
    /// What its header says was skipped.
    pub(crate) skipped: u64,
    /// Rows that it holds.
    pub(crate) held: u64,
    /// Elements that it consists of.
    pub(crate) elements: u64,
    pub(crate) errors: u64,
}

impl Page {
    /// Opens the page and keeps account of each row from then on.
    pub(crate) async fn open(url: &str, total: u64) -> Self {
        let page = Self(Browser::start().await);
        let driver = &page.0.driver;
        driver.goto(format!("{url}/")).await.unwrap();
        let watch = driver.execute_async(WATCH, vec![json!(total)]).await.unwrap();
        assert_eq!(watch.json(), "live", "the page did not connect");
        driver.cdp().send_raw("Performance.enable", json!({})).await.unwrap();
        page
    }

    pub(crate) async fn seen(&self) -> OnPage {
        let seen = self.0.driver.execute("return window.soak.tell()", Vec::new()).await.unwrap();
        serde_json::from_value(seen.json().clone()).unwrap()
    }

    /// What reached it once everything did, or half a minute has passed.
    pub(crate) async fn covers(&self, total: u64) -> OnPage {
        let mut clock = tokio::time::interval(Duration::from_millis(250));
        for _ in 0..120 {
            clock.tick().await;
            let seen = self.seen().await;
            if seen.seen + seen.skipped >= total {
                return seen;
            }
        }
        self.seen().await
    }

    /// MiB of its scripts' memory, without what is garbage.
    pub(crate) async fn heap(&self) -> u64 {
        let cdp = self.0.driver.cdp();
        cdp.send_raw("HeapProfiler.collectGarbage", json!({})).await.unwrap();
        let metrics = cdp.send_raw("Performance.getMetrics", json!({})).await.unwrap();
        let metrics = metrics["metrics"].as_array().unwrap();
        let used = metrics.iter().find(|metric| metric["name"] == "JSHeapUsedSize").unwrap();
        used["value"].as_u64().unwrap_or_default() >> 20
    }

    pub(crate) async fn screenshot(&self) {
        self.0.driver.screenshot(&screenshots().join("soak.png")).await.unwrap();
    }

    pub(crate) async fn close(self) {
        let _: Result<(), _> = self.0.driver.clone().quit().await;
    }
}

impl OnPage {
    pub(crate) fn breaches(&self, total: u64) -> Vec<String> {
        let mut breaches = Vec::new();
        if self.seen + self.skipped != total || self.errors > 0 {
            breaches.push(format!("the page: {self}, of {total}"));
        }
        breaches
    }
}

impl fmt::Display for OnPage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seen, skipped, held, errors, .. } = self;
        write!(formatter, "{seen} came, {skipped} shown as skipped, {held} rows held, {errors} script errors")
    }
}

/// Notes each row that the page's own list takes in, a bit for each, and waits until the page follows the stream.
const WATCH: &str = r#"
    const [total, done] = arguments;
    const bits = new Uint8Array(total);
    const number = (text) => Number(String(text).replace(/\D/g, "")) || 0;
    window.soak = { seen: 0, errors: 0, rows: undefined };
    addEventListener("error", () => { window.soak.errors += 1; });
    addEventListener("unhandledrejection", () => { window.soak.errors += 1; });
    window.soak.tell = () => {
        const skipped = document.getElementById("skipped");
        return {
            seen: window.soak.seen,
            skipped: skipped.checkVisibility() ? number(skipped.textContent) : 0,
            held: window.soak.rows?.size ?? 0,
            elements: document.getElementsByTagName("*").length,
            errors: window.soak.errors,
        };
    };
    import("/page/rows.js").then(({ Rows }) => {
        const push = Rows.prototype.push;
        Rows.prototype.push = function (row) {
            window.soak.rows = this;
            const place = number(row.name);
            const fresh = push.call(this, row);
            if (fresh && bits[place] === 0) {
                bits[place] = 1;
                window.soak.seen += 1;
            }
            return fresh;
        };
        const wait = () => {
            const state = document.getElementById("state").dataset.state;
            if (state === "live") done(state); else setTimeout(wait, 20);
        };
        wait();
    }, (error) => done(String(error)));
"#;
