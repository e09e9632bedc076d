//! A server, a browser that shows its page, and how a test waits for what it is to see.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axonpush_dev::{DevServer, Faults};
use serde_json::{Value, json};
use thirtyfour::WebDriver;
use tokio::sync::Mutex;

use crate::browser::{Browser, screenshots};

/// The page of a server that is this test's own.
pub(crate) struct Page {
    server: Mutex<Option<DevServer>>,
    url: String,
    pub(crate) driver: WebDriver,
    http: reqwest::Client,
}

/// Runs `test` with a fresh server and a fresh browser, which are gone afterwards however it ends.
pub(crate) async fn browse<F: Future<Output = ()> + Send + 'static>(test: impl FnOnce(Arc<Page>) -> F) {
    browse_with(DevServer::start().await.unwrap(), test).await;
}

pub(crate) async fn browse_with<F: Future<Output = ()> + Send + 'static>(
    server: DevServer,
    test: impl FnOnce(Arc<Page>) -> F,
) {
    // A browser is a dozen processes; several at a time make each other miss what is promised within a second.
    let _alone = ALONE.lock().await;
    let browser = Browser::start().await;
    let page = Page {
        url: server.url().to_owned(),
        server: Mutex::new(Some(server)),
        driver: browser.driver.clone(),
        http: reqwest::Client::new(),
    };
    let cdp = page.driver.cdp();
    cdp.send_raw("Page.addScriptToEvaluateOnNewDocument", json!({"source": WITNESS})).await.unwrap();
    page.resize(DESKTOP).await;
    // A task of its own, so that the browser is closed after a panic, too.
    let outcome = tokio::spawn(test(Arc::new(page))).await;
    let _ = browser.driver.clone().quit().await;
    if let Err(failure) = outcome {
        std::panic::resume_unwind(failure.into_panic());
    }
}

impl Page {
    /// Opens the page and waits until it is connected to the stream.
    pub(crate) async fn open(&self, hash: &str) {
        self.driver.goto(format!("{}/{hash}", self.url)).await.unwrap();
        self.until("document.getElementById('state').dataset.state === 'live'").await;
    }

    /// Goes to another place of the page that is open.
    pub(crate) async fn go(&self, hash: &str) {
        self.run(&format!("location.hash = {}", json!(hash))).await;
    }

    /// Publishes `event` and returns its id.
    pub(crate) async fn publish(&self, event: Value) -> String {
        self.publish_raw(&event.to_string()).await
    }

    /// Publishes an event as it is written here.
    pub(crate) async fn publish_raw(&self, body: &str) -> String {
        self.publish_at(&self.url, body).await
    }

    /// Publishes an event to another server than the page's.
    pub(crate) async fn publish_at(&self, url: &str, body: &str) -> String {
        let receipt = self.post(format!("{url}/event"), body.to_owned()).await;
        receipt["eventId"].as_str().unwrap().to_owned()
    }

