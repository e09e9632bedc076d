//! Programs end, tasks are dropped.

use std::{
    pin::pin,
    task::{Context, Waker},
    thread,
    time::{Duration, Instant},
};

use axonpush::{Event, QueuePolicy};
use axonpush_dev::Answer;
use rig::PATIENCE;

use super::{Scale, Stage, Verdict, runtime_1};

/// What a deadline may be overrun by on a loaded machine.
const GRACE: Duration = Duration::from_millis(100);

pub(super) fn runtime_dropped(_: Scale) -> Verdict {
    let mut verdict = Verdict::new();
    let stage = Stage::new();
    let runtime = runtime_1();
    runtime.block_on(async { stage.enqueue(1_000) });
    drop(runtime);
    let report = stage.client.blocking().shutdown(PATIENCE);
    verdict.exactly("lost", report.lost().total() + report.left(), 0);
    stage.close(&mut verdict);
    verdict
}

pub(super) fn flushes(_: Scale) -> Verdict {
    let deadline = Duration::from_millis(300);
    let mut verdict = Verdict::new();
    let stage = Stage::with(|settings| {
        settings.queue(QueuePolicy::new().max_events(100)).attempt_timeout(Duration::from_millis(200))
    });
    stage.server.script(Answer::hang().always());
    stage.enqueue(1_000);
    let began = Instant::now();
    let full = stage.client.blocking().flush(deadline);
    verdict.within("full queue: flush took", began.elapsed(), deadline + GRACE);
    // The queue, 32 being sent, and as many that wait for their retry.
    verdict.at_most("left", full.left(), 100 + 64);
    stage.server.clear_script();
    let began = Instant::now();
    let complete = thread::scope(|scope| {
        let flushes: Vec<_> =
            (0..20).map(|_| scope.spawn(|| stage.client.blocking().flush(PATIENCE).left() == 0)).collect();
        flushes.into_iter().map(|flush| flush.join().unwrap()).filter(|complete| *complete).count()
    });
    verdict.exactly("of 20 at once complete", complete, 20);
    verdict.within("in", began.elapsed(), Duration::from_secs(6));
    let first = stage.client.blocking().shutdown(PATIENCE);
    let began = Instant::now();
    let again = [stage.client.blocking().shutdown(PATIENCE), stage.client.blocking().flush(PATIENCE)];
    let idle = first.is_complete() && again.iter().all(|report| report.is_complete() && report.delivered() == 0);
    verdict.check(idle, "again and after the end: nothing", "idempotent");
    verdict.within("in", began.elapsed(), GRACE);
    stage.close(&mut verdict);
    verdict
}

pub(super) fn cancelled_futures(scale: Scale) -> Verdict {
    let times = scale.of(100_u32, 2_000);
    let mut verdict = Verdict::new();
    let stage = Stage::new();
    let runtime = runtime_1();
    let mut acknowledged = 0_u64;
    let events = stage.client.events();
    // After so many polls, and after so much time: whatever a future waits for, some are dropped there.
    for n in 0..times {
        let name = format!("p{n}");
        let polls = n % 4;
        let mut publish = pin!(events.publish(Event::new(name)));
        let mut waits = Context::from_waker(Waker::noop());
        let done = (0..polls).any(|_| publish.as_mut().poll(&mut waits).is_ready());
        acknowledged += u64::from(done);
        events.enqueue(Event::new(format!("e{n}")));
        let mut flush = pin!(stage.client.flush(PATIENCE));
        let _ = (0..polls).any(|_| flush.as_mut().poll(&mut waits).is_ready());
    }
    for n in 0..times {
        let publish = events.publish(Event::new(format!("t{n}")));
        let cut = Duration::from_micros(u64::from(n % 50) * 40);
        let done = runtime.block_on(async { tokio::time::timeout(cut, publish).await.is_ok_and(|sent| sent.is_ok()) });
        acknowledged += u64::from(done);
    }
    // Whatever was taken by those that were dropped is there again.
    let together = runtime.block_on(async {
        let whole = (0..64).map(|n| Event::new(format!("w{n}")));
        events.publish_many(whole).await.iter().flatten().count()
    });
    verdict.exactly("of 64 published afterwards", together, 64);
    {
        let mut waits = Context::from_waker(Waker::noop());
        let _dropped = pin!(stage.client.shutdown(PATIENCE)).poll(&mut waits).is_ready();
    }
    let began = Instant::now();
    let report = stage.client.blocking().shutdown(PATIENCE);
    verdict.within("shutdown, dropped once, took", began.elapsed(), Duration::from_secs(2));
    verdict.exactly("left", report.left(), 0);
    let (stats, events) = (stage.client.stats(), stage.server.events());
    let of = |name: &str| events.iter().filter(|event| event.identifier.starts_with(name)).count() as u64;
    let (queued, awaited) = (of("e"), of("p") + of("t"));
    verdict.check(
        stats.is_balanced() && stats.delivered() == queued && queued == u64::from(times),
        format_args!("{stats}, stored {queued}"),
        "books exact",
    );
    verdict.check(
        awaited >= acknowledged && of("w") == 64,
        format_args!("{acknowledged} acknowledged, {awaited} of {} stored", 2 * times),
        "acknowledged <= stored",
    );
    verdict
}
