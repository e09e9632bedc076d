//! A million events with the server down, beside the same with the server up.
//!
//! A process of its own each: typed events of about 350 bytes from one thread, as fast as they are made, default queue.
//! Handing over is timed without making the event. Down is a port where nobody listens; the shutdown is also timed against
//! a server that takes connections and never answers, which is the one that makes it wait to the end.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use axonpush::{AxonPush, Event};
use serde_json::json;
use support::{
    figure, median, process,
    sink::{self, Sink},
};

const OFFERED: u64 = 1_000_000;
const AT_ONCE: usize = 100;
const DEADLINE: Duration = Duration::from_millis(500);
const TURNS: usize = 3;

fn main() {
    match process::role() {
        None => compare(),
        Some((role, _)) if role == sink::ROLE => sink::serve(),
        Some((_, url)) => flood(&url),
    }
}

fn compare() {
    let sink = Sink::start();
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let silent = format!("http://{}", silent.local_addr().expect("bound"));
    let nobody = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("bound");
    let nobody = format!("http://{nobody}");
    let (mut up, mut down, mut grown, mut late) = (Vec::new(), Vec::new(), 0.0_f64, f64::MIN);
    for _ in 0..TURNS {
        up.push(process::run("flood", &sink.url())["hand_over"]);
        for (url, is_down) in [(&nobody, true), (&silent, false)] {
            let said = process::run("flood", url);
            grown = grown.max(said["grown_kib"] / 1024.0);
            late = late.max(said["shutdown_late"]);
            if is_down {
                down.push(said["hand_over"]);
            }
        }
    }
    figure("outage.hand_over.up", median(up));
    figure("outage.hand_over.down", median(down));
    figure("outage.grown", grown);
    figure("outage.shutdown_late", late);
}

fn flood(url: &str) {
    let client = AxonPush::builder().api_key("ak_bench").base_url(url).build().expect("complete settings");
    let payload = json!({"text": "x".repeat(180), "n": 1});
    // The client itself, its thread and its connections are not what is measured.
    client.events().enqueue(Event::new("warm-up"));
    let before = process::resident_kib();
    let mut handing = Duration::ZERO;
    let mut events = Vec::with_capacity(AT_ONCE);
    for _ in 0..OFFERED / AT_ONCE as u64 {
        events.extend((0..AT_ONCE).map(|_| Event::new("flood").payload(&payload).expect("an object")));
        let started = Instant::now();
        events.drain(..).for_each(|event| client.events().enqueue(event));
        handing += started.elapsed();
    }
    let grown = process::resident_kib().saturating_sub(before);
    let started = Instant::now();
    let report = client.blocking().shutdown(DEADLINE);
    let late = started.elapsed().as_secs_f64() - DEADLINE.as_secs_f64();
    let stats = client.stats();
    assert!(stats.is_balanced() && stats.accepted() > OFFERED, "{stats}; {report}");
    process::say("hand_over", handing.as_nanos() as f64 / OFFERED as f64);
    process::say("grown_kib", grown as f64);
    process::say("shutdown_late", late * 1e3);
}
