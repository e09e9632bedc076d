//! A server of somebody else's making: that of the package `@fluent-org/logger`.

use axonpush::{Compression, Event, Fluentd, LogPayload, fluent::Fluent};
use rig::{PATIENCE, node::NodeFluentd};
use serde_json::{Value, json};

use super::{client, stats};

#[test]
fn node_reads_and_acknowledges_what_is_sent() {
    let mut server = NodeFluentd::start(&json!({}));
    let sender = Fluent::new("app", Fluentd::new(server.address())).unwrap();
    let time = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_nanos(1_795_281_323_123_456_789);
    let record = json!({"text": "größer\n\"x\"", "n": [1, -7, 1.5, 4_294_967_296_u64, true, null], "in": {"a": {}}});
    assert!(sender.emit_with_time("follow", time, &record));
    assert_eq!(sender.close(PATIENCE), 0, "{:?}", sender.last_error());
    assert_eq!(server.entry(), json!({"tag": "app.follow", "time": [1_795_281_323, 123_456_789], "record": record}));
}

#[test]
fn node_lets_in_who_knows_the_key_and_the_password() {
    for (compression, user) in [(Compression::None, None), (Compression::Gzip, Some(("ann", "swordfish")))] {
        let options = match user {
            None => json!({"sharedKey": "hunter2"}),
            Some((name, password)) => json!({"sharedKey": "hunter2", "user": name, "password": password}),
        };
        let mut server = NodeFluentd::start(&options);
        let sink = Fluentd::new(server.address()).shared_key("hunter2").hostname("it.example").compression(compression);
        let client = client(if let Some((name, password)) = user { sink.user(name, password) } else { sink });
        for n in 0..1000 {
            client.events().enqueue(Event::log(format!("shop::part{}", n % 3), LogPayload::new("x").attribute("n", n)));
        }
        let _report = client.blocking().shutdown(PATIENCE);
        let stats = stats(&client);
        assert_eq!((stats.written(), stats.lost().total()), (1000, 0), "{stats} {:?}", stats.last_error());
        let entries: Vec<_> = (0..1000).map(|_| server.entry()).collect();
        let mut numbers: Vec<_> = entries.iter().map(|entry| entry["record"]["n"].as_u64().unwrap()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..1000).collect::<Vec<_>>());
        let is_right = |entry: &Value| {
            entry["tag"] == format!("shop.part{}", entry["record"]["n"].as_u64().unwrap() % 3)
                && entry["record"]["message"] == "x"
        };
        assert!(entries.iter().all(is_right));
    }
}

#[test]
fn node_says_no_to_others() {
    let server = NodeFluentd::start(&json!({"sharedKey": "hunter2", "user": "ann", "password": "swordfish"}));
    for (key, password, says) in [("guess", "swordfish", "shared key mismatch"), ("hunter2", "guess", "mismatch")] {
        let client =
            client(Fluentd::new(server.address()).shared_key(key).user("ann", password).hostname("it.example"));
        client.events().enqueue(Event::new("x"));
        let _report = client.blocking().flush(std::time::Duration::from_millis(300));
        let error = stats(&client).last_error().unwrap().to_string();
        assert!(error.contains(says), "{error}");
        let _report = client.blocking().shutdown(std::time::Duration::ZERO);
    }
}
