//! Loki: what gets there, how it is found, and what becomes of what it refuses.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant, SystemTime},
};

use axonpush::{
    AxonPush, AxonPushBuilder, Compression, Event, LogPayload, Loki, LokiLine, LossReason, Severity, SinkStats,
};
use rig::{
    PATIENCE,
    loki::{Limits, Loki as Server, Stored},
    receiver::{Reply, free_port},
};
use serde_json::{Value, json};

fn builder(sink: Loki) -> AxonPushBuilder {
    AxonPush::builder().service("shop", "1.0").environment("prod").sink("loki", sink).without_server()
}

fn client(sink: Loki) -> AxonPush {
    builder(sink).build().unwrap()
}

fn log(body: impl Into<String>) -> LogPayload {
    LogPayload::new(body.into())
}

fn stats(client: &AxonPush) -> SinkStats {
    client.sink_stats().into_iter().find(|stats| stats.name() == "loki").unwrap()
}

/// Waits until nothing is left to write, and closes the books.
fn settled(client: &AxonPush) -> SinkStats {
    let _report = client.blocking().flush(PATIENCE);
    let stats = stats(client);
    assert_eq!(stats.queued(), 0, "{stats}");
    assert_eq!(stats.accepted(), stats.written() + stats.lost().total(), "{stats}");
    stats
}

fn why(stats: &SinkStats) -> String {
    stats.last_error().map(|error| format!("{error} {error:?}")).unwrap_or_default()
}