    /// Publishes `count` log records in one request.
    pub(crate) async fn publish_logs(&self, count: usize, text: &str) {
        let record = |number| json!({"severityNumber": 9, "body": {"stringValue": format!("{text} {number}")}});
        let records: Vec<Value> = (0..count).map(record).collect();
        let resource = json!({"attributes": [{"key": "service.name", "value": {"stringValue": "load"}}]});
        let body = json!({"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": records}]}]});
        self.post(format!("{}/v1/logs", self.url), body.to_string()).await;
    }

    async fn post(&self, url: String, body: String) -> Value {
        let request = self.http.post(url).body(body);
        let headers = [("x-axonpush-api-key", "ak_test"), ("x-axonpush-channel", "default"), ("content-type", JSON)];
        let request = headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        let response = request.send().await.unwrap();
        let (status, text) = (response.status(), response.text().await.unwrap());
        assert_eq!(status, 200, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Stops the server under the page.
    pub(crate) async fn stop_server(&self) {
        let server = self.server.lock().await.take().unwrap();
        server.stop().await;
    }

    /// Publishes all of `events` in their order. What is absent may be `null` here.
    pub(crate) async fn publish_all(&self, events: &[Value]) {
        for event in events {
            let mut event = event.clone();
            event.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            self.publish(event).await;
        }
    }

    /// Has the server fail a share of the requests from now on.
    pub(crate) async fn fail(&self, rate: &str) {
        let server = self.server.lock().await;
        server.as_ref().unwrap().set_faults(Faults::default().fail(rate.parse().unwrap()));
    }

    /// What a function body of the page's own language returns.
    pub(crate) async fn run(&self, body: &str) -> Value {
        self.driver.execute(body, Vec::new()).await.unwrap_or_else(|error| panic!("{body}: {error}")).json().clone()
    }

    /// What an async function body returns, once it does.
    pub(crate) async fn call(&self, body: &str) -> Value {
        let script = format!(
            "const done = arguments[arguments.length - 1];
             (async () => {{ {body} }})().then(done, (error) => done(String(error)));"
        );
        self.driver.execute_async(script, Vec::new()).await.unwrap().json().clone()
    }

    /// The value of an expression.
    pub(crate) async fn value(&self, expression: &str) -> Value {
        self.run(&format!("return {expression}")).await
    }

    /// The first value of `expression` that is true, looked at with every frame. Fails when there is none in time.
    pub(crate) async fn until(&self, expression: &str) -> Value {
        let script = format!(
            "const done = arguments[arguments.length - 1];
             const end = performance.now() + {patience};
             (function look() {{
               let value = null;
               try {{ value = ({expression}); }} catch {{ /* Not there yet. */ }}
               if (value) done(value);
               else if (performance.now() > end) done(null);
               else setTimeout(look, 10);
             }})();",
            patience = PATIENCE.as_millis(),
        );
        let value = self.driver.execute_async(script, Vec::new()).await.unwrap().json().clone();
        if value.is_null() {
            self.screenshot("failure").await;
            panic!("it did not come to `{expression}`; complaints: {:?}", self.complaints().await);
        }
        value
    }

    /// Waits for an element of `selector` that shows `text`.
    pub(crate) async fn shows(&self, selector: &str, text: &str) {
        let (selector, text) = (json!(selector), json!(text));
        self.until(&format!(
            "[...document.querySelectorAll({selector})].some((found) => found.checkVisibility() && \
             found.textContent.includes({text}))"
        ))
        .await;
    }

    /// The texts of all elements of `selector` that are visible, from top to bottom.
    pub(crate) async fn texts(&self, selector: &str) -> Vec<String> {
        let texts = self
            .value(&format!(
                "[...document.querySelectorAll({})].filter((found) => found.checkVisibility()).map((found) => \
                 [found.getBoundingClientRect().top, found.textContent]).sort((a, b) => a[0] - b[0]).map((pair) => pair[1])",
                json!(selector)
            ))
            .await;
        serde_json::from_value(texts).unwrap()
    }

    pub(crate) async fn click(&self, selector: &str) {
        self.until(&format!("document.querySelector({})?.checkVisibility()", json!(selector))).await;
        self.run(&format!("document.querySelector({}).click()", json!(selector))).await;
    }

    /// Presses a key wherever the focus is.
    pub(crate) async fn press(&self, key: &str) {
        self.driver.action_chain().send_keys(key).perform().await.unwrap();
    }

    /// Width and height in CSS pixels, with the touch screen of a phone when it is as narrow as one.
    pub(crate) async fn resize(&self, (width, height): (u32, u32)) {
        let phone = width < 600;
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": if phone { 2 } else { 1 },
                             "mobile": phone});
        self.driver.cdp().send_raw("Emulation.setDeviceMetricsOverride", metrics).await.unwrap();
    }

    /// What the system prefers: `dark` or `light`.
    pub(crate) async fn prefer(&self, scheme: &str) {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.driver.cdp().send_raw("Emulation.setEmulatedMedia", features).await.unwrap();
    }

    /// Leaves a picture at `target/screenshots/<name>.png`.
    pub(crate) async fn screenshot(&self, name: &str) {
        self.driver.screenshot(&screenshots().join(format!("{name}.png"))).await.unwrap();
    }

    /// Errors of the page's scripts, and whatever its security policy had to stop.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        serde_json::from_value(self.value("window.complaints").await).unwrap()
    }
}

/// Hears every error and every breach of the policy, from before the page's first script on.
const WITNESS: &str = "
    window.complaints = [];
    const hear = (name, tell) => addEventListener(name, (event) => window.complaints.push(`${name}: ${tell(event)}`), true);
    hear('error', (event) => event.message ?? event.target?.outerHTML);
    hear('unhandledrejection', (event) => String(event.reason?.stack ?? event.reason));
    hear('securitypolicyviolation', (event) => `${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
";

/// `text` as a part of a link.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |link, byte| link + format!("%{byte:02x}").as_str())
}

/// A file of its own for one test, removed with what the database puts beside it.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        Self(std::env::temp_dir().join(format!("axonpush-page-{}.db", uuid::Uuid::new_v4())))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm", "-lock"] {
            let _ = std::fs::remove_file(format!("{}{suffix}", self.0.display()));
        }
    }
}

/// The smallest event there is.
pub(crate) fn event(identifier: &str) -> Value {
    json!({"identifier": identifier, "payload": {}})
}

/// Long enough for a busy machine; a test that works never waits that long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const DESKTOP: (u32, u32) = (1360, 850);
pub(crate) const PHONE: (u32, u32) = (390, 844);

const JSON: &str = "application/json";

static ALONE: Mutex<()> = Mutex::const_new(());
