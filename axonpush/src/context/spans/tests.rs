use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Arc, Mutex},
};

use futures_util::future;
use tokio::task::{JoinSet, yield_now};
use tracing::{
    Dispatch, Instrument as _, Span,
    dispatcher::{WeakDispatch, with_default},
    info_span,
    level_filters::LevelFilter,
};
use tracing_subscriber::{Registry, layer::SubscriberExt as _, registry, registry::LookupSpan};

use super::*;

fn current_id() -> Option<String> {
    RequestContext::current().map(|context| context.request_id().to_string())
}

#[expect(clippy::unnecessary_wraps, reason = "compared with what `current_id` found")]
fn id_of(context: &RequestContext) -> Option<String> {
    Some(context.request_id().to_string())
}

fn subscriber() -> Dispatch {
    Dispatch::new(registry().with(ContextLayer::new()))
}

fn held(subscriber: &Dispatch) -> usize {
    subscriber.downcast_ref::<ContextLayer>().unwrap().held()
}

/// A span created in a context, which is not in force any more.
fn span_in(context: &RequestContext) -> Span {
    context.sync_scope(|| info_span!("in a context"))
}

#[test]
fn a_plainly_spawned_task_finds_its_request_by_its_span() {
    let subscriber = subscriber();
    with_default(&subscriber, || {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
            let context = RequestContext::new();
            let tasks = context.sync_scope(|| {
                let span = info_span!("work");
                [tokio::spawn(async { current_id() }.instrument(span)), tokio::spawn(async { current_id() })]
            });
            let [with_span, without] = tasks;
            assert_eq!(with_span.await.unwrap(), id_of(&context));
            assert_eq!(without.await.unwrap(), None, "no span, no context");
        });
    });
    assert_eq!(held(&subscriber), 0);
}

#[test]
fn the_context_in_force_wins_over_that_of_the_span() {
    let subscriber = subscriber();
    with_default(&subscriber, || {
        let (of_span, in_force) = (RequestContext::new(), RequestContext::new());
        let span = span_in(&of_span);
        span.in_scope(|| {
            assert_eq!(current_id(), id_of(&of_span));
            in_force.sync_scope(|| {
                assert_eq!(current_id(), id_of(&in_force));
                let inner = info_span!("inner");
                assert_eq!(
                    subscriber
                        .downcast_ref::<ContextLayer>()
                        .unwrap()
                        .context_of(&inner.id().unwrap())
                        .map(|context| context.request_id().clone()),
                    Some(in_force.request_id().clone())
                );
            });
            assert_eq!(current_id(), id_of(&of_span));
        });
        assert_eq!(current_id(), None);
    });
}

#[test]
fn a_span_without_a_context_of_its_own_has_that_of_its_parent() {
    let subscriber = subscriber();
    with_default(&subscriber, || {
        let (context, other) = (RequestContext::new(), RequestContext::new());
        let parent = span_in(&context);
        let explicit = info_span!(parent: &parent, "explicit");
        let contextual = parent.in_scope(|| info_span!("contextual"));
        let root = parent.in_scope(|| info_span!(parent: None, "root"));
        let foreign = span_in(&other).in_scope(|| info_span!(parent: &parent, "of another request"));
        let follows = info_span!("follows");
        follows.follows_from(&parent);
        // The children stay in the request when the parent has closed.
        drop(parent);
        for (span, expected) in [
            (&explicit, id_of(&context)),
            (&contextual, id_of(&context)),
            (&foreign, id_of(&context)),
            (&root, None),
            (&follows, None),
        ] {
            assert_eq!(span.in_scope(current_id), expected, "{:?}", span.metadata());
        }
    });
    assert_eq!(held(&subscriber), 0);
}