fn labels(of: &[(&str, &str)]) -> BTreeMap<String, String> {
    of.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn ago(seconds: u64) -> SystemTime {
    SystemTime::now() - Duration::from_secs(seconds)
}

fn nanos(time: SystemTime) -> u64 {
    u64::try_from(time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos()).unwrap()
}

fn bodies(lines: &[Stored]) -> BTreeSet<String> {
    let body = |line: &Stored| serde_json::from_str::<Value>(&line.line).unwrap()["event"].as_str().unwrap().to_owned();
    lines.iter().map(body).collect()
}

#[test]
fn a_record_is_found_by_its_labels_and_holds_the_rest() {
    for compression in [Compression::None, Compression::Gzip] {
        let server = Server::start();
        let sink = Loki::new(server.url())
            .label("job", "orders")
            .label_from("cloud-region", "cloud.region")
            .compression(compression);
        let client = client(sink);
        let time = ago(5);
        let payload = log("card \"declined\"\n")
            .severity(Severity::Error)
            .time(time)
            .attribute("cloud.region", "eu")
            .attribute("n", 1);
        let event = Event::log("billing", payload.attribute("request_id", "r-1"));
        client.events().enqueue(event.trace_id("4bf92f3577b34da6a3ce929d0e0e4736").span_id("00f067aa0ba902b7"));
        client.events().enqueue(Event::new("cache.miss").attribute("key", "user:42"));
        assert_eq!(settled(&client).written(), 2);

        let lines = server.lines();
        let common = [("job", "orders"), ("service", "shop"), ("environment", "prod")];
        let with = |more: &[(&str, &str)]| labels(&[&common[..], more].concat());
        assert_eq!(lines[0].labels, with(&[("level", "error"), ("cloud_region", "eu")]));
        assert_eq!(lines[1].labels, with(&[("level", "info")]));
        assert_eq!(lines[0].nanos, nanos(time));
        let trace = [("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"), ("span_id", "00f067aa0ba902b7")];
        assert_eq!(lines[0].metadata, labels(&[&trace[..], &[("request_id", "r-1")]].concat()));
        let line: Value = serde_json::from_str(&lines[0].line).unwrap();
        assert_eq!(
            (&line["event"], &line["level"], &line["n"]),
            (&json!("card \"declined\"\n"), &json!("ERROR"), &json!(1))
        );
        let other: Value = serde_json::from_str(&lines[1].line).unwrap();
        assert_eq!((&other["event"], &other["key"]), (&json!("cache.miss"), &json!("user:42")));
    }
}

#[test]
fn what_is_asked_for_takes_the_place_of_what_is_usual() {
    let server = Server::start();
    let sink = Loki::new(server.url())
        .labels(["target", "event_type"])
        .structured_metadata(["user_id", "shop.id"])
        .line(LokiLine::Message);
    let client = client(sink);
    client
        .events()
        .enqueue(Event::log("billing", log("two\nlines").attribute("user.id", "u-1").attribute("shop.id", 7)));
    client.events().enqueue(Event::new("cache.miss"));
    settled(&client);
    let lines = server.lines();
    assert_eq!(lines[0].labels, labels(&[("target", "billing"), ("event_type", "app.log")]));
    assert_eq!((&*lines[0].line, &lines[0].metadata), ("two\nlines", &labels(&[("user_id", "u-1"), ("shop_id", "7")])));
    assert_eq!((&*lines[1].line, lines[1].metadata.len()), ("cache.miss", 0));
}

#[test]
fn a_record_that_no_label_fits_is_in_a_stream_all_the_same() {
    let server = Server::start();
    let client = AxonPush::builder().without_server().sink("loki", Loki::new(server.url()).labels(["version"]));
    let client = client.build().unwrap();
    client.events().enqueue(Event::new("x"));
    assert_eq!(settled(&client).written(), 1);
    assert_eq!(server.lines()[0].labels, labels(&[("service_name", "unknown_service")]));
}

#[test]
fn within_a_request_a_stream_is_in_the_order_of_time() {
    let server = Server::start();
    let client = client(Loki::new(server.url()).label_from("shard", "shard"));
    let times: Vec<_> = [7, 3, 9, 3, 1, 8].into_iter().map(ago).collect();
    for (at, time) in times.iter().enumerate() {
        let shard = if at % 2 == 0 { "even" } else { "odd" };
        client.events().enqueue(Event::log("x", log(format!("{at}")).time(*time).attribute("shard", shard)));
    }
    settled(&client);
    for received in server.receiver.received() {
        let body: Value = serde_json::from_slice(&received.body).unwrap();
        for stream in body["streams"].as_array().unwrap() {
            let values = stream["values"].as_array().unwrap();
            let times: Vec<u64> = values.iter().map(|value| value[0].as_str().unwrap().parse().unwrap()).collect();
            assert!(times.is_sorted(), "{times:?}");
        }
    }
    assert_eq!(bodies(&server.lines()).len(), times.len());
}

#[test]
fn no_request_is_larger_than_it_may_be_and_what_loki_finds_too_large_is_halved() {
    const RECORDS: usize = 100;

    let limits = Limits { max_body_bytes: 2500, ..Limits::default() };
    let server = Server::with(limits);
    let client = client(Loki::new(server.url()).max_bytes(20 << 10));
    for at in 0..RECORDS {
        client.events().enqueue(Event::log("x", log(format!("{at} {}", "x".repeat(700)))));
    }
    client.events().enqueue(Event::log("x", log("y".repeat(3000))));
    let stats = settled(&client);
    assert_eq!((stats.written(), stats.lost().of(LossReason::Rejected)), (RECORDS as u64, 1), "{stats}");
    assert_eq!(bodies(&server.lines()).len(), RECORDS);
    let received = server.receiver.received();
    assert!(received.iter().all(|received| received.body.len() <= 20 << 10));
    assert!(received.iter().any(|received| received.status == 413) && why(&stats).contains("413"), "{}", why(&stats));
}

#[test]
fn a_line_too_long_for_loki_is_cut_and_says_so() {
    let limits = Limits { max_line_size: 1000, ..Limits::default() };
    let server = Server::with(limits);
    let client = client(Loki::new(server.url()).max_line_bytes(1000).line(LokiLine::Message));
    client.events().enqueue(Event::log("x", log("é".repeat(600))));
    assert_eq!(settled(&client).written(), 1);
    let line = &server.lines()[0].line;
    let (kept, mark) = line.split_once('…').unwrap();
    assert_eq!(mark, format!(" [{} bytes more]", 1200 - kept.len()));
    assert!(line.len() <= 1000 && kept.len() > 950 && kept.chars().all(|c| c == 'é'));
}

#[test]
fn what_is_tried_again_is_the_same_at_the_same_time() {
    let server = Server::start();
    server.receiver.script([Reply::status(429).header("retry-after", "1"), Reply::status(503), Reply::status(500)]);
    let client = client(Loki::new(server.url()));
    for at in 0..20 {
        client.events().enqueue(Event::log("x", log(format!("{at}"))));
    }
    // Nobody hurries it, so that it waits as long as it was asked to.
    let received = server.receiver.wait_for(4, PATIENCE);
    assert!(received[1].at - received[0].at >= Duration::from_millis(950), "{:?}", received[1].at - received[0].at);
    let statuses: Vec<_> = received.iter().map(|received| received.status).collect();
    assert_eq!(statuses[..4], [429, 503, 500, 204]);
    assert!(received[..3].windows(2).all(|two| two[0].body == two[1].body));
    let stats = settled(&client);
    assert_eq!((stats.written(), stats.lost().total()), (20, 0), "{stats}");
    assert_eq!(bodies(&server.lines()).len(), 20);
}

#[test]
fn a_server_that_fails_for_a_while_loses_nothing() {
    const RECORDS: usize = 2000;

    let server = Server::start();
    server.receiver.script((0..6).map(|_| Reply::status(500)));
    let client = client(Loki::new(server.url()));
    for at in 0..RECORDS {
        client.events().enqueue(Event::log("x", log(format!("{at}"))));
    }
    let stats = settled(&client);
    assert_eq!((stats.written(), stats.lost().total()), (RECORDS as u64, 0), "{stats}");
    assert_eq!((bodies(&server.lines()).len(), server.lines().len()), (RECORDS, RECORDS));
    assert!(why(&stats).contains("500 Internal Server Error"));
}

#[test]
fn a_server_that_comes_up_later_is_told_all() {
    let port = free_port();
    let client = client(Loki::new(format!("http://127.0.0.1:{port}")));
    for at in 0..50 {
        client.events().enqueue(Event::log("x", log(format!("{at}"))));
    }
    let _report = client.blocking().flush(Duration::from_millis(300));
    let before = stats(&client);
    assert_eq!((before.queued(), before.written()), (50, 0), "{before}");
    assert!(why(&before).contains("no connection to the server"), "{}", why(&before));
    let server = Server::at(port, Limits::default());
    assert_eq!(settled(&client).written(), 50);
    assert_eq!(bodies(&server.lines()).len(), 50);
}

#[test]
fn a_server_that_never_answers_holds_nobody_up() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let sink = Loki::new(format!("http://{}", silent.local_addr().unwrap())).timeout(Duration::from_millis(200));
    let client = client(sink);
    client.events().enqueue(Event::log("x", log("one")));
    let _report = client.blocking().flush(Duration::from_secs(1));
    let before = stats(&client);
    assert_eq!((before.queued(), before.lost().total()), (1, 0), "{before}");
    assert!(why(&before).contains("did not answer in time"), "{}", why(&before));
    let begun = Instant::now();
    let _report = client.blocking().shutdown(Duration::from_millis(300));
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(stats(&client).lost().of(LossReason::Shutdown), 1);
}

