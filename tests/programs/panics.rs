//! Panics in the ways that are hard on a hook, and says what the hook that was there before has seen.
#![expect(clippy::panic, reason = "it is what the program is for")]

use std::{
    error::Error,
    panic::panic_any,
    process,
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use axonpush::{
    AxonPush, AxonPushBuilder, Event, FlushReport, LostEvents, OverflowPolicy, QueuePolicy, RedactionPattern,
    RedactionPolicy, RequestContext,
};
use tracing::span::{Id, Record};
use tracing_subscriber::{layer::SubscriberExt, registry::LookupSpan, util::SubscriberInitExt};

const PATIENCE: Duration = Duration::from_secs(20);

/// Threads that panicked, as the first hook saw them.
static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Events heard on a thread that was panicking.
static HEARD: AtomicUsize = AtomicUsize::new(0);

/// What is not dropped when `main` panics.
static KEPT: OnceLock<AxonPush> = OnceLock::new();

/// Hears everything, as loudly as can be.
struct Listens;

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Listens {
    fn on_event(&self, _: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        if thread::panicking() {
            HEARD.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Panics with a span's lock in hand, as a layer may that formats values.
struct PanicsOnRecord;

impl<S: tracing::Subscriber + for<'a> LookupSpan<'a>> tracing_subscriber::Layer<S> for PanicsOnRecord {
    fn on_record(&self, id: &Id, _: &Record<'_>, subscriber: tracing_subscriber::layer::Context<'_, S>) {
        let Some(span) = subscriber.span(id) else { return };
        let _locked = span.extensions_mut();
        panic_any("in a layer");
    }
}

/// Panics when it is dropped, be it while another panic unwinds.
struct PanicsOnDrop;

impl Drop for PanicsOnDrop {
    fn drop(&mut self) {
        panic_any("in a destructor");
    }
}

fn settings() -> AxonPushBuilder {
    AxonPush::builder().with_env()
}

fn main() -> Result<(), Box<dyn Error>> {
    std::panic::set_hook(Box::new(|_| {
        let name = thread::current().name().unwrap_or_default().to_owned();
        SEEN.lock().unwrap_or_else(PoisonError::into_inner).push(name);
    }));
    let client = settings().build()?;
    tracing_subscriber::registry().with(PanicsOnRecord).with(Listens).with(client.tracing_layer()).init();
    client.install_panic_hook();
    client.install_panic_hook();
    let client = KEPT.get_or_init(|| client);
    match std::env::args().nth(1).as_deref() {
        Some("main") => {
            // A panic with nobody to tell.
            panic_any("in main")
        }
        Some("held-up") => {
            // The worker never comes back from this one.
            let queue = QueuePolicy::new().max_events(1).overflow(OverflowPolicy::DropNewest);
            let (entered, is_held_up) = std::sync::mpsc::channel();
            let hold = move |_: &LostEvents| {
                let _gone = entered.send(());
                thread::park();
            };
            let client = settings().queue(queue).report_losses(false).on_loss(hold).build()?;
            client.install_panic_hook();
            for _ in 0..1000 {
                client.events().enqueue(Event::new("flood"));
            }
            is_held_up.recv()?;
            std::mem::forget(client);
            panic_any("in main")
        }
        Some("twice") => {
            let thread = thread::spawn(|| {
                let _panics = PanicsOnDrop;
                panic_any("the first");
            });
            let _never = thread.join();
            process::exit(0)
        }
        _ => threads(client),
    }
}

fn threads(client: &AxonPush) -> Result<(), Box<dyn Error>> {
    // Another client, with a pattern that panics itself.
    let pattern = RedactionPattern::new("bad", |text| {
        tracing::info!(length = text.len(), "in a pattern");
        panic_any("in a pattern")
    });
    let other = settings().redaction(RedactionPolicy::new().redact_patterns([pattern])).channel_id("other").build()?;
    other.install_panic_hook();
    let gone = settings().channel_id("gone").build()?;
    gone.install_panic_hook();
    drop(gone);

    let context = RequestContext::builder().request_id("req-panic".parse()?).build();
    spawn("in-request", move || {
        let _span = tracing::info_span!("work").entered();
        context.sync_scope(|| panic_any(format!("no order {}, password=hunter2", 7)));
    })?;
    spawn("no-text", || panic_any(7))?;
    let span = RequestContext::new().sync_scope(|| tracing::info_span!("work", late = tracing::field::Empty));
    spawn("in-layer", move || {
        let _entered = span.enter();
        span.record("late", 1);
    })?;

    // On the worker's own thread.
    let queue = QueuePolicy::new().max_events(1).overflow(OverflowPolicy::DropNewest);
    let small = settings().queue(queue).report_losses(false).on_loss(|_| panic_any("in a hook")).build()?;
    for _ in 0..1000 {
        small.events().enqueue(Event::new("flood"));
    }
    let flooded = small.blocking().shutdown(PATIENCE);

    let complete = [flooded, other.blocking().shutdown(PATIENCE), client.blocking().shutdown(PATIENCE)];
    let seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner).clone();
    print(&serde_json::json!({
        "seen": seen,
        "heard": HEARD.load(Ordering::Relaxed),
        "complete": complete.iter().all(FlushReport::is_complete),
    }));
    Ok(())
}

/// Runs `work`, which panics, on a thread of that name.
fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Box<dyn Error>> {
    let thread = thread::Builder::new().name(name.to_owned()).spawn(work)?;
    thread.join().err().map(drop).ok_or_else(|| "it did not panic".into())
}

#[expect(clippy::print_stdout, reason = "the test reads it")]
fn print(line: &serde_json::Value) {
    println!("{line}");
}
