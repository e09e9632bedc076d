//! What handing an event over costs the caller, beside merely serialising it.
//!
//! Both sides begin with the same typed values and end with the same bytes; the SDK's side also makes the dedup key,
//! redacts, and enters the queue. The server accepts connections and never answers, so the queue is full and every
//! event pushes out another: the worst case of the steady state.

use std::{hint::black_box, net::TcpListener, time::Duration};

use axonpush::{AxonPush, Event, EventType};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use serde::Serialize;

/// 200 bytes as JSON.
#[derive(Serialize)]
struct Payload {
    order_id: u64,
    customer: &'static str,
    total: f64,
    currency: &'static str,
    express: bool,
    items: [&'static str; 3],
    note: &'static str,
}

const PAYLOAD: Payload = Payload {
    order_id: 1_048_577,
    customer: "c-00918273",
    total: 129.95,
    currency: "EUR",
    express: true,
    items: ["sku-1029384756", "sku-5647382910", "sku-0192837465"],
    note: "leave at the door, please ring twice",
};

/// The same event as it stands on the wire, for plain serialisation.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    identifier: &'static str,
    payload: Payload,
    #[serde(rename = "channel_id")]
    channel_id: &'static str,
    event_type: &'static str,
    agent_id: &'static str,
    trace_id: &'static str,
    dedup_key: &'static str,
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn wire() -> Wire {
    Wire {
        identifier: "order.placed",
        payload: PAYLOAD,
        channel_id: "orders",
        event_type: "agent.tool_call.start",
        agent_id: "checkout",
        trace_id: TRACE,
        dedup_key: "01936f0e-7b5c-7a3d-9c4e-5f6a7b8c9d0e",
    }
}

fn event() -> Event {
    Event::new("order.placed")
        .event_type(EventType::AgentToolCallStart)
        .agent_id("checkout")
        .trace_id(TRACE)
        .payload(&PAYLOAD)
        .expect("an object")
}

fn hand_over(criterion: &mut Criterion) {
    assert!((190..=230).contains(&serde_json::to_vec(&PAYLOAD).expect("plain data").len()));
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let client = AxonPush::builder()
        .api_key("ak_bench")
        .base_url(format!("http://{}", silent.local_addr().expect("bound")))
        .channel_id("orders")
        .shutdown_timeout(Duration::ZERO)
        .build()
        .expect("complete settings");
    for _ in 0..20_000 {
        client.events().enqueue(event());
    }
    let mut group = criterion.benchmark_group("hand_over");
    group.bench_function("serialise", |bencher| {
        let wire = wire();
        bencher.iter(|| black_box(serde_json::to_vec(black_box(&wire))));
    });
    group.bench_function("enqueue", |bencher| {
        bencher.iter_batched(event, |event| client.events().enqueue(black_box(event)), BatchSize::SmallInput);
    });
    group.bench_function("build_and_enqueue", |bencher| {
        bencher.iter(|| client.events().enqueue(black_box(event())));
    });
    group.finish();
    let stats = client.stats();
    assert!(stats.is_balanced() && stats.refused() == 0, "{stats}");
}

criterion_group!(benches, hand_over);
criterion_main!(benches);