#[test]
fn of_a_refusal_every_line_is_counted_as_what_it_is() {
    let limits = Limits { max_line_size: 2000, ..Limits::default() };
    let server = Server::with(limits);
    let client = client(Loki::new(server.url()).labels(["level"]).max_line_bytes(100_000));
    let week = 7 * 24 * 60 * 60;
    let say = |body: &str, severity, time| {
        client.events().enqueue(Event::log("x", log(body).severity(severity).time(time)));
    };
    for at in 0..30 {
        say(&format!("good {at}"), if at % 2 == 0 { Severity::Info } else { Severity::Warn }, ago(at));
    }
    // The same sentence is said of several, and another one of each of the others.
    let old = ago(week + 100);
    (0..5).for_each(|at| say(&format!("old {at}"), Severity::Info, old + Duration::from_nanos(at)));
    (0..5).for_each(|at| say(&format!("older {at}"), Severity::Warn, ago(week + 200 + 10 * at)));
    (0..3).for_each(|at| {
        say(&format!("to come {at}"), Severity::Error, SystemTime::now() + Duration::from_secs(3600 + at));
    });
    (0..2).for_each(|at| say(&format!("long {at} {}", "x".repeat(3000)), Severity::Info, ago(1)));
    let stats = settled(&client);
    assert_eq!((stats.written(), stats.lost().of(LossReason::Rejected)), (30, 15), "{stats}");
    let lines = bodies(&server.lines());
    assert!(lines.len() == 30 && lines.iter().all(|line| line.starts_with("good")), "{lines:?}");
    assert!(why(&stats).contains("400 Bad Request"), "{}", why(&stats));
}

