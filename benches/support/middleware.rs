//! What the benches of web middleware share: the loads, and what a middleware adds to the bare app.
//!
//! Every side is a process of its own, because a process has one subscriber of `tracing`. A turn runs all sides one after
//! the other; what a middleware adds is its time less that of the bare app in the same turn, and of all turns the middle
//! one counts. Over loopback, where a busy machine moves times by more than a middleware does, each side serves the bare
//! app too, and requests go to one and the other in turns.

use std::{
    collections::HashMap,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    time::{Duration, Instant},
};

use axonpush::AxonPush;
use memchr::memmem;

use crate::{
    allocations, figure, median, process,
    samples::{Samples, wait_until},
    sink::{self, Sink},
};

/// The app without a middleware, the app with ours, and ours with a server that never answers and a full queue.
pub const BARE: &str = "bare";
pub const OURS: &str = "ours";
pub const BLACK_HOLE: &str = "black_hole";

pub const PATH: &str = "/orders/1048577?expand=items";
pub const HEADERS: [(&str, &str); 3] =
    [("host", "shop.example.com"), ("user-agent", "Mozilla/5.0 (X11; Linux x86_64)"), ("accept", "application/json")];
pub const ANSWER: &str = r#"{"order":1048577,"total":129.95,"currency":"EUR"}"#;

const TURNS: usize = 7;
/// Requests of a burst, called one after the other; bursts leave the queue room for the next one.
const BURST: usize = 250;
const BURSTS: usize = 16;
const BURST_EVERY: Duration = Duration::from_millis(60);
/// Requests a second, and how many.
const PACE: Duration = Duration::from_micros(500);
const PACED: usize = 2000;
const UNCOUNTED: usize = 200;

/// One side of the comparison, as a child of the bench.
pub trait Side {
    /// Makes one request in this process and reads the whole answer.
    fn call(&mut self);
    /// Serves the same app, and the bare one, each on a port of its own and from a thread of its own.
    fn serve(&mut self) -> [SocketAddr; 2];
}

/// Runs all sides and prints what each adds. `name` begins the figures; `others` are the roles beside ours.
pub fn compare(name: &str, others: &[&'static str]) {
    let sink = Sink::start();
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let silent = format!("http://{}", silent.local_addr().expect("bound"));
    let url = sink.url();
    let mut added: HashMap<String, Vec<f64>> = HashMap::new();
    for _ in 0..TURNS {
        let bare = process::run(BARE, "");
        for side in [OURS, BLACK_HOLE].iter().chain(others) {
            let said = process::run(side, if *side == BLACK_HOLE { &silent } else { &url });
            for (what, value) in said {
                let bare = if what.starts_with("loopback") { 0.0 } else { bare[&what] };
                added.entry(format!("{name}.{what}.{side}")).or_default().push(value - bare);
            }
        }
        for (what, value) in bare {
            added.entry(format!("{name}.{what}.{BARE}")).or_default().push(value);
        }
    }
    for (name, values) in added {
        figure(&name, median(values));
    }
}

/// The client of ours, in a side's process.
pub fn client(url: &str) -> AxonPush {
    AxonPush::builder()
        .api_key("ak_bench")
        .base_url(url)
        .channel_id("orders")
        .shutdown_timeout(Duration::from_millis(100))
        .report_losses(false)
        .build()
        .expect("complete settings")
}

/// Puts every load on a side, and says what a request took. Nothing that `client` was given may be lost unless it fills
/// its queue first.
pub fn measure(mut side: impl Side, client: Option<(&AxonPush, bool)>) {
    (0..UNCOUNTED).for_each(|_| side.call());
    if let Some((client, true)) = client {
        while client.stats().lost().total() == 0 {
            side.call();
        }
    }
    bursts(&mut side);
    let mut paced = Samples::with_capacity(PACED);
    pace(PACE, |counted| if counted { paced.time(|| side.call()) } else { side.call() });
    process::say("paced.p50", paced.percentile(50));
    process::say("paced.p99", paced.percentile(99));
    loopback(side.serve());
    if let Some((client, false)) = client {
        let stats = client.stats();
        assert!(stats.lost().total() == 0 && stats.refused() == 0, "{stats}");
    }
}

fn bursts(side: &mut impl Side) {
    let (mut means, started) = (Vec::with_capacity(BURSTS), Instant::now());
    let mut allocated = 0;
    for burst in 0..BURSTS {
        wait_until(started + BURST_EVERY * u32::try_from(burst).expect("few"));
        let (before, began) = (allocations::of_this_thread(), Instant::now());
        (0..BURST).for_each(|_| side.call());
        means.push(began.elapsed().as_nanos() as f64 / BURST as f64);
        allocated = allocations::of_this_thread() - before;
    }
    process::say("bursts", median(means));
    // Of the last one: buffers that grow have grown.
    process::say("allocations", (allocated as f64 / BURST as f64).round());
}

fn pace(every: Duration, mut call: impl FnMut(bool)) {
    let started = Instant::now() + every;
    for n in 0..UNCOUNTED + PACED {
        wait_until(started + every * u32::try_from(n).expect("few"));
        call(n >= UNCOUNTED);
    }
}

/// A connection to each that is kept, one request at a time. What the first adds to the second.
fn loopback(addresses: [SocketAddr; 2]) {
    let mut sides = addresses.map(|address| (Connection::to(address), Samples::with_capacity(PACED)));
    let mut turn = 0;
    // Twice as many and twice as fast, as each has every other one.
    for _ in 0..2 {
        pace(PACE / 2, |counted| {
            let (connection, samples) = &mut sides[turn % 2];
            turn += 1;
            if counted { samples.time(|| connection.call()) } else { connection.call() }
        });
    }
    let [(_, with), (_, without)] = &mut sides;
    for percent in [50, 99] {
        process::say(&format!("loopback.p{percent}"), with.percentile(percent) - without.percentile(percent));
    }
}

struct Connection {
    stream: TcpStream,
    request: String,
    buffer: [u8; 4096],
}

impl Connection {
    fn to(address: SocketAddr) -> Self {
        let mut request = format!("GET {PATH} HTTP/1.1\r\n");
        HEADERS.iter().for_each(|(name, value)| request.extend([*name, ": ", *value, "\r\n"]));
        request.push_str("\r\n");
        let stream = TcpStream::connect(address).expect("our own server");
        stream.set_nodelay(true).expect("TCP");
        Self { stream, request, buffer: [0; 4096] }
    }

    fn call(&mut self) {
        let Self { stream, request, buffer } = self;
        stream.write_all(request.as_bytes()).expect("a server");
        let mut filled = 0;
        // The answer is the last that comes.
        while !buffer[..filled].ends_with(ANSWER.as_bytes()) {
            let read = stream.read(&mut buffer[filled..]).expect("an answer");
            assert!(read > 0, "the server hung up");
            filled += read;
        }
        assert!(memmem::find(&buffer[..filled], b" 200 OK\r\n").is_some(), "a request failed");
    }
}

/// Serves as the sink where a bench was started as one; otherwise the role and the server to publish to.
pub fn role() -> Option<(String, String)> {
    let (role, url) = process::role()?;
    if role == sink::ROLE {
        sink::serve();
        std::process::exit(0);
    }
    Some((role, url))
}