#[test]
fn clones_and_other_threads_keep_the_context_until_the_last_has_closed() {
    let subscriber = subscriber();
    let context = RequestContext::new();
    let span = with_default(&subscriber, || span_in(&context));
    let clone = span.clone();
    drop(span);
    assert_eq!(held(&subscriber), 1);
    let (elsewhere, expected) = (subscriber.clone(), id_of(&context));
    std::thread::spawn(move || {
        with_default(&elsewhere, || assert_eq!(clone.in_scope(current_id), expected));
        drop(clone);
    })
    .join()
    .unwrap();
    assert_eq!(held(&subscriber), 0);
    // This handle is the last: nothing holds the context when the span has closed.
    assert_eq!(context.handles(), 1);
}

#[test]
fn subscribers_do_not_mix_up_their_spans() {
    let (one, another, none) = (subscriber(), subscriber(), Dispatch::new(registry()));
    let contexts = [RequestContext::new(), RequestContext::new()];
    let first = with_default(&one, || span_in(&contexts[0]));
    let second = with_default(&another, || span_in(&contexts[1]));
    assert_eq!(first.id(), second.id(), "of different spans");
    with_default(&one, || assert_eq!(first.in_scope(current_id), id_of(&contexts[0])));
    with_default(&another, || {
        assert_eq!(second.in_scope(current_id), id_of(&contexts[1]));
        assert_eq!(first.in_scope(current_id), None, "a span of another subscriber is not the current one");
    });
    with_default(&none, || assert_eq!(info_span!("plain").in_scope(current_id), None));
    first.in_scope(|| assert_eq!(current_id(), None, "no subscriber is the default"));
    drop((first, second));
    assert_eq!((held(&one), held(&another)), (0, 0));
}

#[test]
fn filters_boxes_and_options_around_the_layer_are_seen_through() {
    fn filtered<S: Subscriber + for<'a> LookupSpan<'a>>() -> impl Layer<S> {
        ContextLayer::new().with_filter(LevelFilter::INFO)
    }
    fn silent<S: Subscriber + for<'a> LookupSpan<'a>>() -> impl Layer<S> {
        tracing_subscriber::layer::Identity::new().with_filter(LevelFilter::OFF)
    }
    let boxed: Box<dyn Layer<Registry> + Send + Sync> = Box::new(ContextLayer::new());
    let subscribers = [
        Dispatch::new(registry().with(filtered())),
        Dispatch::new(registry().with(filtered()).with(silent())),
        Dispatch::new(registry().with(silent()).with(Some(filtered()))),
        Dispatch::new(registry().with(boxed)),
        Dispatch::new(registry().with(ContextLayer::new().and_then(silent()))),
    ];
    for (number, subscriber) in subscribers.iter().enumerate() {
        with_default(subscriber, || {
            let context = RequestContext::new();
            assert_eq!(span_in(&context).in_scope(current_id), id_of(&context), "subscriber {number}");
        });
        assert_eq!(held(subscriber), 0);
    }
    with_default(&subscribers[0], || {
        let hidden = RequestContext::new().sync_scope(|| tracing::debug_span!("hidden"));
        assert_eq!(hidden.in_scope(current_id), None);
    });
    let absent = Dispatch::new(registry().with(None::<ContextLayer>));
    with_default(&absent, || assert_eq!(span_in(&RequestContext::new()).in_scope(current_id), None));
}

#[test]
fn a_layer_that_is_asked_within_its_own_subscriber_answers() {
    /// Looks for the context of an event, as a layer that publishes it would.
    struct Looks {
        subscriber: Mutex<Option<WeakDispatch>>,
        found: Arc<Mutex<Vec<Option<String>>>>,
    }

    impl<S: Subscriber> Layer<S> for Looks {
        fn on_register_dispatch(&self, subscriber: &Dispatch) {
            *self.subscriber.lock().unwrap() = Some(subscriber.downgrade());
        }

        fn on_event(&self, _: &tracing::Event<'_>, subscriber: Context<'_, S>) {
            let whole = self.subscriber.lock().unwrap().as_ref().and_then(WeakDispatch::upgrade).unwrap();
            let layer: &ContextLayer = whole.downcast_ref().unwrap();
            let found = subscriber.current_span().id().and_then(|id| layer.context_of(id));
            self.found.lock().unwrap().push(found.and_then(|context| id_of(&context)));
            RequestContext::current();
        }

        fn on_new_span(&self, _: &span::Attributes<'_>, _: &span::Id, _: Context<'_, S>) {
            RequestContext::current();
        }

        fn on_close(&self, _: span::Id, _: Context<'_, S>) {
            RequestContext::current();
        }
    }

    let found = Arc::default();
    let looks = Looks { subscriber: Mutex::default(), found: Arc::clone(&found) };
    with_default(&Dispatch::new(registry().with(looks).with(ContextLayer::new())), || {
        let context = RequestContext::new();
        span_in(&context).in_scope(|| tracing::info!("inside"));
        tracing::info!("outside");
        assert_eq!(*found.lock().unwrap(), [id_of(&context), None]);
    });
}