#[test]
fn of_streams_that_fall_behind_every_line_is_counted_as_what_it_is() {
    let server = Server::start();
    let client = client(Loki::new(server.url()).labels(["level"]));
    let severities = [Severity::Info, Severity::Warn, Severity::Error];
    let say = |body: String, severity, time| {
        client.events().enqueue(Event::log("x", log(body).severity(severity).time(time)));
    };
    for severity in severities {
        say(format!("first {}", severity.text()), severity, ago(0));
    }
    assert_eq!(settled(&client).written(), 3);
    for at in 0..40 {
        let severity = severities[at % 3];
        // Loki tells of one stream at a time, of ten lines at most, and of nothing else.
        let seconds = if at < 36 { 7200 + at as u64 } else { 1 };
        say(format!("{} {at}", if at < 36 { "late" } else { "good" }), severity, ago(seconds));
    }
    say("ancient".to_owned(), Severity::Info, ago(30 * 24 * 60 * 60));
    let stats = settled(&client);
    assert_eq!((stats.written(), stats.lost().of(LossReason::Rejected)), (3 + 4, 37), "{stats}");
    let lines = server.lines();
    assert_eq!((lines.len(), bodies(&lines).len()), (7, 7));
    assert!(bodies(&lines).iter().all(|line| line.starts_with("first") || line.starts_with("good")));
}

#[test]
fn what_nobody_can_place_counts_as_rejected() {
    let server = Server::start();
    for status in [400, 404, 422] {
        server.receiver.script([Reply::status(status).body("it is\u{1b}[31m the wrong day")]);
        let client = client(Loki::new(server.url()));
        client.events().enqueue(Event::log("x", log("one")));
        client.events().enqueue(Event::log("x", log("two")));
        let stats = settled(&client);
        assert_eq!((stats.written(), stats.lost().of(LossReason::Rejected)), (0, 2), "{stats}");
        assert!(why(&stats).contains("the wrong day") && !why(&stats).contains('\u{1b}'));
    }
    let plain = Server::with(Limits { allow_structured_metadata: false, ..Limits::default() });
    let client = client(Loki::new(plain.url()));
    client.events().enqueue(Event::log("x", log("without")));
    client.events().enqueue(Event::log("x", log("with").attribute("request_id", "r-1")));
    let stats = settled(&client);
    assert_eq!((stats.written(), stats.lost().of(LossReason::Rejected)), (1, 1), "{stats}");
    assert!(why(&stats).contains("allow_structured_metadata"));
}

