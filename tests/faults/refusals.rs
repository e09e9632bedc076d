//! The server asks for time, or does not know the key.

use std::{
    thread,
    time::{Duration, Instant},
};

use axonpush::{Event, RetryPolicy};
use axonpush_dev::Answer;
use rig::PATIENCE;

use super::{Scale, Stage, Verdict, lasts, ms, until};

/// How much earlier than asked a request may come.
const EARLY: Duration = Duration::from_millis(50);

/// How long the client may take to read an answer and act on it.
const SETTLED: Duration = Duration::from_millis(60);

pub(super) fn retry_after_pauses_everything(scale: Scale) -> Verdict {
    const PROBE: Duration = Duration::from_millis(100);
    let (seconds, events) = scale.of((1, 200), (5, 5_000));
    let pause = Duration::from_secs(seconds);
    let mut verdict = Verdict::new();
    let stage = Stage::new();
    stage.server.script(Answer::status(429).header("retry-after", seconds.to_string()));
    // The answer to the probe takes a while: whoever does not wait for it is seen.
    stage.server.script(Answer::accept().delay(PROBE));
    stage.client.events().enqueue(Event::new("first"));
    let asked = until(|| stage.proxy.answers() == 1);
    lasts(SETTLED);
    stage.enqueue(events);
    let report = stage.client.blocking().flush(PATIENCE);
    let times = stage.proxy.request_times();
    let (first, later) = times.split_first().unwrap();
    let early = later.iter().filter(|at| **at + EARLY < *first + pause).count();
    verdict.exactly("requests before the time was up", early, 0);
    let resumed = later.iter().find(|at| **at + EARLY >= *first + pause).copied().unwrap_or(*first);
    verdict.within("resumed late by", resumed.saturating_duration_since(*first + pause), Duration::from_millis(600));
    let beside = times.iter().filter(|at| **at > resumed && **at + EARLY < resumed + PROBE).count();
    verdict.exactly("requests beside the probe", beside, 0);
    verdict.check(asked && report.is_complete(), report, "all delivered");
    stage.close(&mut verdict);
    verdict
}

/// The wait between the first two requests when the first is answered with `answer`.
fn wait_after(answer: Answer) -> (Duration, bool) {
    let stage = Stage::new();
    stage.server.script(answer);
    stage.enqueue(1);
    let complete = stage.client.blocking().flush(PATIENCE).is_complete();
    let times = stage.proxy.request_times();
    let wait = match times.as_slice() {
        [first, second, ..] => *second - *first,
        _ => Duration::ZERO,
    };
    let mut books = Verdict::new();
    stage.close(&mut books);
    (wait, complete && books.into_parts().2)
}

pub(super) fn retry_after_in_every_form(_: Scale) -> Verdict {
    const DATE: &str = "Wed, 21 Oct 2015 07:28:00 GMT";
    let forms: [(&str, &str, bool); 5] = [
        ("a date", "Wed, 21 Oct 2015 07:28:01 GMT", true),
        ("a past date", "Wed, 21 Oct 2015 07:27:00 GMT", false),
        ("garbage", "soon", false),
        ("negative", "-5", false),
        ("nothing", "", false),
    ];
    let mut verdict = Verdict::new();
    let waits: Vec<_> = thread::scope(|scope| {
        let spawn = |(name, value, waits): (&'static str, &'static str, bool)| {
            let both = [429, 503].map(|status| {
                let answer = Answer::status(status).header("date", DATE).header("retry-after", value);
                scope.spawn(move || wait_after(answer))
            });
            (name, waits, both)
        };
        let running = forms.map(spawn);
        running.into_iter().map(|(name, waits, both)| (name, waits, both.map(|one| one.join().unwrap()))).collect()
    });
    for (name, asked, both) in waits {
        let (least, most) = if asked { (950, 2_000) } else { (180, 900) };
        for (wait, complete) in both {
            let fits = wait >= Duration::from_millis(least) && wait <= Duration::from_millis(most);
            verdict.check(fits && complete, format_args!("{name} {}", ms(wait)), format_args!("{least} to {most} ms"));
        }
    }
    let stage = Stage::with(|settings| settings.retry(RetryPolicy::new().max_retries(0)));
    stage.server.script(Answer::status(429).header("retry-after", "1e18"));
    let error = super::runtime_1().block_on(stage.client.events().publish(Event::new("x"))).unwrap_err();
    verdict.exactly("1e18 is", error.retry_after().unwrap_or_default().as_secs(), 300);
    verdict
}

pub(super) fn clock_steps(_: Scale) -> Verdict {
    let dates: [(&str, &str, &str); 4] = [
        ("server an hour ahead", "Fri, 01 Jan 2100 01:00:00 GMT", "Fri, 01 Jan 2100 01:00:01 GMT"),
        ("server an hour back", "Thu, 01 Jan 2015 00:00:00 GMT", "Thu, 01 Jan 2015 00:00:01 GMT"),
        ("server at epoch 0", "Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:01 GMT"),
        ("server's date is garbage", "yesterday", "Thu, 01 Jan 1970 00:00:01 GMT"),
    ];
    let mut verdict = Verdict::new();
    let waits = thread::scope(|scope| {
        dates
            .map(|(name, date, until)| {
                let answer = Answer::status(503).header("date", date).header("retry-after", until);
                (name, scope.spawn(move || wait_after(answer)))
            })
            .map(|(name, wait)| (name, wait.join().unwrap()))
    });
    for (name, (wait, complete)) in waits {
        let fits = complete && wait <= Duration::from_secs(2);
        verdict.check(fits, format_args!("{name}: waited {}", ms(wait)), "<= 2000 ms, delivered");
    }
    // Events of impossible times are sent like any other.
    let stage = Stage::with(|settings| settings.send_occurred_at(true));
    let hour = Duration::from_secs(3600);
    let epoch = std::time::UNIX_EPOCH;
    let now = std::time::SystemTime::now();
    let times = [epoch, epoch - hour, epoch + hour, now - hour, now + hour];
    for (n, time) in times.into_iter().enumerate() {
        stage.client.events().enqueue(Event::new(format!("e{n}")).occurred_at(time));
    }
    let began = Instant::now();
    let report = stage.client.blocking().flush(PATIENCE);
    verdict.exactly("events of other times delivered", report.delivered(), times.len() as u64);
    verdict.within("in", began.elapsed(), Duration::from_secs(1));
    stage.close(&mut verdict);
    verdict
}

pub(super) fn unauthorized_holds(scale: Scale) -> Verdict {
    let mut verdict = Verdict::new();
    for status in [401, 403] {
        let stage = Stage::new();
        stage.server.script(Answer::status(status).always());
        stage.client.events().enqueue(Event::new("first"));
        let refused = until(|| stage.proxy.answers() == 1);
        lasts(SETTLED);
        stage.enqueue(100);
        let held = scale.of(Duration::from_millis(400), Duration::from_secs(62));
        lasts(held);
        let probes = stage.proxy.requests() - 1;
        verdict.at_most(&format!("{status}: probes in {}", ms(held)), probes, scale.of(0, 2));
        stage.server.clear_script();
        // The key is fixed; a shutdown tries what waits at once.
        let report = stage.client.blocking().shutdown(PATIENCE);
        verdict.check(refused && report.left() == 0, report, "none left");
        verdict.exactly("lost", stage.client.stats().lost().total(), 0);
        verdict.books(&stage.client, &stage.server);
    }
    verdict
}
