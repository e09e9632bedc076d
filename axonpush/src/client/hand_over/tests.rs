use std::{fs, io, path::PathBuf, sync::mpsc, time::Duration};

use crate::{
    AxonPush, Event, LogPayload, LossReason, QueuePolicy, RollingFile, Sink, SinkBatch, SinkPolicy, SinkWriter,
    publisher::block_on, testing::MemorySink,
};

const LONG: Duration = Duration::from_secs(60);

fn path(test: &str) -> PathBuf {
    std::env::temp_dir().join(format!("axonpush-sinks-{test}-{}", std::process::id()))
}

fn logging(client: &AxonPush) {
    let record = LogPayload::new("signed in").attribute("password", "hunter2").attribute("user.id", "u-1");
    client.events().enqueue(Event::log("auth", record));
    client.events().enqueue(Event::new("cache.miss").attribute("key", "k"));
}

#[test]
fn a_file_has_what_the_server_has_and_no_secret_more() {
    let path = path("file");
    let sink = MemorySink::new();
    let file = RollingFile::new(path.join("a.log"));
    let client = sink.builder().service("shop", "1.2").environment("prod").sink("file", file).build().unwrap();
    logging(&client);
    assert!(block_on(client.flush(LONG)).unwrap().is_complete());
    let text = fs::read_to_string(path.join("a.log")).unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let said = |at: usize, key: &str| lines[at][key].as_str().unwrap_or_default().to_owned();
    assert_eq!(["event", "target", "service", "user_id"].map(|key| said(0, key)), ["signed in", "auth", "shop", "u-1"]);
    assert_eq!(["event", "target", "key"].map(|key| said(1, key)), ["cache.miss", "custom", "k"]);
    assert!(!text.contains("hunter2") && said(0, "password").contains("REDACTED"), "{text}");
    assert_eq!((sink.events().len(), client.sink_stats()[0].written()), (2, 2));

    // Whoever forgets to shut down loses nothing.
    logging(&client);
    drop(client);
    assert_eq!(fs::read_to_string(path.join("a.log")).unwrap().lines().count(), 4);
    fs::remove_dir_all(&path).unwrap();
}

#[test]
fn sinks_are_told_when_an_event_was_that_the_server_is_not() {
    let path = path("times");
    let sink = MemorySink::new();
    let file = RollingFile::new(path.join("a.log"));
    let client = sink.builder().sink("file", file).build().unwrap();
    let then = std::time::UNIX_EPOCH + Duration::from_nanos(1_000_000_000_000_000_007);
    client.events().enqueue(Event::new("enqueued").occurred_at(then));
    block_on(client.events().publish(Event::new("published").occurred_at(then))).unwrap().unwrap();
    let _report = block_on(client.shutdown(LONG)).unwrap();
    let text = fs::read_to_string(path.join("a.log")).unwrap();
    let is_told = |line: &str| line.contains("\"timestamp\":\"2001-09-09T01:46:40.000000007Z\"");
    assert!(text.lines().count() == 2 && text.lines().all(is_told), "{text}");
    assert_eq!(sink.events().len(), 2);
    assert!(sink.events().iter().all(|event| !format!("{event:?}").contains("occurredAt")));
    fs::remove_dir_all(&path).unwrap();
}

#[test]
fn a_path_that_is_mended_gets_everything_that_waited() {
    let path = path("mended");
    fs::write(&path, "in the way").unwrap();
    let file = RollingFile::new(path.join("deep/a.log"));
    let client = MemorySink::new().builder().sink("file", file).build().unwrap();
    logging(&client);
    let _failed = block_on(client.flush(Duration::from_millis(50)));
    let stats = client.sink_stats().remove(0);
    assert!(stats.last_error().is_some() && stats.lost().total() == 0 && stats.queued() == 2, "{stats}");
    fs::remove_file(&path).unwrap();
    let _report = block_on(client.shutdown(LONG)).unwrap();
    assert_eq!(fs::read_to_string(path.join("deep/a.log")).unwrap().lines().count(), 2);
    fs::remove_dir_all(&path).unwrap();
}

