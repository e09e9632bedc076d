//! The routing table of an application: what operators are told, what is kept, and what only developers read.

use std::{
    fs,
    io::{self, Write as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    thread,
};

use axonpush::{Event, LogPayload, RollingFile, Severity, Sink, SinkBatch, SinkPolicy, SinkWriter};
use rig::PATIENCE;
use tracing::Level;
use tracing_subscriber::layer::SubscriberExt as _;

/// Who is on call: a line for each record, over TCP.
struct Pager(std::net::SocketAddr);

struct Call(TcpStream);

impl Sink for Pager {
    fn open(&self) -> io::Result<Box<dyn SinkWriter>> {
        Ok(Box::new(Call(TcpStream::connect(self.0)?)))
    }
}

impl SinkWriter for Call {
    fn write(&mut self, batch: &SinkBatch<'_>) -> io::Result<()> {
        batch.iter().try_for_each(|record| writeln!(self.0, "{}", record.body().unwrap_or(record.identifier())))
    }
}

fn lines(file: &std::path::Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    let line =
        |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["event"].as_str().unwrap().to_owned();
    text.lines().map(line).collect()
}

#[test]
fn errors_go_to_two_places_the_normal_course_to_one_and_detail_to_a_file() {
    let server = rig::server();
    let directory = std::env::temp_dir().join(format!("axonpush-routes-{}", std::process::id()));
    let (kept, detail) = (directory.join("kept.log"), directory.join("detail.log"));
    let pager = TcpListener::bind("127.0.0.1:0").unwrap();
    let (say, said) = mpsc::channel();
    let address = pager.local_addr().unwrap();
    thread::spawn(move || say.send(io::read_to_string(pager.accept().unwrap().0).unwrap()));

    let client = rig::settings(&server)
        .sink_with("pager", Pager(address), SinkPolicy::new().severities(Severity::Error..))
        .sink_with("kept", RollingFile::new(&kept), SinkPolicy::new().severities(Severity::Info..))
        .sink_with(
            "detail",
            RollingFile::new(&detail),
            SinkPolicy::new().severities(..=Severity::Debug).targets(["routing::sql", "it::*"]),
        )
        .build()
        .unwrap();
    let subscriber = tracing_subscriber::registry().with(client.tracing_layer());
    tracing::subscriber::with_default(subscriber, || {
        tracing::event!(target: "routing", Level::ERROR, "card declined");
        tracing::event!(target: "routing", Level::WARN, "slow");
        tracing::event!(target: "routing", Level::INFO, "paid");
        tracing::event!(target: "routing", Level::DEBUG, "of no interest");
        tracing::event!(target: "routing::sql", Level::DEBUG, "SELECT 1");
        tracing::event!(target: "routing::sql", Level::TRACE, "row 1");
    });
    client.events().enqueue(Event::new("order.lost").severity(Severity::Fatal));
    client.events().enqueue(Event::log("it::nested", LogPayload::new("deep").severity(Severity::Trace)));
    assert!(client.blocking().shutdown(PATIENCE).is_complete());

    assert_eq!(said.recv_timeout(PATIENCE).unwrap(), "card declined\norder.lost\n");
    assert_eq!(lines(&kept), ["card declined", "slow", "paid", "order.lost"]);
    assert_eq!(lines(&detail), ["SELECT 1", "row 1", "deep"]);
    // The server has all of it.
    assert_eq!(server.events().len(), 8);
    fs::remove_dir_all(&directory).unwrap();
}