#[test]
fn ten_thousand_values_make_few_streams_and_none_is_lost() {
    const VALUES: usize = 10_000;

    let server = Server::with(Limits { max_streams: 60, ..Limits::default() });
    let sink = Loki::new(server.url()).labels(["level"]).label_from("user", "user").label_from("cart", "cart");
    let sink = sink.max_label_values(20).max_streams(50).structured_metadata([]);
    let client = builder(sink).build().unwrap();
    for at in 0..VALUES {
        let severity = [Severity::Info, Severity::Warn][at % 2];
        let payload =
            log(format!("{at}")).severity(severity).attribute("user", format!("u{at}")).attribute("cart", at % 30);
        client.events().enqueue(Event::log("x", payload));
        if at % 1000 == 999 {
            let _report = client.blocking().flush(PATIENCE);
        }
    }
    let stats = settled(&client);
    assert_eq!((stats.written(), stats.lost().total()), (VALUES as u64, 0), "{stats}");
    assert!(server.streams() <= 52, "{}", server.streams());
    let lines = server.lines();
    assert_eq!(bodies(&lines).len(), VALUES);
    for line in lines {
        let body: Value = serde_json::from_str(&line.line).unwrap();
        let true_value = |label: &str| {
            let shown = &line.labels[label];
            if shown == "other" { line.metadata[&format!("{label}_value")].clone() } else { shown.clone() }
        };
        assert_eq!(Value::String(true_value("user")), body["user"]);
        assert_eq!(true_value("cart"), body["cart"].to_string());
    }
}

#[test]
fn tenant_and_credentials_go_along_and_are_shown_to_nobody() {
    let basic = "Basic bWU6Y2FuYXJ5LTE=";
    for (bearer, authorization) in [(false, basic), (true, "Bearer canary-1")] {
        let authorization = Some(authorization.to_owned());
        let server = Server::with(Limits { auth_enabled: true, authorization, ..Limits::default() });
        server.receiver.script([
            Reply::status(403).body("no access for canary-1 nor canary-2"),
            Reply::status(400).body("canary-1"),
        ]);
        let sink = Loki::new(server.url()).tenant("team-a").header("x-gate", "canary-2");
        let sink = if bearer { sink.bearer("canary-1") } else { sink.basic_auth("me", "canary-1") };
        assert!(!format!("{sink:?}").contains("canary"));
        let client = client(sink);
        client.events().enqueue(Event::log("x", log("kept while access is refused, then rejected")));
        server.receiver.wait_for(1, PATIENCE);
        let stats = settled(&client);
        assert_eq!(stats.lost().of(LossReason::Rejected), 1);
        assert!(why(&stats).contains("[REDACTED]") && !why(&stats).contains("canary"), "{}", why(&stats));
        client.events().enqueue(Event::log("x", log("in")));
        settled(&client);
        assert_eq!(server.lines()[0].tenant, "team-a");
        assert_eq!(server.receiver.received()[2].headers["x-gate"], "canary-2");
    }
}

#[test]
fn a_refused_credential_is_not_tried_all_the_time_and_costs_nothing() {
    let server = Server::with(Limits { auth_enabled: true, ..Limits::default() });
    let client = client(Loki::new(server.url()));
    client.events().enqueue(Event::log("x", log("one")));
    server.receiver.wait_for(1, PATIENCE);
    assert!(server.receiver.wait_for(2, Duration::from_millis(1500)).len() == 1, "it is tried once a minute");
    let stats = stats(&client);
    assert_eq!((stats.queued(), stats.lost().total()), (1, 0), "{stats}");
    assert!(why(&stats).contains("401 Unauthorized: no org id"), "{}", why(&stats));
    let _report = client.blocking().shutdown(Duration::ZERO);
}

#[test]
fn a_setting_that_cannot_be_is_said() {
    let server = Server::start();
    let url = server.url();
    for (sink, said) in [
        (Loki::new("canary"), "no absolute URL"),
        (Loki::new(&url).labels(["canary"]), "label_from"),
        (Loki::new(&url).label("job", "x").label_from("job", "y"), "twice"),
        (Loki::new(&url).label("", "x"), "empty"),
        (Loki::new(&url).label("__name__", "x"), "two underscores"),
        (Loki::new(&url).label("job", ""), "no value"),
        (Loki::new(&url).tenant("canary\n"), "x-scope-orgid"),
    ] {
        let client = client(sink);
        client.events().enqueue(Event::new("x"));
        let _report = client.blocking().shutdown(Duration::from_millis(50));
        let why = why(&stats(&client));
        assert!(why.contains(said) && !why.contains("canary"), "{why}");
    }
    assert!(server.receiver.received().is_empty());
}
