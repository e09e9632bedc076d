//! Where the middleware may be put, and what bodies may do.

mod actix;
mod bodies;
mod grpc;
mod orders;
mod tower;

use axonpush::AxonPush;
use axonpush_dev::{DevServer, StoredEvent};
use rig::PATIENCE;

/// What has been told so far, the ends of exchanges before anything else.
async fn told(client: &AxonPush, server: &DevServer) -> Vec<StoredEvent> {
    assert!(client.flush(PATIENCE).await.is_complete());
    let mut events = server.events();
    events.sort_by_key(|event| event.identifier == "http.request.started");
    events
}

/// What the end events of two clients say of one request.
async fn two_ends(clients: [&AxonPush; 2], servers: [&DevServer; 2]) -> [StoredEvent; 2] {
    let ends = [only_end(clients[0], servers[0]).await, only_end(clients[1], servers[1]).await];
    let ids = ends.each_ref().map(|end| (end.attribute("request.id").cloned(), end.span_id.clone()));
    assert_eq!(ids[0], ids[1], "one request has one id and one place in the trace");
    ends
}

/// The end of the only exchange there was.
async fn only_end(client: &AxonPush, server: &DevServer) -> StoredEvent {
    let mut events = told(client, server).await;
    let identifiers: Vec<_> = events.iter().map(|event| event.identifier.as_str()).collect();
    assert_eq!((identifiers.len(), identifiers.last()), (2, Some(&"http.request.started")), "{identifiers:?}");
    assert_eq!(client.open_exchanges(), 0);
    events.swap_remove(0)
}
