//! Connections break at the worst moment, and answers are not what they seem.

use std::time::Duration;

use axonpush::LossReason;
use axonpush_dev::Answer;
use rig::{PATIENCE, proxy::Fault};

use super::{Scale, Stage, Verdict, enqueue, lasts, until};

pub(super) fn resets_and_cuts(scale: Scale) -> Verdict {
    let mut verdict = Verdict::new();
    let faults = [("reset", Fault::ResetMidRequest(150)), ("cut", Fault::CutResponse(60))];
    for (name, fault) in faults {
        let stage = Stage::new();
        broken(&stage, &mut verdict, scale, name, fault);
        stage.close(&mut verdict);
    }
    verdict
}

pub(super) fn lost_answers(scale: Scale) -> Verdict {
    let mut verdict = Verdict::new();
    let stage = Stage::new();
    broken(&stage, &mut verdict, scale, "answer lost", Fault::DropResponse);
    verdict.note(format_args!("{} repeats recognised", stage.server.duplicates()));
    stage.close(&mut verdict);
    verdict
}

/// Three in ten requests meet `fault`, and nothing is lost.
fn broken(stage: &Stage, verdict: &mut Verdict, scale: Scale, name: &str, fault: Fault) {
    let events = scale.of(100, 10_000);
    stage.proxy.sometimes(0.3, fault);
    stage.enqueue(events);
    if scale == Scale::Short {
        // The few that meet it again and again would wait for as many seconds.
        until(|| stage.proxy.requests() >= events as u64);
        stage.proxy.set(Fault::Pass);
    }
    let report = stage.client.blocking().flush(scale.of(PATIENCE, 15 * PATIENCE));
    verdict.exactly(&format!("{name}: lost"), report.lost().total() + report.left(), 0);
    verdict.note(format_args!("{} requests for {events} events", stage.proxy.requests()));
    stage.proxy.set(Fault::Pass);
}

pub(super) fn success_that_confirms_nothing(_: Scale) -> Verdict {
    /// What is read of a receipt: an old server echoes the event in it.
    const READ: u64 = 512 << 10;
    /// What the proxy may have written before it notices that nobody reads on.
    const SLACK: u64 = 64 << 10;
    const ATTEMPTS: u64 = 4;
    let html = "<html>portal</html>";
    let cases: [(&str, Answer); 4] = [
        ("HTML", Answer::status(200).header("content-type", "text/html").body(html)),
        ("garbage", Answer::status(200).body(vec![0xff; 300])),
        ("wrong type", Answer::status(200).header("content-type", "text/plain").body("OK")),
        ("1 MiB", Answer::status(200).body(vec![b' '; 1 << 20])),
    ];
    let mut verdict = Verdict::new();
    std::thread::scope(|scope| {
        let run = |(name, answer): (&'static str, Answer)| {
            let case = scope.spawn(move || {
                let stage = Stage::new();
                // So slow that buffers on the way hold little.
                stage.proxy.set(Fault::Trickle(4 << 20));
                stage.server.script(answer.always());
                stage.enqueue(1);
                let report = stage.client.blocking().flush(PATIENCE);
                (stage, report)
            });
            (name, case)
        };
        for (name, case) in cases.map(run) {
            let (stage, report) = case.join().unwrap();
            verdict.exactly(&format!("{name}: lost"), report.lost().of(LossReason::BadResponse), 1);
            verdict.at_most("attempts", stage.proxy.requests(), ATTEMPTS);
            let each = stage.proxy.bytes_to_client() / stage.proxy.requests().max(1);
            verdict.at_most("bytes an answer", each, READ + SLACK);
            stage.server.clear_script();
            enqueue(&stage.client, "next", 1);
            stage.close(&mut verdict);
        }
    });
    verdict
}

pub(super) fn idle_close(scale: Scale) -> Verdict {
    let (idle, requests) = scale.of((Duration::from_millis(8), 60), (Duration::from_millis(40), 600));
    let mut verdict = Verdict::new();
    let stage = Stage::new();
    stage.proxy.set(Fault::IdleClose(idle));
    let mut lost = 0;
    for n in 0..requests {
        enqueue(&stage.client, &format!("e{n}-"), 1);
        let report = stage.client.blocking().flush(PATIENCE);
        lost += report.lost().total() + report.left();
        // Around the edge: a millisecond before to a millisecond after.
        lasts(idle.saturating_sub(Duration::from_millis(1)) + Duration::from_micros(100) * (n % 21));
    }
    verdict.exactly("lost", lost, 0);
    verdict.note(format_args!(
        "{} requests at the edge, {} sent again, {} connections",
        requests,
        stage.proxy.requests().saturating_sub(u64::from(requests)),
        stage.proxy.connections()
    ));
    stage.close(&mut verdict);
    verdict
}
