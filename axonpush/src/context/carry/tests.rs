use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::mpsc,
};

use futures_util::{FutureExt as _, StreamExt as _, future, stream};
use tokio::task::{JoinSet, yield_now};

use super::*;
use crate::task::{self, JoinSetExt as _};

fn current_id() -> Option<String> {
    RequestContext::current().map(|context| context.request_id().to_string())
}

/// Says, when it is dropped, which context is in force.
struct LastWords(mpsc::Sender<Option<String>>);

impl Drop for LastWords {
    fn drop(&mut self) {
        self.0.send(current_id()).unwrap();
    }
}

#[test]
fn contexts_nest_and_are_restored_even_by_a_panic() {
    let (outer, inner) = (RequestContext::new(), RequestContext::new());
    outer.sync_scope(|| {
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            inner.sync_scope(|| {
                assert_eq!(current_id().unwrap(), inner.request_id().as_str());
                resume_unwind(Box::new("out"));
            });
        }));
        assert!(panicked.is_err());
        assert_eq!(current_id().unwrap(), outer.request_id().as_str());
    });
    assert_eq!(current_id(), None);
}

#[tokio::test]
async fn a_future_or_stream_that_panics_leaves_no_context_behind() {
    let context = RequestContext::new();
    let panics = || async { resume_unwind(Box::new("out")) };
    assert!(AssertUnwindSafe(context.scope(panics())).catch_unwind().await.is_err());
    assert_eq!(current_id(), None);
    let mut items = Box::pin(stream::once(panics()).map(|(): ()| ()).in_context(&context));
    assert!(AssertUnwindSafe(items.next()).catch_unwind().await.is_err());
    assert_eq!(current_id(), None);
    drop(items);
    assert!(context.scope(async { task::spawn(panics()).await }).await.unwrap_err().is_panic());
    assert_eq!(current_id(), None);
}

/// Everything a request may do, with a yield wherever another could come in between.
async fn request(id: String) {
    let here = |place: &str| assert_eq!(current_id().as_deref(), Some(&*id), "{place}");
    let yields = |place: &'static str| async move {
        yield_now().await;
        here(place);
    };
    yields("alone").await;
    tokio::join!(yields("one side of join!"), yields("the other"), async {
        let nested = RequestContext::new();
        nested.scope(async { yield_now().await }).await;
        nested.sync_scope(|| assert_eq!(current_id().unwrap(), nested.request_id().as_str()));
        here("after a nested scope");
    });
    tokio::select! {
        () = yields("one branch of select!") => {}
        () = async { loop { yields("the losing branch").await } } => {}
    }
    here("after select!");

    let mut set = JoinSet::new();
    for n in 0..3 {
        set.spawn_in_context(async move {
            if n == 1 {
                yield_now().await;
            }
            current_id()
        });
    }
    while let Some(found) = set.join_next().await {
        assert_eq!(found.unwrap().as_deref(), Some(&*id), "in a set");
    }
    let items = stream::iter(0..3).then(|_| async {
        yield_now().await;
        current_id()
    });
    let items = items.in_current_context();
    // Collected by a task that is in no context, and by one of another request.
    let stranger = RequestContext::new();
    let (one, another) = (Box::pin(items), stream::iter(0..2).map(|_| current_id()).in_current_context());
    let found = tokio::spawn(one.collect::<Vec<_>>()).await.unwrap();
    assert_eq!(found, vec![Some(id.clone()); 3], "in a stream");
    let found = stranger.scope(another.collect::<Vec<_>>()).await;
    assert_eq!(found, vec![Some(id.clone()); 2], "in a stream that a stranger asks");
    here("at the end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_requests_never_see_a_foreign_context() {
    let mut requests = JoinSet::new();
    for _ in 0..1000 {
        let context = RequestContext::new();
        let id = context.request_id().to_string();
        requests.spawn(context.scope(request(id)));
    }
    // Among them, those that are in none.
    for _ in 0..100 {
        requests.spawn(async {
            for _ in 0..20 {
                yield_now().await;
                assert_eq!(current_id(), None);
            }
        });
    }
    while let Some(ended) = requests.join_next().await {
        ended.unwrap();
    }
    assert_eq!(current_id(), None);
}

