//! Sinks fail beside others that do not.

use std::{
    io::{self, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axonpush::{
    AxonPush, BreakerState, Event, Fluentd, LossReason, QueuePolicy, Sink, SinkBatch, SinkPolicy, SinkStats, SinkWriter,
};
use rig::{
    PATIENCE,
    forward::{Behaviour, ForwardServer},
};

use super::{Scale, Stage, Verdict, stored};

/// Lines over TCP.
struct Lines(SocketAddr);

impl Sink for Lines {
    fn open(&self) -> io::Result<Box<dyn SinkWriter>> {
        Ok(Box::new(Connection(TcpStream::connect(self.0)?)))
    }
}

struct Connection(TcpStream);

impl SinkWriter for Connection {
    fn write(&mut self, batch: &SinkBatch<'_>) -> io::Result<()> {
        let mut lines = String::new();
        batch.iter().for_each(|record| lines.extend([&record.as_json(), "\n"]));
        self.0.write_all(lines.as_bytes())
    }
}

/// Remembers how many it was given, and the longest that one waited for it.
#[derive(Clone, Default)]
struct Healthy(Arc<(AtomicU64, AtomicU64)>);

impl Sink for Healthy {
    fn open(&self) -> io::Result<Box<dyn SinkWriter>> {
        Ok(Box::new(self.clone()))
    }
}

impl SinkWriter for Healthy {
    fn write(&mut self, batch: &SinkBatch<'_>) -> io::Result<()> {
        self.0.0.fetch_add(batch.len() as u64, Ordering::Relaxed);
        for record in batch {
            let waited = record.time().elapsed().unwrap_or_default();
            self.0.1.fetch_max(waited.as_micros().try_into().unwrap_or(u64::MAX), Ordering::Relaxed);
        }
        Ok(())
    }
}

/// How long a record may be on its way to a sink that is well.
const MOST_WAITED: Duration = Duration::from_secs(1);

/// Records in the queue of a sink that fails.
const ROOM: usize = 1_000;

pub(super) fn isolated(scale: Scale) -> Verdict {
    let events = scale.of(5_000, 100_000);
    let mut verdict = Verdict::new();
    // One that takes connections and never reads, and one that nobody listens at.
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let healthy = Healthy::default();
    let policy = || SinkPolicy::new().queue(QueuePolicy::new().max_events(ROOM));
    let stage = Stage::with(|settings| {
        settings
            .queue(QueuePolicy::new().max_events(200_000).max_bytes(1 << 30))
            .sink_with("deaf", Lines(deaf.local_addr().unwrap()), policy())
            .sink_with("dead", Lines(nobody), policy())
            .sink_with("healthy", healthy.clone(), policy().queue(QueuePolicy::new().max_events(200_000)))
    });
    // What the sockets take without anybody reading is not yet a fault.
    let long = "x".repeat(16 << 10);
    for n in 0..ROOM {
        stage.client.events().enqueue(Event::new(format!("long{n}")).attribute("text", long.clone()));
    }
    verdict.hand_over(&stage.client, events);
    let all = (events + ROOM) as u64;
    let report = stage.client.blocking().flush(PATIENCE.min(Duration::from_secs(5)));
    let given = healthy.0.0.load(Ordering::Relaxed);
    verdict.exactly("healthy sink given", given, all);
    verdict.within("longest wait there", Duration::from_micros(healthy.0.1.load(Ordering::Relaxed)), MOST_WAITED);
    verdict.exactly("lost for the server", report.lost().total(), 0);
    let [hung, gone, well] = <[SinkStats; 3]>::try_from(stage.client.sink_stats()).unwrap();
    verdict.check(gone.breaker() == BreakerState::Open, format_args!("dead: {:?}", gone.breaker()), "Open");
    verdict.check(well.breaker() == BreakerState::Closed, format_args!("healthy: {:?}", well.breaker()), "Closed");
    for sink in [&hung, &gone, &well] {
        let settled = sink.written() + sink.lost().total() + sink.queued();
        verdict.exactly(&format!("{}: written + lost + queued", sink.name()), settled, all);
    }
    verdict.exactly("dead: lost for want of room", gone.lost().of(LossReason::QueueFull), all - gone.queued());

    // A sink that hangs keeps nobody from ending.
    let (began, time) = (Instant::now(), Duration::from_secs(2));
    let _report = stage.client.blocking().shutdown(time);
    verdict.within("shutdown", began.elapsed(), time + Duration::from_millis(500));
    verdict.exactly("at the server", stored(&stage.server).0 as u64, all);
    stage.close(&mut verdict);
    verdict
}

/// Every tenth acknowledgement is missing, and the first connections have others than those they should.
pub(super) fn forward_acks(scale: Scale) -> Verdict {
    let chunks = scale.of(500, 10_000);
    let mut verdict = Verdict::new();
    let behaviour = Behaviour { withholds_every: Some(10), acks_others: 3, ..Behaviour::default() };
    let (server, address) = ForwardServer::start(behaviour);
    let fluentd = Fluentd::new(address.to_string()).ack_timeout(Duration::from_millis(50));
    let policy = SinkPolicy::new().queue(QueuePolicy::new().max_events(chunks));
    let client = AxonPush::builder().without_server().sink_with("fluentd", fluentd, policy).build().unwrap();
    for n in 0..chunks {
        // A tag of its own makes a chunk of its own.
        client.events().enqueue(Event::new(format!("t{n}")));
    }
    let _report = client.blocking().shutdown(PATIENCE * 3);
    let (seen, stats) = (server.wait_until(|_| true), client.sink_stats().remove(0));
    verdict.exactly("written", stats.written(), chunks as u64);
    verdict.exactly("lost", stats.lost().total(), 0);
    verdict.exactly("chunks that arrived", seen.entries.len(), chunks);
    verdict.exactly("ids", seen.chunks.len(), chunks);
    verdict.exactly("ids with other content", seen.impostors, 0);
    let again = seen.chunks.values().filter(|times| **times > 1).count();
    verdict.check(again >= chunks / 10, format_args!("sent again with their id {again}"), ">= a tenth");
    verdict
}
