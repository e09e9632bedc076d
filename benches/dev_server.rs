//! The development server: what it takes in, and how soon it finds something among a million events.
//!
//! The server and whoever asks it share one process and both cores. What counts as stored is what the server says it holds.
//!
//! - **One by one**: the background publisher of this SDK, with one key and room for what it offers.
//! - **OTLP**: requests of 512 log records as our sink writes them, encoded beforehand, from two connections that send the
//!   next when the last was answered. A record has a body of a hundred characters, its trace and its dedup key, and six
//!   attributes, of which one is the id of its request.
//! - **Search**: over HTTP, in a million of these. The text occurs once, in the oldest of them. While requests come in as
//!   fast as the server takes them, the same search by trace shows how long a reader waits for writers.
//! - **Start**: a file of 100,000 events, from the call that starts the server until it has answered the first search.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, Instant},
};

use axonpush::{AxonPush, Event, EventType, OverflowPolicy, QueuePolicy};
use axonpush_dev::DevServer;
use serde_json::json;
use support::{
    figure, median,
    wire::{Wire, attribute, field, varint},
};

const POSTED: u64 = 50_000;
const RECORDS: u64 = 1_000_000;
const BATCH: u64 = 512;
const SENDERS: u64 = 2;
const KEPT: u64 = 100_000;
const TURNS: usize = 3;
const SEARCHES: usize = 21;

fn main() {
    figure("dev.post", median((0..TURNS).map(|_| one_by_one()).collect()));
    let server = DevServer::builder().max_events(2 * RECORDS).start_blocking().expect("a free port");
    figure("dev.otlp", send(&server, 0..RECORDS / BATCH));
    let search = |query: &str, found: usize| median((0..SEARCHES).map(|_| millis(&server, query, found)).collect());
    figure("dev.search.trace", search(&format!("traceId={}", hex(&trace(RECORDS / 2 / PER_TRACE))), 20));
    figure("dev.search.request", search(&format!("attrKey=request.id&attrValue={}", request(RECORDS / 2)), 10));
    figure("dev.search.text", search("q=c-00918273%20the%20oldest", 1));
    figure("dev.search.no_text", search("q=nobody%20ever%20said%20so", 0));
    figure("dev.search.newest", search("", 50));
    figure("dev.search.meanwhile", meanwhile(&server));
    drop(server);
    figure("dev.start", start());
}

/// Events a second that the publisher brings in.
fn one_by_one() -> f64 {
    let server = DevServer::start_blocking().expect("a free port");
    let room = OverflowPolicy::Block { timeout: Duration::from_secs(10) };
    let client = AxonPush::builder()
        .api_key("ak_bench")
        .base_url(server.url())
        .channel_id("orders")
        .queue(QueuePolicy::new().overflow(room))
        .build()
        .expect("complete settings");
    let payload = json!({"order_id": 1_048_577, "customer": "c-00918273", "total": 129.95, "note": "leave at the door"});
    let started = Instant::now();
    for _ in 0..POSTED {
        let event = Event::new("order.placed").event_type(EventType::AgentToolCallStart).agent_id("checkout");
        client.events().enqueue(event.payload(&payload).expect("an object"));
    }
    let report = client.blocking().flush(Duration::from_secs(60));
    let seconds = started.elapsed().as_secs_f64();
    assert!(report.is_complete() && server.len() as u64 == POSTED, "{report}");
    POSTED as f64 / seconds
}

/// Records a second that the server stores while `SENDERS` send the batches of these numbers.
fn send(server: &DevServer, batches: std::ops::Range<u64>) -> f64 {
    let before = server.len() as u64;
    let busy = AtomicU64::new(0);
    let next = AtomicU64::new(batches.start);
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..SENDERS {
            scope.spawn(|| {
                let mut wire = Wire::connect(server.addr());
                loop {
                    let batch = next.fetch_add(1, Ordering::Relaxed);
                    if batch >= batches.end {
                        break;
                    }
                    let (body, took) = timed(|| encode(batch * BATCH..(batch + 1) * BATCH));
                    busy.fetch_add(took.as_nanos() as u64, Ordering::Relaxed);
                    wire.post("/v1/logs", OTLP, &body);
                }
            });
        }
    });
    let seconds = started.elapsed().as_secs_f64();
    let stored = server.len() as u64 - before;
    assert_eq!(stored, (batches.end - batches.start) * BATCH);
    // Encoding is the sender's business, and would be done on another machine or by an application that does more.
    let encoding = busy.into_inner() as f64 / 1e9 / SENDERS as f64;
    stored as f64 / (seconds - encoding)
}

