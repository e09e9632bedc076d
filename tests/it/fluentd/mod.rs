//! Records on their way to Fluentd: to a strict server, to a faulty one, and to one of somebody else's making.

mod faults;
mod node;
mod transports;

use std::{net::SocketAddr, time::Duration};

use axonpush::{AxonPush, AxonPushBuilder, Fluentd, SinkStats};
use rig::forward::{Entry, Seen};
use rmpv::Value;

/// A sink that does not wait long for what does not come.
fn sink(addr: SocketAddr) -> Fluentd {
    Fluentd::new(addr.to_string())
        .tag_prefix("it")
        .hostname("it.example")
        .ack_timeout(Duration::from_millis(500))
        .connect_timeout(Duration::from_secs(2))
}

fn settings(sink: Fluentd) -> AxonPushBuilder {
    AxonPush::builder().without_server().sink("fluentd", sink)
}

fn client(sink: Fluentd) -> AxonPush {
    settings(sink).build().unwrap()
}

fn stats(client: &AxonPush) -> SinkStats {
    client.sink_stats().remove(0)
}

fn numbers(seen: &Seen) -> Vec<u64> {
    let mut all: Vec<_> = seen.entries.iter().map(|entry| field(entry, "n").as_u64().unwrap()).collect();
    all.sort_unstable();
    all
}

fn field<'a>(entry: &'a Entry, name: &str) -> &'a Value {
    &entry.record[name]
}