#[test]
fn what_is_dropped_says_its_last_words_in_its_context() {
    let (said, heard) = mpsc::channel();
    let context = RequestContext::new();
    let id = Some(context.request_id().as_str());
    let words = LastWords(said.clone());
    drop(context.scope(async move {
        let _words = words;
        future::pending::<()>().await;
    }));
    assert_eq!(heard.recv().unwrap().as_deref(), id);
    let items = stream::iter([LastWords(said)]);
    drop(items.in_context(&context));
    assert_eq!(heard.recv().unwrap().as_deref(), id);
    assert_eq!(current_id(), None);
}

#[tokio::test]
async fn an_aborted_task_ends_in_its_context() {
    let (said, heard) = mpsc::channel();
    let context = RequestContext::new();
    let words = LastWords(said);
    let aborted = context.sync_scope(|| {
        task::spawn(async move {
            let _words = words;
            future::pending::<()>().await;
        })
    });
    yield_now().await;
    aborted.abort();
    assert!(aborted.await.unwrap_err().is_cancelled());
    assert_eq!(heard.recv().unwrap().as_deref(), Some(context.request_id().as_str()));
}

#[tokio::test]
async fn taken_outside_of_any_context_nothing_changes() {
    let future = async { current_id() }.in_current_context();
    let mut items = stream::iter(0..2).map(|_| current_id()).in_current_context();
    assert_eq!(items.next().await, Some(None));
    let context = RequestContext::new();
    let id = Some(context.request_id().to_string());
    assert_eq!(context.scope(future).await, id, "whoever polls decides");
    assert_eq!(context.scope(items.next()).await, Some(id.clone()));
    assert_eq!(task::spawn(async { current_id() }).await.unwrap(), None);
    assert_eq!(task::spawn_blocking(current_id).await.unwrap(), None);
    let mut set = JoinSet::new();
    set.spawn_in_context(async { current_id() });
    set.spawn_blocking_in_context(current_id);
    assert_eq!(set.join_all().await, [None, None]);
}

#[tokio::test]
async fn tasks_on_the_thread_stay_in_the_request_too() {
    let local = tokio::task::LocalSet::new();
    let context = RequestContext::new();
    let id = Some(context.request_id().to_string());
    let spawns = context.scope(async {
        let mut set = JoinSet::new();
        set.spawn_local_in_context(async { current_id() });
        [task::spawn_local(async { current_id() }).await.unwrap(), set.join_next().await.unwrap().unwrap()]
    });
    assert_eq!(local.run_until(spawns).await, [id.clone(), id]);
}

#[tokio::test]
async fn the_context_is_taken_where_the_task_is_spawned_and_its_bindings_are_shared() {
    let (one, another) = (RequestContext::new(), RequestContext::new());
    let future = one.sync_scope(|| async { current_id() }.in_current_context());
    let found = another.scope(async { task::spawn(future).await.unwrap() }).await;
    assert_eq!(found.as_deref(), Some(one.request_id().as_str()), "the inner context counts");
    one.scope(async {
        task::spawn(async { RequestContext::current().unwrap().bind("by", "the task") }).await.unwrap();
    })
    .await;
    assert_eq!(one.attributes().get("by"), Some(&"the task".into()));
}

#[test]
fn a_stream_keeps_its_size_and_its_end() {
    let context = RequestContext::new();
    let mut items = stream::iter(0..3).fuse().in_context(&context);
    assert_eq!(items.size_hint(), (3, Some(3)));
    assert_eq!(items.next().now_or_never(), Some(Some(0)));
    assert_eq!(items.size_hint(), (2, Some(2)));
    assert!(!items.is_terminated());
    assert_eq!(items.by_ref().count().now_or_never(), Some(2));
    assert!(items.is_terminated());
    let mut future = future::ready(1).fuse().in_context(&context);
    assert!(!future.is_terminated());
    assert_eq!((&mut future).now_or_never(), Some(1));
    assert!(future.is_terminated());
}

#[test]
fn a_thread_that_is_ending_finds_no_context_and_no_panic() {
    struct AtExit(RequestContext);
    impl Drop for AtExit {
        fn drop(&mut self) {
            self.0.sync_scope(RequestContext::current);
        }
    }
    thread_local!(static LATE: RefCell<Option<AtExit>> = const { RefCell::new(None) });
    let ended = std::thread::spawn(|| LATE.set(Some(AtExit(RequestContext::new())))).join();
    assert!(ended.is_ok());
}
