//! Many requests at once, whose tasks are mixed in every way a program may mix them.

use std::collections::HashSet;

use axonpush::{
    AxonPush, Event, InCurrentContext as _, QueuePolicy, RequestContext, RequestId,
    task::{self, JoinSetExt as _},
};
use futures_util::{StreamExt as _, stream};
use rig::PATIENCE;
use tokio::task::{JoinSet, yield_now};
use tracing::Instrument as _;

use super::{Scale, Stage, Verdict};

/// One for every way of getting from a request to an event.
const EVENTS: usize = 10;

pub(super) fn interleaved(scale: Scale) -> Verdict {
    let tasks = scale.of(200, 10_000);
    let events = tasks * EVENTS;
    let mut verdict = Verdict::new();
    let stage = Stage::with(|settings| settings.queue(QueuePolicy::new().max_events(events).max_bytes(1 << 30)));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .max_blocking_threads(4)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut requests = JoinSet::new();
        for n in 0..tasks {
            let id: RequestId = format!("r{n}").parse().unwrap();
            let context = RequestContext::builder().request_id(id).build();
            context.bind("task", n);
            requests.spawn(context.scope(request(stage.client.clone(), n)));
        }
        while let Some(ended) = requests.join_next().await {
            ended.unwrap();
        }
    });
    drop(runtime);
    for _ in 0..10 {
        if stage.client.blocking().flush(PATIENCE).is_complete() {
            break;
        }
    }
    let stored = stage.server.events();
    let right = stored.iter().filter_map(|event| {
        let (n, way) = event.identifier.split_once('-')?;
        let metadata = event.metadata.as_ref()?;
        let own = metadata["request.id"] == format!("r{n}") && metadata["task"].as_u64() == n.parse().ok();
        own.then_some((n, way))
    });
    verdict.exactly(
        &format!("of {events} events with their own request's id"),
        right.collect::<HashSet<_>>().len(),
        events,
    );
    verdict.exactly("events in all", stored.len(), events);
    let stats = stage.client.stats();
    // An awaited event is in the books only when it had to take the way through the queue.
    let delivered = usize::try_from(stats.delivered()).unwrap_or_default();
    let settled = stats.is_balanced() && stats.lost().total() == 0 && (events - tasks..=events).contains(&delivered);
    verdict.check(settled, stats, "books exact");
    verdict
}

/// Publishes an event in every way, with others in between.
async fn request(client: AxonPush, n: usize) {
    let tell = {
        let client = client.clone();
        move |way: usize| client.events().enqueue(Event::new(format!("{n}-{way}")))
    };
    let later = |way: usize| {
        let tell = tell.clone();
        async move {
            yield_now().await;
            tell(way);
        }
    };
    later(0).await;
    let nested = RequestContext::new();
    nested.scope(yield_now()).await;
    let spawned = task::spawn(later(1));
    let mut set = JoinSet::new();
    set.spawn_in_context(later(2));
    set.spawn_blocking_in_context({
        let tell = tell.clone();
        move || tell(3)
    });
    // Items are asked for by a task that is in no context.
    let items = Box::pin(stream::once(later(4)).in_current_context());
    let asked = tokio::spawn(items.count());
    let in_span = tokio::spawn(later(5).instrument(tracing::info_span!("work")));
    tokio::select! {
        () = later(6) => {}
        () = std::future::pending() => {}
    }
    let events = client.events();
    let published = events.publish(Event::new(format!("{n}-8")));
    let ((), published, ()) = tokio::join!(later(7), published, nested.scope(yield_now()));
    published.unwrap();
    while let Some(ended) = set.join_next().await {
        ended.unwrap();
    }
    spawned.await.unwrap();
    asked.await.unwrap();
    in_span.await.unwrap();
    nested.sync_scope(|| {});
    tell(9);
}
