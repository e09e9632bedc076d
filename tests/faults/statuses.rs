//! The server answers, and the answer is no success.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use axonpush::{DeliveryLane, DeliveryPolicy, Event, EventType, LossReason, QueuePolicy};
use axonpush_dev::Answer;
use rig::PATIENCE;

use super::{Scale, Stage, Verdict, enqueue, lasts, until};

pub(super) fn bursts_of_5xx(scale: Scale) -> Verdict {
    let events: u32 = scale.of(300, 100_000);
    let half = scale.of(Duration::from_millis(200), Duration::from_millis(250));
    let mut verdict = Verdict::new();
    let stage = Stage::with(|settings| settings.queue(QueuePolicy::new().max_events(100_000).max_bytes(64 << 20)));
    let over = AtomicBool::new(false);
    let report = thread::scope(|scope| {
        scope.spawn(|| {
            // Half of the time the server is well.
            for status in [500, 502, 503, 504].into_iter().cycle().take_while(|_| !over.load(Ordering::Acquire)) {
                stage.server.script(Answer::status(status).always());
                lasts(half);
                stage.server.clear_script();
                lasts(half);
            }
        });
        stage.enqueue(events as usize);
        let report = stage.client.blocking().flush(scale.of(PATIENCE, 15 * PATIENCE));
        over.store(true, Ordering::Release);
        report
    });
    verdict.exactly("lost", report.lost().total() + report.left(), 0);
    let attempts = u32::try_from(stage.proxy.requests()).unwrap();
    let mean = f64::from(attempts) / f64::from(events);
    verdict.check(mean <= 2.5, format_args!("mean attempts {mean:.2}"), "<= 2.5");
    stage.close(&mut verdict);
    verdict
}

pub(super) fn transient_4xx(_: Scale) -> Verdict {
    let mut verdict = Verdict::new();
    let stage = Stage::new();
    for status in [408, 425] {
        stage.server.script(Answer::status(status));
    }
    stage.enqueue(1);
    let report = stage.client.blocking().flush(PATIENCE);
    let bodies: Vec<_> = stage.server.requests().into_iter().map(|request| request.body).collect();
    verdict.exactly("attempts", bodies.len(), 3);
    let same = bodies.iter().all(|body| Some(body) == bodies.first());
    verdict.check(same, if same { "same bytes and key" } else { "different bytes" }, "identical");
    verdict.exactly("delivered", report.delivered(), 1);
    stage.close(&mut verdict);
    verdict
}

pub(super) fn hopeless_5xx(_: Scale) -> Verdict {
    let mut verdict = Verdict::new();
    let stage = Stage::new();
    refuse_each(&stage, &mut verdict, &[501, 505]);
    stage.close(&mut verdict);
    verdict
}

pub(super) fn refused_for_good(_: Scale) -> Verdict {
    let mut verdict = Verdict::new();
    let stage = Stage::new();
    super::lines::forget();
    refuse_each(&stage, &mut verdict, &[400, 404, 413, 422, 400, 404, 413, 422]);
    for status in [400, 404, 413, 422] {
        verdict.exactly("lines in the log a status", super::lines::about(status), 1);
    }
    stage.close(&mut verdict);
    too_large_in_all(&mut verdict);
    verdict
}

/// A batch that is too large goes in halves, and nothing of it is lost.
fn too_large_in_all(verdict: &mut Verdict) {
    let batches = DeliveryPolicy::new().logs(DeliveryLane::Otlp);
    let stage = Stage::with(|settings| settings.channel_id("c").delivery(batches));
    stage.server.script_otlp(Answer::status(413));
    for n in 0..8 {
        stage.client.events().enqueue(Event::new(format!("log{n}")).event_type(EventType::AppLog));
    }
    let report = stage.client.blocking().flush(PATIENCE);
    verdict.exactly("of a batch in halves delivered", report.delivered(), 8);
    // The first of them may have left in a batch of its own.
    verdict.at_most("in requests", stage.proxy.requests(), 4);
    stage.close(verdict);
}

pub(super) fn redirects(_: Scale) -> Verdict {
    let statuses = [300, 301, 302, 303, 304, 307, 308];
    let mut verdict = Verdict::new();
    let (stage, elsewhere) = (Stage::new(), rig::server());
    for status in statuses {
        stage.server.script(Answer::status(status).header("location", format!("{}/event", elsewhere.url())));
    }
    stage.enqueue(statuses.len());
    let report = stage.client.blocking().flush(PATIENCE);
    verdict.exactly("requests to the other host", elsewhere.requests().len(), 0);
    verdict.exactly("taken for delivered", report.delivered(), 0);
    verdict.exactly("requests", stage.proxy.requests(), statuses.len() as u64);
    stage.close(&mut verdict);
    verdict
}

/// Each of `statuses` refuses one event, once, and the event after it is none the worse.
fn refuse_each(stage: &Stage, verdict: &mut Verdict, statuses: &[u16]) {
    for (n, status) in statuses.iter().enumerate() {
        stage.server.script(Answer::status(*status));
        enqueue(&stage.client, &format!("refused{n}-"), 1);
        let _ = stage.client.blocking().flush(PATIENCE);
        enqueue(&stage.client, &format!("next{n}-"), 1);
        let _ = stage.client.blocking().flush(PATIENCE);
    }
    let (count, stats) = (statuses.len() as u64, stage.client.stats());
    verdict.exactly("rejected", stats.lost().of(LossReason::Rejected), count);
    verdict.exactly("the next delivered", stats.delivered(), count);
    verdict.exactly("requests", stage.proxy.requests(), 2 * count);
    let told = until(|| stage.told.load(Ordering::Relaxed) == count);
    verdict.check(told, if told { "hook told of each" } else { "hook not told" }, "hook called");
    let said = stage.client.last_error().and_then(|error| error.status());
    verdict.check(
        said == statuses.last().copied(),
        format_args!("last error {}", said.unwrap_or_default()),
        "the last refusal",
    );
}
