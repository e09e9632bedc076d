//! What arrives, and by which way.

use std::time::{Duration, SystemTime};

use axonpush::{
    AxonPush, Compression, Event, Fluentd, FluentdField, FluentdFormat, LogPayload, Severity, fluent::Fluent,
};
use rig::{
    PATIENCE,
    forward::{Authority, Behaviour, ForwardServer, Seen},
};
use serde_json::json;

use super::{client, field, numbers, sink, stats};

fn send(client: &AxonPush, count: u64) {
    for n in 0..count {
        client.events().enqueue(Event::new(format!("tag {}", n % 3)).payload(&json!({"n": n})).unwrap());
    }
    let _report = client.blocking().flush(PATIENCE);
    let stats = stats(client);
    assert_eq!((stats.written(), stats.lost().total()), (count, 0), "{stats} {:?}", stats.last_error());
}

fn arrived(server: &ForwardServer, count: u64) -> Seen {
    let seen = server.wait_until(|seen| seen.entries.len() as u64 >= count);
    assert_eq!(numbers(&seen), (0..count).collect::<Vec<_>>());
    assert!(seen.complaints.is_empty() && seen.impostors == 0, "{:?}", seen.complaints);
    seen
}

#[test]
fn a_log_arrives_with_its_tag_its_time_and_its_fields() {
    let (server, addr) = ForwardServer::start(Behaviour::default());
    let format =
        FluentdFormat::new().field("host", FluentdField::Hostname).field("team", FluentdField::text("payments"));
    let client = super::settings(sink(addr).format(format)).service("shop", "1.2").build().unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::from_nanos(1_795_281_323_123_456_789);
    let record = LogPayload::new("declined").severity(Severity::Error).time(time).attribute("order.id", 1042);
    client.events().enqueue(Event::log("shop::orders", record.attribute("password", "hunter2")));
    let _report = client.blocking().shutdown(PATIENCE);

    let entry = server.wait_until(|seen| !seen.entries.is_empty()).entries.remove(0);
    assert_eq!((&*entry.tag, entry.nanos), ("it.shop.orders", 1_795_281_323_123_456_789));
    for (name, value) in
        [("message", "declined"), ("level", "ERROR"), ("service", "shop"), ("host", "it.example"), ("team", "payments")]
    {
        assert_eq!(field(&entry, name).as_str(), Some(value), "{name}");
    }
    assert_eq!(field(&entry, "order.id").as_u64(), Some(1042));
    assert!(!entry.record.to_string().contains("hunter2"));
}

#[test]
fn times_that_are_far_away_and_numbers_that_are_none_arrive() {
    let (server, addr) = ForwardServer::start(Behaviour::default());
    let sender = Fluent::new("app", sink(addr)).unwrap();
    let century = Duration::from_secs(100 * 365 * 86_400);
    for time in [
        SystemTime::UNIX_EPOCH + Duration::from_nanos(7),
        SystemTime::UNIX_EPOCH - century,
        SystemTime::UNIX_EPOCH + 2 * century,
        SystemTime::UNIX_EPOCH + 20 * century,
    ] {
        assert!(sender.emit_with_time("far", time, json!({"n": 1})));
    }
    assert!(sender.emit("odd tag\n", Odd { nan: f64::NAN, infinite: f64::NEG_INFINITY }));
    assert_eq!(sender.close(PATIENCE), 0, "{:?}", sender.last_error());
    let seen = server.wait_until(|seen| seen.entries.len() == 5);
    let nanos: Vec<_> = seen.entries.iter().take(4).map(|entry| entry.nanos).collect();
    let second = 1_000_000_000;
    assert_eq!(nanos, [7, 0, 200 * 365 * 86_400 * second, u64::MAX / second * second]);
    assert_eq!(seen.entries[4].tag, "app.odd_tag_");
    assert_eq!(
        (field(&seen.entries[4], "nan").as_str(), field(&seen.entries[4], "infinite").as_str()),
        (Some("NaN"), Some("-Infinity"))
    );
}

#[derive(serde::Serialize)]
struct Odd {
    nan: f64,
    infinite: f64,
}

#[test]
fn the_event_style_sender_sends_what_it_is_given_and_when_it_was() {
    let (server, addr) = ForwardServer::start(Behaviour::default());
    let sender = Fluent::new("app", sink(addr)).unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::from_nanos(1_000_000_000_000_000_007);
    assert!(sender.emit_with_time("follow", time, json!({"from": "ann", "password": "hunter2"})));
    assert!(sender.emit("", json!({})));
    assert!(sender.flush(PATIENCE) && sender.close(PATIENCE) == 0);
    let seen = server.wait_until(|seen| seen.entries.len() == 2);
    let [event, bare] = <[_; 2]>::try_from(seen.entries).unwrap();
    assert_eq!((&*event.tag, event.nanos, &*bare.tag), ("app.follow", 1_000_000_000_000_000_007, "app"));
    let record = event.record.as_map().unwrap();
    assert_eq!((record.len(), field(&event, "from").as_str()), (2, Some("ann")));
    assert!(field(&event, "password").as_str().is_some_and(|text| text != "hunter2"));
    assert_eq!(bare.record.as_map().map(Vec::len), Some(0));
}

#[test]
fn compressed_chunks_have_the_same_entries() {
    let (server, addr) = ForwardServer::start(Behaviour::default());
    send(&client(sink(addr).compression(Compression::Gzip)), 500);
    arrived(&server, 500);
}

#[test]
fn a_key_and_a_user_open_the_way_by_tls() {
    let authority = Authority::new();
    let behaviour = Behaviour {
        shared_key: Some("hunter2".to_owned()),
        user: Some(("ann".to_owned(), "swordfish".to_owned())),
        ..Behaviour::default()
    };
    let (server, addr) = ForwardServer::start_tls(behaviour, &authority);
    let sink = sink(addr).tls_ca(authority.pem()).shared_key("hunter2").user("ann", "swordfish");
    let client = client(sink);
    send(&client, 100);
    arrived(&server, 100);
    // The connection is the same one again.
    client.events().enqueue(Event::new("later").payload(&json!({"n": 100})).unwrap());
    let _report = client.blocking().shutdown(PATIENCE);
    assert_eq!(arrived(&server, 101).connections, 1);
}

#[test]
fn a_server_whom_nobody_vouches_for_gets_nothing() {
    let (server, addr) = ForwardServer::start_tls(Behaviour::default(), &Authority::new());
    for sink in [sink(addr).tls_ca(Authority::new().pem()), sink(addr).tls(), sink(addr).tls_ca("no certificate")] {
        let client = client(sink);
        client.events().enqueue(Event::new("x"));
        let _report = client.blocking().flush(Duration::from_millis(500));
        let stats = stats(&client);
        assert_eq!((stats.queued(), stats.lost().total()), (1, 0), "{stats}");
        let error = stats.last_error().unwrap().to_string();
        assert!(error.contains("certificate"), "{error}");
        let _report = client.blocking().shutdown(Duration::ZERO);
    }
    assert!(server.wait_until(|_| true).entries.is_empty());
}

#[cfg(unix)]
#[test]
fn a_unix_socket_is_as_good() {
    let path = std::env::temp_dir().join(format!("axonpush-fluentd-{}.sock", std::process::id()));
    let server = ForwardServer::start_unix(Behaviour::default(), &path);
    send(&client(Fluentd::unix(&path)), 100);
    arrived(&server, 100);
    std::fs::remove_file(path).unwrap();
}
