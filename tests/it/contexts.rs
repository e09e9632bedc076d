//! Which request an event belongs to, as the server is told.

use axonpush::{
    AxonPush, ContextLayer, Event, InCurrentContext as _, RequestContext,
    task::{self, JoinSetExt as _},
};
use axonpush_dev::StoredEvent;
use futures_util::{StreamExt as _, stream};
use rig::{PATIENCE, client, server};
use serde_json::json;
use tokio::task::JoinSet;
use tracing::{Instrument as _, info_span, instrument::WithSubscriber as _};
use tracing_subscriber::layer::SubscriberExt as _;

fn request_of(event: &StoredEvent) -> Option<&str> {
    event.metadata.as_ref()?["request.id"].as_str()
}

async fn tell(client: AxonPush, name: &'static str) {
    tokio::task::yield_now().await;
    client.events().enqueue(Event::new(name));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_spawned_tasks_and_streams_carry_the_request_and_its_trace() {
    let server = server();
    let client = client(&server);
    let context = RequestContext::new();
    context
        .scope(async {
            let tell = |name| tell(client.clone(), name);
            task::spawn(tell("task")).await.unwrap();
            let blocking = client.clone();
            task::spawn_blocking(move || blocking.events().enqueue(Event::new("blocking"))).await.unwrap();
            let mut set = JoinSet::new();
            set.spawn_in_context(tell("set"));
            set.join_all().await;
            let items = Box::pin(stream::once(tell("stream")).in_current_context());
            tokio::spawn(items.count()).await.unwrap();
            tokio::spawn(tell("plain")).await.unwrap();
        })
        .await;
    assert!(client.flush(PATIENCE).await.is_complete());
    let events = server.events();
    assert_eq!(events.len(), 5);
    for event in &events {
        let own = event.identifier != "plain";
        let (id, trace) = (context.request_id().as_str(), context.trace_id());
        assert_eq!(request_of(event), own.then_some(id), "{}", event.identifier);
        assert_eq!(event.trace_id.as_deref(), own.then_some(trace), "{}", event.identifier);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plainly_spawned_task_with_a_span_publishes_for_the_request_of_the_span() {
    let server = server();
    let client = client(&server);
    let context = RequestContext::new();
    context.bind("job", "nightly");
    let publishes = {
        let client = client.clone();
        async move {
            tell(client.clone(), "enqueued").await;
            client.events().publish(Event::new("published")).await.map(drop)
        }
    };
    let subscriber = tracing_subscriber::registry().with(ContextLayer::new());
    let outside = tell(client.clone(), "without a span");
    async {
        let span = context.sync_scope(|| info_span!("work"));
        tokio::spawn(publishes.instrument(span).with_current_subscriber()).await.unwrap().unwrap();
        tokio::spawn(outside.with_current_subscriber()).await.unwrap();
    }
    .with_subscriber(subscriber)
    .await;
    assert!(client.flush(PATIENCE).await.is_complete());
    let events = server.events();
    assert_eq!(events.len(), 3);
    let own = json!({"job": "nightly", "request.id": context.request_id().as_str()});
    for event in &events {
        let expected = (event.identifier != "without a span").then_some(&own);
        assert_eq!(event.metadata.as_ref(), expected, "{}", event.identifier);
    }
}

#[tokio::test]
async fn an_attribute_bound_for_a_while_is_on_the_events_of_that_while_whatever_its_type() {
    let server = server();
    let client = client(&server);
    let context = RequestContext::new();
    context.bind("cart", json!({"items": [1, null, 2.5], "gift": true}));
    context.sync_scope(|| {
        {
            let _step = context.bind_scoped("step", "charge");
            client.events().enqueue(Event::new("during"));
        }
        client.events().enqueue(Event::new("after"));
    });
    assert!(client.flush(PATIENCE).await.is_complete());
    for event in server.events() {
        let metadata = event.metadata.unwrap();
        assert_eq!(metadata["cart"], json!({"items": [1, null, 2.5], "gift": true}));
        let step = (event.identifier == "during").then(|| json!("charge"));
        assert_eq!(metadata.get("step"), step.as_ref(), "{}", event.identifier);
    }
}
