//! Hours at a desk, in minutes: many events a second, with the page open in a real browser and a client on the stream.
//!
//! A few seconds of it are a test like any other. `cargo xtask soak` does it at full length.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "the figures are what it is run for")]

#[path = "../page/browser.rs"]
mod browser;
mod follower;
mod page;
mod publisher;
mod samples;
mod server;

use std::time::Duration;

use follower::Follower;
use page::Page;
use publisher::Publisher;
use samples::{Limits, Sample, Samples};
use server::Server;

#[tokio::test]
async fn nothing_is_missed_and_memory_stays_what_it_is() {
    let seconds = setting("AXONPUSH_SOAK_SECONDS", 8);
    let rate = setting("AXONPUSH_SOAK_RATE", 250);
    let total = seconds * rate;
    println!("{total} events at {rate}/s, {MAX_EVENTS} of them kept");

    let server = Server::start(MAX_EVENTS);
    let stream = Follower::start(server.url(), total);
    let page = Page::open(server.url(), total).await;
    let mut samples = Samples::default();
    let sending = Publisher::start(server.url(), total, rate);
    let mut clock = tokio::time::interval(Duration::from_secs((seconds / 40).clamp(1, 15)));
    while !sending.has_ended() {
        clock.tick().await;
        let (published, took) = sending.so_far();
        let seen = page.seen().await;
        samples.take(Sample { took, published, server: server.memory(), heap: page.heap().await, page: seen });
    }
    let sent = sending.end();
    let on_page = page.covers(total).await;
    let streamed = stream.end();
    page.screenshot().await;
    page.close().await;

    println!("{samples}");
    println!("published: {sent}\nstream:    {streamed}\npage:      {on_page}");
    let mut breaches = samples.breaches(&Limits::for_a_run_of(seconds, rate));
    // The short run has other tests beside it, which may slow it down.
    breaches.extend(sent.breaches(if seconds < 60 { 0 } else { rate }));
    breaches.extend(streamed.breaches(total));
    breaches.extend(on_page.breaches(total));
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}: expected a number")))
}

/// Far fewer than are published at full length, so that memory has to level off.
const MAX_EVENTS: u64 = 100_000;
