//! A client of `GET /events/stream` that keeps account of every sequence number.

use std::fmt;
use std::thread::JoinHandle;
use std::time::Duration;

use serde::Deserialize;

pub(crate) struct Follower(JoinHandle<Followed>);

/// What came over the stream.
#[derive(Default)]
pub(crate) struct Followed {
    seen: u64,
    skipped: u64,
    /// Sequence numbers that neither came nor were told to be skipped.
    missed: u64,
    /// Events that came out of order or twice.
    disordered: u64,
    ended_early: Option<String>,
}

#[derive(Deserialize)]
struct Skipped {
    count: u64,
}

impl Follower {
    /// Follows until `total` events came or were skipped.
    pub(crate) fn start(url: &str, total: u64) -> Self {
        let url = format!("{url}/events/stream");
        let (tell, connected) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let request = reqwest::Client::new().get(url).header("x-axonpush-api-key", "ak_soak");
                let response = request.send().await.unwrap();
                tell.send(()).unwrap();
                follow(response, total).await
            })
        });
        connected.recv().unwrap();
        Self(thread)
    }

    pub(crate) fn end(self) -> Followed {
        self.0.join().unwrap()
    }
}

async fn follow(mut response: reqwest::Response, total: u64) -> Followed {
    let mut followed = Followed::default();
    let mut expected = 1;
    let mut text = String::new();
    while followed.seen + followed.skipped < total {
        let chunk = match tokio::time::timeout(SILENCE, response.chunk()).await {
            Ok(Ok(Some(chunk))) => chunk,
            ended => {
                followed.ended_early = Some(format!("{ended:?}"));
                return followed;
            }
        };
        // The server sends whole messages, and all of this is ASCII.
        text.push_str(std::str::from_utf8(&chunk).unwrap());
        while let Some((message, rest)) = text.split_once("\n\n") {
            followed.take(message, &mut expected);
            text = rest.to_owned();
        }
    }
    followed
}

impl Followed {
    fn take(&mut self, message: &str, expected: &mut u64) {
        let field = |name: &str| message.lines().find_map(|line| line.strip_prefix(name));
        if field("event: ") == Some("skipped") {
            let Skipped { count } = serde_json::from_str(field("data: ").unwrap()).unwrap();
            self.skipped += count;
            *expected += count;
        } else if let Some(id) = field("id: ") {
            let id: u64 = id.parse().unwrap();
            self.seen += 1;
            self.missed += id.saturating_sub(*expected);
            self.disordered += u64::from(id < *expected);
            *expected = id.max(*expected) + 1;
        }
    }

    pub(crate) fn breaches(&self, total: u64) -> Vec<String> {
        let mut breaches = Vec::new();
        if let Some(why) = &self.ended_early {
            breaches.push(format!("the stream ended early: {why}"));
        }
        if self.missed > 0 || self.disordered > 0 || self.seen + self.skipped != total {
            breaches.push(format!("the stream: {self}, of {total}"));
        }
        breaches
    }
}

impl fmt::Display for Followed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seen, skipped, missed, disordered, .. } = self;
        write!(formatter, "{seen} came, {skipped} skipped, {missed} missed without a word, {disordered} out of order")
    }
}

/// Longer than the server is ever silent.
const SILENCE: Duration = Duration::from_secs(30);
