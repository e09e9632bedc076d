//! Publishes numbered events at a steady rate.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

pub(crate) struct Publisher {
    began: Instant,
    published: Arc<AtomicU64>,
    thread: JoinHandle<Published>,
}

/// What was published, and what was not.
pub(crate) struct Published {
    taken: u64,
    refused: u64,
    took: Duration,
}

impl Publisher {
    /// On a thread of its own, so that a busy browser does not slow it down.
    pub(crate) fn start(url: &str, total: u64, rate: u64) -> Self {
        let published = Arc::new(AtomicU64::new(0));
        let (url, count) = (format!("{url}/event"), Arc::clone(&published));
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(publish(url, total, rate, count))
        });
        Self { began: Instant::now(), published, thread }
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }

    /// How many events were taken, and since when.
    pub(crate) fn so_far(&self) -> (u64, Duration) {
        (self.published.load(Ordering::Relaxed), self.began.elapsed())
    }

    pub(crate) fn end(self) -> Published {
        self.thread.join().unwrap()
    }
}

async fn publish(url: String, total: u64, rate: u64, published: Arc<AtomicU64>) -> Published {
    let http = reqwest::Client::new();
    let room = Arc::new(Semaphore::new(IN_FLIGHT));
    let refused = Arc::new(AtomicU64::new(0));
    let mut sending = JoinSet::new();
    let mut clock = tokio::time::interval(Duration::from_millis(5));
    let began = Instant::now();
    let mut next = 0;
    while next < total {
        clock.tick().await;
        let due = u64::try_from(began.elapsed().as_millis()).unwrap() * rate / 1_000;
        while next < due.min(total) {
            let permit = Arc::clone(&room).acquire_owned().await.unwrap();
            let request = http.post(&url).header("x-axonpush-api-key", "ak_soak").json(&event(next));
            let (published, refused) = (Arc::clone(&published), Arc::clone(&refused));
            sending.spawn(async move {
                let taken = request.send().await.is_ok_and(|response| response.status() == 200);
                if taken { published } else { refused }.fetch_add(1, Ordering::Relaxed);
                drop(permit);
            });
            next += 1;
        }
        while sending.try_join_next().is_some() {}
    }
    sending.join_all().await;
    let took = began.elapsed();
    Published { taken: published.load(Ordering::Relaxed), refused: refused.load(Ordering::Relaxed), took }
}

/// A log record as services write them; each tenth failed.
fn event(number: u64) -> serde_json::Value {
    let (severity, text) = if number.is_multiple_of(10) { (17, "ERROR") } else { (9, "INFO") };
    json!({
        "identifier": format!("soak {number}"), "eventType": "app.log", "traceId": format!("{number:032x}"),
        "dedupKey": format!("soak-{number}"),
        "payload": {
            "severityNumber": severity, "severityText": text, "body": format!("order {number} was placed and is on its way"),
            "attributes": {"request.id": format!("req_{}", number / 8), "order.total": 42, "http.route": "/orders/{id}"},
            "resource": {"service.name": "soak", "service.version": "1.0.0"},
        },
    })
}

impl Published {
    pub(crate) fn breaches(&self, rate: u64) -> Vec<String> {
        let mut breaches = Vec::new();
        if self.refused > 0 {
            breaches.push(format!("{} events were not taken", self.refused));
        }
        if self.per_second() < rate * 9 / 10 {
            breaches.push(format!("only {} events a second were published, not {rate}", self.per_second()));
        }
        breaches
    }

    fn per_second(&self) -> u64 {
        self.taken * 1_000 / u64::try_from(self.took.as_millis()).unwrap().max(1)
    }
}

impl fmt::Display for Published {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, rate) = (self.took.as_secs(), self.per_second());
        write!(formatter, "{} events in {seconds} s, {rate}/s; {} refused", self.taken, self.refused)
    }
}

const IN_FLIGHT: usize = 64;
