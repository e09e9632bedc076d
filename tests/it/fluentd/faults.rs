//! Servers that are slow, gone, or not what they should be.

use std::{net::TcpListener, time::Duration};

use axonpush::{AxonPush, Event, Fluentd, QueuePolicy, SinkPolicy};
use rig::{
    PATIENCE,
    forward::{Behaviour, ForwardServer},
};
use serde_json::json;

use super::{client, numbers, sink, stats};

fn send(client: &AxonPush, numbers: std::ops::Range<u64>, tag: impl Fn(u64) -> String) {
    for n in numbers {
        client.events().enqueue(Event::new(tag(n)).payload(&json!({"n": n})).unwrap());
    }
}

#[test]
fn ten_thousand_chunks_arrive_though_every_tenth_acknowledgement_is_missing() {
    const CHUNKS: u64 = 10_000;
    let (server, addr) = ForwardServer::start(Behaviour { withholds_every: Some(10), ..Behaviour::default() });
    let policy = SinkPolicy::new().queue(QueuePolicy::new().max_events(20_000));
    let sink = sink(addr).ack_timeout(Duration::from_millis(50));
    let client = AxonPush::builder().without_server().sink_with("fluentd", sink, policy).build().unwrap();
    // Each has a tag of its own, and so a chunk.
    send(&client, 0..CHUNKS, |n| format!("t{n}"));
    let _report = client.blocking().shutdown(PATIENCE * 3);

    let stats = stats(&client);
    assert_eq!((stats.written(), stats.lost().total()), (CHUNKS, 0), "{stats} {:?}", stats.last_error());
    let seen = server.wait_until(|_| true);
    assert_eq!(numbers(&seen), (0..CHUNKS).collect::<Vec<_>>());
    // What came twice had the same id, and the same in it.
    assert_eq!((seen.chunks.len() as u64, seen.impostors), (CHUNKS, 0));
    let again = seen.chunks.values().filter(|times| **times > 1).count() as u64;
    assert!(again >= CHUNKS / 10, "{again} chunks came again");
    assert!(seen.complaints.is_empty(), "{:?}", seen.complaints);
}

#[test]
fn a_server_that_starts_late_gets_everything() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    drop(listener);
    let client = client(sink(addr));
    send(&client, 0..50, |_| "late".to_owned());
    let _report = client.blocking().flush(Duration::from_millis(200));
    assert_eq!((stats(&client).queued(), stats(&client).lost().total()), (50, 0));
    let (server, _) = ForwardServer::listen(&TcpListener::bind(addr).unwrap(), Behaviour::default());
    let _report = client.blocking().shutdown(PATIENCE);
    assert_eq!(numbers(&server.wait_until(|_| true)), (0..50).collect::<Vec<_>>());
}

#[test]
fn connections_that_break_or_lie_cost_no_record() {
    for behaviour in [
        Behaviour { tears: 2, ..Behaviour::default() },
        Behaviour { acks_others: 2, ..Behaviour::default() },
        Behaviour { closes: true, shared_key: Some("hunter2".to_owned()), ..Behaviour::default() },
    ] {
        let (server, addr) = ForwardServer::start(behaviour.clone());
        let sink = sink(addr);
        let client = client(if let Some(key) = behaviour.shared_key { sink.shared_key(key) } else { sink });
        send(&client, 0..60, |n| format!("t{}", n % 6));
        let _report = client.blocking().shutdown(PATIENCE);
        let (stats, seen) = (stats(&client), server.wait_until(|_| true));
        assert_eq!((stats.written(), stats.lost().total()), (60, 0), "{stats} {:?}", stats.last_error());
        assert_eq!((numbers(&seen), seen.impostors), ((0..60).collect(), 0));
        assert!(seen.connections >= 3, "{}", seen.connections);
    }
}

/// What a sink is told besides.
type With = fn(Fluentd) -> Fluentd;

#[test]
fn whoever_is_not_let_in_is_told_why_and_keeps_what_it_has() {
    let asking = |user: Option<(&str, &str)>, refuses: Option<&str>| Behaviour {
        shared_key: Some("hunter2".to_owned()),
        user: user.map(|(name, password)| (name.to_owned(), password.to_owned())),
        refuses: refuses.map(str::to_owned),
        ..Behaviour::default()
    };
    let cases: [(Behaviour, With, &str); 6] = [
        (asking(None, None), |sink| sink.shared_key("guess"), "shared_key mismatch"),
        (asking(None, None), |sink| sink, "Fluentd::shared_key"),
        (asking(Some(("ann", "swordfish")), None), |sink| sink.shared_key("hunter2"), "Fluentd::user"),
        (
            asking(Some(("ann", "swordfish")), None),
            |sink| sink.shared_key("hunter2").user("ann", "guess"),
            "username/password mismatch",
        ),
        (asking(None, Some("not today, hunter2")), |sink| sink.shared_key("hunter2"), "not today, ***"),
        (
            Behaviour::default(),
            |sink| sink.shared_key("hunter2").connect_timeout(Duration::from_millis(100)),
            "says no HELO",
        ),
    ];
    for (behaviour, with, says) in cases {
        let (server, addr) = ForwardServer::start(behaviour);
        let client = client(with(sink(addr)));
        send(&client, 0..1, |_| "x".to_owned());
        let _report = client.blocking().flush(Duration::from_millis(400));
        let stats = stats(&client);
        assert_eq!((stats.queued(), stats.lost().total()), (1, 0), "{stats}");
        let error = stats.last_error().unwrap().to_string();
        assert!(error.contains(says) && !error.contains("hunter2") && !error.contains("guess"), "{error}");
        assert!(server.wait_until(|_| true).entries.is_empty());
        let _report = client.blocking().shutdown(Duration::ZERO);
    }
}

#[test]
fn without_acknowledgements_what_was_sent_counts_and_a_server_that_went_is_noticed() {
    let (server, addr) = ForwardServer::start(Behaviour::default());
    let client = client(sink(addr).ack(false));
    send(&client, 0..100, |_| "x".to_owned());
    let _report = client.blocking().shutdown(PATIENCE);
    assert_eq!(stats(&client).written(), 100);
    let seen = server.wait_until(|seen| seen.entries.len() == 100);
    assert!(seen.chunks.is_empty() && numbers(&seen) == (0..100).collect::<Vec<_>>());
}