#[test]
fn panics_and_ending_threads_leave_nothing_behind() {
    struct AtExit(Span);
    impl Drop for AtExit {
        fn drop(&mut self) {
            self.0.in_scope(RequestContext::current);
        }
    }
    thread_local!(static LATE: RefCell<Option<AtExit>> = const { RefCell::new(None) });
    let subscriber = subscriber();
    with_default(&subscriber, || {
        let span = span_in(&RequestContext::new());
        let panicked = catch_unwind(AssertUnwindSafe(|| span.in_scope(|| resume_unwind(Box::new("out")))));
        assert!(panicked.is_err());
        assert_eq!(current_id(), None);
    });
    let elsewhere = subscriber.clone();
    let ended = std::thread::spawn(move || {
        with_default(&elsewhere, || LATE.set(Some(AtExit(span_in(&RequestContext::new())))));
    });
    ended.join().unwrap();
    assert_eq!(held(&subscriber), 0);
}

#[test]
fn a_thousand_requests_with_spans_never_see_a_foreign_context_and_none_is_held_afterwards() {
    async fn checks(expected: Option<String>) {
        let look = || async {
            yield_now().await;
            current_id()
        };
        for _ in 0..5 {
            assert_eq!(look().await, expected);
        }
        let (one, another) = (info_span!("one"), info_span!("another"));
        let found = future::join3(look().instrument(one), look(), look().instrument(another)).await;
        assert_eq!(found, (expected.clone(), expected.clone(), expected.clone()));
        let [deeper, cut] = [info_span!("deeper"), info_span!("cut")].map(|span| tokio::spawn(look().instrument(span)));
        cut.abort();
        assert_eq!(deeper.await.unwrap(), expected);
    }

    let subscriber = subscriber();
    let everywhere = subscriber.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        // As long as the thread lives: a registry that is not the default never hears of its parents' closing.
        .on_thread_start(move || std::mem::forget(tracing::dispatcher::set_default(&everywhere)))
        .build()
        .unwrap();
    with_default(&subscriber, || {
        runtime.block_on(async {
            let mut tasks = JoinSet::new();
            for n in 0..1000 {
                let context = RequestContext::new();
                // Every tenth in a span that belongs to no request.
                let (span, expected) =
                    if n % 10 == 0 { (info_span!("no request"), None) } else { (span_in(&context), id_of(&context)) };
                tasks.spawn(checks(expected).instrument(span));
            }
            while let Some(ended) = tasks.join_next().await {
                ended.unwrap();
            }
        });
        drop(runtime);
    });
    assert_eq!(held(&subscriber), 0);
    let layer: &ContextLayer = subscriber.downcast_ref().unwrap();
    for shard in &layer.shards {
        assert_eq!(shard.held.load(Ordering::Relaxed), 0);
    }
    assert!(format!("{layer:?}").contains("spans: 0"));
}

#[test]
fn spans_are_spread_over_the_shards() {
    let subscriber = subscriber();
    let layer: &ContextLayer = subscriber.downcast_ref().unwrap();
    let spans: Vec<_> = with_default(&subscriber, || {
        let context = RequestContext::new();
        (0..1600).map(|_| span_in(&context)).collect()
    });
    let fullest = layer.shards.iter().map(|shard| shard.contexts().len()).max();
    assert!(fullest < Some(200), "{fullest:?} of {} in one", spans.len());
}
