//! Faults that need a process of their own. The program starts itself again as `faults --part NAME URL …`.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use axonpush::{AxonPush, Event, RetryPolicy};
use rig::PATIENCE;
use serde_json::{Value, json};

use super::{Scale, Verdict, enqueue, lasts, runtime_1, stored};

/// Beyond this a part is stuck.
const STUCK: Duration = Duration::from_secs(40);

/// Plays a part and returns the line to print.
pub(crate) fn play(args: &[String]) -> Value {
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["fork", url, times] => fork_part(url, times.parse().unwrap()),
        #[cfg(unix)]
        ["sigterm", url, events] => sigterm_part(url, events.parse().unwrap()),
        ["tls", url] => tls_part(url),
        _ => json!({"unknown": args}),
    }
}

/// Starts this program again and reads the line it prints; `None` when it fails or does not end.
pub(super) fn part(args: &[&str], certificates: Option<&Path>) -> Option<Value> {
    let mut command = Command::new(std::env::args_os().next().unwrap());
    command.arg("--part").args(args).stdout(Stdio::piped());
    if let Some(path) = certificates {
        command.env("SSL_CERT_FILE", path).env_remove("SSL_CERT_DIR");
    }
    let mut child = command.spawn().unwrap();
    let started = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if started.elapsed() > STUCK {
            let _ = child.kill();
        }
        lasts(Duration::from_millis(2));
    }
    let output = child.wait_with_output().unwrap();
    output.status.success().then(|| serde_json::from_slice(&output.stdout).ok()).flatten()
}

fn settings(url: &str) -> axonpush::AxonPushBuilder {
    AxonPush::builder().api_key("ak_test").base_url(url).report_losses(false)
}

/// What a child sends, and what the parent sends between two forks.
const CHILDS: usize = 10;
const PARENTS: usize = 20;

#[cfg(unix)]
pub(super) fn fork(scale: Scale) -> Verdict {
    let times: usize = scale.of(3, 100);
    let mut verdict = Verdict::new();
    let server = rig::server();
    let said = part(&["fork", server.url(), &times.to_string()], None).unwrap_or_default();
    verdict.exactly("children that ended well", said["children"].as_u64().unwrap_or_default(), times as u64);
    verdict.check(said["parent"] == json!(true), format_args!("parent's books {}", said["stats"]), "books exact");
    let (distinct, all) = stored(&server);
    verdict.exactly("stored", distinct, times * (PARENTS + CHILDS));
    verdict.exactly("sent twice", all as u64 - distinct as u64 + server.duplicates(), 0);
    verdict
}

#[cfg(unix)]
fn fork_part(url: &str, times: usize) -> Value {
    let client = settings(url).build().unwrap();
    let mut children = 0;
    for n in 0..times {
        // Half is delivered and has warmed the connections; the other half waits or travels.
        enqueue(&client, &format!("parent{n}-a"), PARENTS / 2);
        let _ = client.blocking().flush(PATIENCE);
        enqueue(&client, &format!("parent{n}-b"), PARENTS / 2);
        match fork::fork() {
            Ok(fork::Fork::Parent(child)) => {
                children += usize::from(fork::waitpid(child).is_ok_and(|status| status == 0));
            }
            Ok(fork::Fork::Child) => std::process::exit(child(&client, n)),
            Err(_) => {}
        }
    }
    let report = client.blocking().shutdown(PATIENCE);
    let stats = client.stats();
    let parent = stats.is_balanced() && report.left() == 0 && stats.delivered() == (times * PARENTS) as u64;
    json!({"children": children, "parent": parent, "stats": stats.to_string()})
}

/// A child's life; 0 when all was well.
#[cfg(unix)]
fn child(client: &AxonPush, n: usize) -> i32 {
    std::thread::spawn(|| {
        lasts(Duration::from_secs(5));
        std::process::exit(3);
    });
    enqueue(client, &format!("child{n}-"), CHILDS);
    if client.stats().accepted() != CHILDS as u64 {
        return 1;
    }
    let report = client.blocking().flush(PATIENCE);
    if report.is_complete() && client.stats().delivered() == CHILDS as u64 { 0 } else { 2 }
}