#[test]
fn many_threads_and_somebody_who_moves_files_lose_no_line() {
    let path = path("moved");
    let file = RollingFile::new(path.join("a.log")).max_bytes(20_000).keep(1000);
    let policy = SinkPolicy::new().queue(QueuePolicy::new().max_events(100_000));
    let queue = QueuePolicy::new().max_events(100_000);
    let client = MemorySink::new().builder().queue(queue).sink_with("file", file, policy).build().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let client = &client;
            scope.spawn(move || {
                for n in 0..500 {
                    client.events().enqueue(Event::new("e").attribute("n", thread * 500 + n));
                }
            });
        }
        scope.spawn(|| {
            for n in 0..100 {
                let _none_yet = fs::rename(path.join("a.log"), path.join(format!("moved-{n}")));
                std::thread::yield_now();
            }
        });
    });
    let _report = block_on(client.shutdown(LONG)).unwrap();
    let files = fs::read_dir(&path).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
    let lines = files.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>());
    let number = |line: String| serde_json::from_str::<serde_json::Value>(&line).unwrap()["n"].as_u64().unwrap();
    let mut numbers: Vec<_> = lines.map(number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..2000).collect::<Vec<_>>());
    fs::remove_dir_all(&path).unwrap();
}

struct Telling(mpsc::SyncSender<String>);

impl Sink for Telling {
    fn open(&self) -> io::Result<Box<dyn SinkWriter>> {
        Ok(Box::new(Self(self.0.clone())))
    }
}

impl SinkWriter for Telling {
    fn write(&mut self, batch: &SinkBatch<'_>) -> io::Result<()> {
        let all = batch.iter().map(|record| record.as_json().into_owned());
        all.for_each(|json| self.0.send(json).unwrap());
        Ok(())
    }
}

#[test]
fn a_sink_is_shown_the_very_event_that_is_sent() {
    let ((say, said), sink) = (mpsc::sync_channel(10), MemorySink::new());
    let client = sink.builder().sink("telling", Telling(say)).build().unwrap();
    logging(&client);
    let _report = block_on(client.shutdown(LONG)).unwrap();
    let said: Vec<serde_json::Value> = said.try_iter().map(|json| serde_json::from_str(&json).unwrap()).collect();
    let sent: Vec<_> = sink.events().iter().map(|event| event.as_json().clone()).collect();
    assert!(said.len() == 2 && said.iter().all(|event| sent.contains(event)), "{said:?} {sent:?}");
    assert_eq!(client.sink_stats()[0].lost().of(LossReason::Shutdown), 0);
}

#[test]
fn without_a_server_the_end_is_the_end_too() {
    let ((say, said), sink) = (mpsc::sync_channel(10), MemorySink::new());
    let client = sink.builder().without_server().sink("telling", Telling(say.clone())).build().unwrap();
    logging(&client);
    let _report = block_on(client.shutdown(LONG)).unwrap();
    assert_eq!(said.try_iter().count(), 2);
    // Neither a record nor other settings bring it back.
    client.reload(|settings| settings.without_sink("telling").sink("again", Telling(say.clone()))).unwrap();
    assert!(client.events().try_enqueue(Event::new("e")).unwrap_err().error().is_closed());
    logging(&client);
    assert_eq!((client.stats().refused(), client.sink_stats()[0].accepted()), (2, 0));
}

/// Publishes an event for each batch.
struct Publishing(AxonPush);

impl Sink for Publishing {
    fn open(&self) -> io::Result<Box<dyn SinkWriter>> {
        Ok(Box::new(Self(self.0.clone())))
    }
}

impl SinkWriter for Publishing {
    fn write(&mut self, _: &SinkBatch<'_>) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        runtime.block_on(self.0.publish(Event::new("written"))).map(drop).map_err(io::Error::other)
    }
}

#[test]
fn what_a_sink_publishes_does_not_come_back_to_it() {
    let sink = MemorySink::new();
    let client = sink.builder().build().unwrap();
    client.reload(|settings| settings.sink("publishing", Publishing(client.clone()))).unwrap();
    client.events().enqueue(Event::new("e"));
    assert!(block_on(client.flush(LONG)).unwrap().is_complete());
    let _report = block_on(client.shutdown(LONG)).unwrap();
    assert_eq!((client.sink_stats()[0].accepted(), sink.events().len()), (1, 2));
    // The sink knows its client, which knows the sink.
    client.reload(|settings| settings.without_sink("publishing")).unwrap();
}
