//! The server is not there: at the start, for a while, every other second, or under that name.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use axonpush::{AxonPush, Event, LossReason, QueuePolicy, RetryPolicy};
use rig::{
    PATIENCE,
    proxy::{Fault, Proxy},
};

use super::{Scale, Stage, Verdict, enqueue, lasts, ms, stored};

/// The longest wait between two attempts, jitter included, and a second to get things done.
const LIVENESS: Duration = Duration::from_secs(6);

/// Requests that reach the proxy and go no further: an outage whose probes can be counted.
const DOWN: Fault = Fault::ResetMidRequest(0);

/// A request that begins so soon after the server went down was under way already.
const UNDER_WAY: Duration = Duration::from_millis(150);

pub(super) fn down_at_start(scale: Scale) -> Verdict {
    let events = scale.of(1_000, 10_000);
    let mut verdict = Verdict::new();
    let server = rig::server();
    let proxy = Proxy::start(server.addr());
    proxy.set(Fault::Refuse);
    let began = Instant::now();
    let client = rig::settings(&server).base_url(proxy.url()).build().unwrap();
    verdict.note(format_args!("built in {}", ms(began.elapsed())));
    enqueue(&client, "e", events);
    lasts(scale.of(Duration::from_millis(400), Duration::from_secs(55)));
    proxy.set(Fault::Pass);
    let up = Instant::now();
    let report = client.blocking().flush(PATIENCE);
    verdict.within("all delivered after", up.elapsed(), LIVENESS);
    verdict.exactly("lost", report.lost().total() + report.left(), 0);
    let _ = client.blocking().shutdown(PATIENCE);
    verdict.books(&client, &server);
    verdict
}

pub(super) fn down_in_mid_run(scale: Scale) -> Verdict {
    let (before, during, room) = scale.of((200_usize, 1_500, 1_000), (20_000, 80_000, 10_000));
    let outage = scale.of(Duration::from_millis(900), Duration::from_secs(60));
    let mut verdict = Verdict::new();
    let stage = Stage::with(|settings| settings.queue(QueuePolicy::new().max_events(room)));
    for piece in 0..before.div_ceil(room) {
        enqueue(&stage.client, &format!("before{piece}-"), before.min(room));
        let _ = stage.client.blocking().flush(PATIENCE);
    }
    let flushed = stage.client.stats();
    stage.proxy.set(DOWN);
    let down = Instant::now();
    // Spread over the outage, so that what is lost is lost to overflow and not to a burst.
    let pieces = 20;
    for piece in 0..pieces {
        enqueue(&stage.client, &format!("during{piece}-"), during / pieces as usize);
        lasts((outage * (piece + 1) / pieces).saturating_sub(down.elapsed()));
    }
    let probes = stage.proxy.request_times().into_iter().filter(|at| *at > down + UNDER_WAY).count();
    stage.proxy.set(Fault::Pass);
    let up = Instant::now();
    let report = stage.client.blocking().flush(PATIENCE);
    verdict.at_most("probes while down", probes, 20);
    verdict.within("drained after", up.elapsed(), Duration::from_secs(10));
    stage.close(&mut verdict);
    let (stats, lost) = (stage.client.stats(), stage.client.stats().lost().of(LossReason::QueueFull));
    let overflow = stats.lost().total() == lost && report.left() == 0 && flushed.lost().total() == 0;
    verdict.check(overflow, format_args!("{lost} lost, all to overflow"), "losses = overflow");
    verdict
}

pub(super) fn flapping(scale: Scale) -> Verdict {
    let (half, times, events) = scale.of((Duration::from_millis(150), 4, 200), (Duration::from_secs(1), 10, 2_000));
    let mut verdict = Verdict::new();
    let stage = Stage::new();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..times {
                stage.proxy.set(DOWN);
                lasts(half);
                stage.proxy.set(Fault::Pass);
                lasts(half);
            }
            over.store(true, Ordering::Release);
        });
        let (began, all) = (Instant::now(), half * 2 * times);
        for n in 0..events {
            stage.client.events().enqueue(Event::new(format!("e{n}")));
            lasts((all * n / events).saturating_sub(began.elapsed()));
        }
    });
    let up = Instant::now();
    let report = stage.client.blocking().flush(PATIENCE);
    verdict.within("drained after", up.elapsed(), LIVENESS);
    verdict.exactly("lost", report.lost().total() + report.left(), 0);
    verdict.at_most("requests", stage.proxy.requests(), 2 * u64::from(events));
    stage.close(&mut verdict);
    verdict
}

pub(super) fn names(scale: Scale) -> Verdict {
    let mut verdict = Verdict::new();
    // A label of more than 63 characters has no address anywhere, and no resolver is asked.
    let deadline = scale.of(Duration::from_millis(700), Duration::from_secs(10));
    let lost = AxonPush::builder()
        .api_key("ak_test")
        .base_url(format!("http://{}.invalid", "n".repeat(70)))
        .allow_insecure_http(true)
        .retry(RetryPolicy::new().delivery_deadline(deadline))
        .build()
        .unwrap();
    enqueue(&lost, "e", 20);
    let began = Instant::now();
    let report = lost.blocking().flush(PATIENCE);
    verdict.exactly("expired without an address", report.lost().of(LossReason::Expired), 20);
    verdict.within("after", began.elapsed(), deadline + LIVENESS);
    drop(lost);

    // By name: every new connection asks for the address again.
    let server = rig::server();
    let proxy = Proxy::start(server.addr());
    let url = proxy.url().replace("127.0.0.1", "localhost");
    let client = rig::settings(&server).base_url(url).build().unwrap();
    let count = scale.of(100, 1_000);
    enqueue(&client, "before", count);
    let _ = client.blocking().flush(PATIENCE);
    proxy.set(Fault::Refuse);
    enqueue(&client, "moved", count);
    lasts(scale.of(Duration::from_millis(200), Duration::from_secs(5)));
    proxy.set(Fault::Pass);
    let up = Instant::now();
    let report = client.blocking().shutdown(PATIENCE);
    verdict.within("found again after", up.elapsed(), LIVENESS);
    verdict.exactly("lost", report.lost().total() + report.left(), 0);
    verdict.note(format_args!("{} connections, {} stored", proxy.connections(), stored(&server).0));
    verdict.books(&client, &server);
    verdict
}