#[cfg(not(unix))]
pub(super) fn fork(_: Scale) -> Verdict {
    let mut verdict = Verdict::new();
    verdict.note("no fork on this system");
    verdict
}

#[cfg(not(unix))]
fn fork_part(_: &str, _: usize) -> Value {
    Value::Null
}

/// Requests that may be on their way.
#[cfg(unix)]
const AT_ONCE: u64 = 32;

/// How long a process that was told to end may deliver.
#[cfg(unix)]
const LAST: Duration = Duration::from_millis(800);

#[cfg(unix)]
pub(super) fn sigterm(scale: Scale) -> Verdict {
    let events: usize = scale.of(1_000, 10_000);
    let mut verdict = Verdict::new();
    for (server_is, answers) in [("up", true), ("silent", false)] {
        let server = rig::server();
        if !answers {
            server.script(axonpush_dev::Answer::hang().always());
        }
        let said = part(&["sigterm", server.url(), &events.to_string()], None).unwrap_or_default();
        let took = Duration::from_secs_f64(said["seconds"].as_f64().unwrap_or(1e6));
        verdict.within(&format!("server {server_is}: ended after"), took, LAST + Duration::from_millis(100));
        let (delivered, lost) = (said["delivered"].as_u64(), said["lost"].as_u64());
        let delivered = delivered.unwrap_or_default();
        // What was on its way when time was up is reported as lost, and may have arrived.
        let (stored, _) = stored(&server);
        verdict.check(
            said["balanced"] == json!(true) && (delivered..=delivered + AT_ONCE).contains(&(stored as u64)),
            format_args!("delivered {delivered}, stored {stored}"),
            "books exact, but for what was on its way",
        );
        let sum = delivered + lost.unwrap_or_default();
        verdict.exactly("delivered and reported as lost", sum, events as u64);
        verdict.check(said["left"] == json!(lost), format_args!("left {}", said["left"]), "the report names them all");
    }
    verdict
}

/// Fills the queue, has itself told to end, and says what its last act came to.
#[cfg(unix)]
fn sigterm_part(url: &str, events: usize) -> Value {
    let client = settings(url).build().unwrap();
    runtime_1().block_on(async {
        let mut told = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).unwrap();
        enqueue(&client, "e", events);
        let kill = Command::new("kill").args(["-TERM", &std::process::id().to_string()]).status();
        assert!(kill.is_ok_and(|status| status.success()));
        told.recv().await;
        let began = Instant::now();
        let report = client.shutdown(LAST).await;
        let (took, stats) = (began.elapsed(), client.stats());
        json!({
            "seconds": took.as_secs_f64(),
            "left": report.left(),
            "balanced": stats.is_balanced() && stats.queued() + stats.in_flight() == 0,
            "delivered": stats.delivered(),
            "lost": stats.lost().total(),
        })
    })
}

#[cfg(not(unix))]
pub(super) fn sigterm(_: Scale) -> Verdict {
    let mut verdict = Verdict::new();
    verdict.note("no SIGTERM on this system");
    verdict
}

/// An awaited event and some from the queue, and what became of them.
fn tls_part(url: &str) -> Value {
    let deadline = Duration::from_millis(600);
    let retry = RetryPolicy::new().max_retries(0).delivery_deadline(deadline);
    let client = settings(url).retry(retry).fail_open(false).build().unwrap();
    let answer = runtime_1().block_on(client.events().publish(Event::new("awaited")));
    enqueue(&client, "e", 20);
    let _ = client.blocking().shutdown(deadline * 4);
    let stats = client.stats();
    json!({
        "published": answer.is_ok(),
        "connect": answer.as_ref().is_err_and(axonpush::Error::is_connect),
        "says": answer.err().map(|error| error.to_string()).unwrap_or_default(),
        "balanced": stats.is_balanced() && stats.queued() + stats.in_flight() == 0,
        "delivered": stats.delivered(),
        "lost": stats.lost().total(),
    })
}
