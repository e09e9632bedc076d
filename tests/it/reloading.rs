//! Another server, or another key, for a client that is at work.

use std::time::Duration;

use axonpush::{BreakerState, Event};
use axonpush_dev::Answer;
use rig::{PATIENCE, client, server};

#[tokio::test]
async fn another_server_gets_what_waits_for_one_that_is_down() {
    let (down, up) = (server(), server());
    down.script(Answer::status(503).always());
    let client = client(&down);
    for _ in 0..500 {
        client.events().enqueue(Event::new("x"));
    }
    let report = client.flush(Duration::from_millis(300)).await;
    assert_eq!(report.left(), 500);
    client.reload(|settings| settings.base_url(up.url())).unwrap();
    assert!(client.flush(PATIENCE).await.is_complete());
    let receipt = client.events().publish(Event::new("y")).await.unwrap();
    assert!(receipt.event_id().is_some());
    assert_eq!((down.len(), up.len()), (0, 501));
}

#[tokio::test]
async fn another_key_ends_a_hold_at_once() {
    let server = server();
    server.script(Answer::status(401).always());
    let client = client(&server);
    for _ in 0..50 {
        client.events().enqueue(Event::new("x"));
    }
    let report = client.flush(Duration::from_millis(300)).await;
    assert_eq!((report.left(), client.stats().breaker()), (50, BreakerState::Held));
    server.clear_script();
    client.reload(|settings| settings.api_key("pt_another")).unwrap();
    assert!(client.flush(Duration::from_secs(20)).await.is_complete(), "a hold is a minute long");
    // The server masks what is in it, but a token of this kind has a header of its own.
    let requests = server.requests();
    assert!(requests.first().unwrap().header("x-public-token").is_none());
    assert!(requests.last().unwrap().header("x-public-token").is_some());
}