/// How long one search takes, its answer read.
fn millis(server: &DevServer, query: &str, found: usize) -> f64 {
    let mut wire = Wire::connect(server.addr());
    let started = Instant::now();
    let answer = wire.get(&format!("/events?{query}"));
    let took = started.elapsed().as_secs_f64() * 1e3;
    let answer: serde_json::Value = serde_json::from_slice(answer).expect("JSON");
    assert_eq!(answer["events"].as_array().expect("a list").len(), found, "{query}");
    took
}

/// The longest of the searches by trace that were made while records came in.
fn meanwhile(server: &DevServer) -> f64 {
    let query = format!("traceId={}", hex(&trace(7)));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let mut longest = 0.0_f64;
            while !done.load(Ordering::Relaxed) {
                longest = longest.max(millis(server, &query, 20));
            }
            longest
        });
        let first = RECORDS / BATCH;
        send(server, first..first + 200);
        done.store(true, Ordering::Relaxed);
        asking.join().expect("no panic")
    })
}

fn start() -> f64 {
    let file = Scratch::new();
    let open = || DevServer::builder().persist(&file.0).start_blocking().expect("a file of our own");
    let server = open();
    send(&server, 0..KEPT / BATCH);
    drop(server);
    let times = (0..TURNS).map(|_| {
        let started = Instant::now();
        let server = open();
        Wire::connect(server.addr()).get("/events");
        started.elapsed().as_secs_f64() * 1e3
    });
    median(times.collect())
}

/// A file that is gone when the bench is over.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("axonpush-bench-{}.db", std::process::id())))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm", "-lock"] {
            let mut file = self.0.clone().into_os_string();
            file.push(suffix);
            let _absent = std::fs::remove_file(file);
        }
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    let done = work();
    (done, started.elapsed())
}

/// An export request with these records.
fn encode(records: std::ops::Range<u64>) -> Vec<u8> {
    let (mut resource, mut scope, mut resource_logs, mut request) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    field(1, &attribute("service.name", "shop"), &mut resource);
    field(1, &resource, &mut resource_logs);
    for number in records {
        field(2, &record(number), &mut scope);
    }
    field(2, &scope, &mut resource_logs);
    field(1, &resource_logs, &mut request);
    request
}

fn record(number: u64) -> Vec<u8> {
    let mut record = Vec::with_capacity(400);
    // The time, which is of a fixed length.
    record.push(1 << 3 | 1);
    record.extend((1_760_000_000_000_000_000 + number * 1_000).to_le_bytes());
    record.push(2 << 3);
    varint(17, &mut record);
    field(3, b"ERROR", &mut record);
    let mut body = Vec::new();
    let text = if number == 0 { "customer c-00918273 the oldest one" } else { BODY };
    field(1, text.as_bytes(), &mut body);
    field(5, &body, &mut record);
    field(9, &trace(number / PER_TRACE), &mut record);
    field(10, &(number + 1).to_be_bytes(), &mut record);
    for (name, text) in [
        ("request.id", &*self::request(number)),
        ("axonpush.dedup_key", &format!("01936f0e-7b5c-7a3d-9c4e-{number:012x}")),
        ("customer.id", "c-00918273"),
        ("order.id", &number.to_string()),
        ("currency", "EUR"),
        ("logger.name", "billing"),
    ] {
        field(6, &attribute(name, text), &mut record);
    }
    record
}

fn trace(number: u64) -> [u8; 16] {
    // Traces do not come in order; an odd factor spreads them.
    u128::from(number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes()
}

fn request(number: u64) -> String {
    let number = (number / PER_REQUEST).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("0197e4b2-{:04x}-7bbb-8ccc-{:012x}", number >> 48, number & 0xffff_ffff_ffff)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const BODY: &str =
    "payment of 129.95 EUR for order 1048577 was declined by the card issuer; the customer may retry it now!";
const OTLP: &str = "content-type: application/x-protobuf\r\nx-axonpush-channel: payments\r\n";
const PER_TRACE: u64 = 20;
const PER_REQUEST: u64 = 10;
