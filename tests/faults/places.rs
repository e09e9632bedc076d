//! Every place a program may flush from.

use std::{
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use axonpush::AxonPush;
use rig::PATIENCE;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use super::{Scale, Stage, Verdict, ms, runtime_1};

/// The longest a flush of a hundred events may take; the deadline is far beyond.
const LIMIT: Duration = Duration::from_secs(2);

type Place = (&'static str, fn(AxonPush) -> bool);

const PLACES: [Place; 9] = [
    ("plain thread", |client| thread::spawn(move || complete(&client)).join().is_ok_and(|complete| complete)),
    ("current_thread, awaited", |client| runtime_1().block_on(awaited(client))),
    ("current_thread, blocking", |client| runtime_1().block_on(async { complete(&client) })),
    ("one worker, awaited", |client| {
        let runtime = one_worker();
        let task = runtime.spawn(awaited(client));
        runtime.block_on(task).is_ok_and(|complete| complete)
    }),
    ("one worker, blocking", |client| {
        let runtime = one_worker();
        let task = runtime.spawn(async move { complete(&client) });
        runtime.block_on(task).is_ok_and(|complete| complete)
    }),
    ("spawn_blocking", |client| {
        let runtime = runtime_1();
        let task = runtime.spawn_blocking(move || complete(&client));
        runtime.block_on(task).is_ok_and(|complete| complete)
    }),
    ("actix arbiter", |client| {
        let (tell, told) = mpsc::channel();
        let system = actix_rt::System::new();
        let arbiter = system.block_on(async { actix_rt::Arbiter::new() });
        arbiter.spawn(async move {
            let both = complete(&client) && awaited(client).await;
            let _ = tell.send(both);
        });
        let complete = told.recv_timeout(PATIENCE).unwrap_or_default();
        arbiter.stop();
        complete
    }),
    ("inside a layer", |client| {
        let (tell, told) = mpsc::channel();
        let layer = Flushes { client, tell };
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || tracing::info!("flush"));
        told.try_recv().unwrap_or_default()
    }),
    ("drop", |client| {
        drop(client);
        true
    }),
];

pub(super) fn flush_from_everywhere(_: Scale) -> Verdict {
    let mut verdict = Verdict::new();
    for (place, run) in PLACES {
        let Stage { server, proxy, client, .. } = Stage::new();
        super::enqueue(&client, "e", 100);
        let began = Instant::now();
        // The last handle moves, so that what is dropped in there is the client itself.
        let complete = run(client);
        let took = began.elapsed();
        let fits = complete && took < LIMIT && server.len() == 100;
        verdict.check(
            fits,
            format_args!("{place} {} of 100 in {}", server.len(), ms(took)),
            format_args!("100 within {}", ms(LIMIT)),
        );
        drop(proxy);
    }
    verdict
}

fn complete(client: &AxonPush) -> bool {
    client.blocking().flush(PATIENCE).is_complete()
}

async fn awaited(client: AxonPush) -> bool {
    client.flush(PATIENCE).await.is_complete()
}

fn one_worker() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// A layer that flushes for every event it hears.
struct Flushes {
    client: AxonPush,
    tell: mpsc::Sender<bool>,
}

impl<S: tracing::Subscriber> Layer<S> for Flushes {
    fn on_event(&self, _: &tracing::Event<'_>, _: Context<'_, S>) {
        let _ = self.tell.send(complete(&self.client));
    }
}
