//! What looking for secrets costs: beside merely serialising a record of 1 KiB, and on text that was made to be slow.
//!
//! - **1 KiB**: handing over an event that has no secret in it and was serialised when it was built: it is searched,
//!   completed, and copied into the queue. Beside that, `serde_json::to_vec` of the same payload.
//! - **Growth**: the cost of a byte in the longest text that an event may hold, beside that in one of a sixteenth of it;
//!   of several kinds of text that is full of beginnings of secrets, the worst. A search that looks at anything twice
//!   grows with the length.
//! - **1 MB**: the worst of these texts at that length, which is cut to what an event may hold before it is searched.
//!
//! For the latter two, text of any length is let through; by default it is cut at 4,096 characters.

use std::{hint::black_box, net::TcpListener, time::Duration, time::Instant};

use axonpush::{AxonPush, Event, LogPayload, RedactionPolicy};
use serde::Serialize;
use serde_json::json;
use support::{figure, median};

const TURNS: usize = 15;
const SHORT: usize = 15 << 10;
const LONG: usize = 16 * SHORT;
const HUGE: usize = 1_000_000;

/// Text in which a secret seems to begin at every turn, and none does, or all do.
const SLOW: [(&str, &str); 12] = [
    ("addresses", "a@a@"),
    ("assignments", "password=password="),
    ("bearers", "Bearer Bearer "),
    ("braces", r#"{"{"{""#),
    ("cards", "4111 1111 1111 1112 "),
    ("digits", "4"),
    ("keys", "AKIAAKIA"),
    ("objects", r#"{"password":1}"#),
    ("pem", "-----BEGIN "),
    ("quotes", "\\\""),
    ("tokens", "eyJ.eyJ."),
    ("urls", "https://a:https://b@c/?token=x"),
];

fn main() {
    // It accepts connections and never answers, so that the queue is full and each event pushes out another.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let settings = AxonPush::builder()
        .api_key("ak_bench")
        .base_url(format!("http://{}", silent.local_addr().expect("bound")))
        .shutdown_timeout(Duration::ZERO);
    a_kibibyte(&settings.clone().build().expect("complete settings"));
    // Text is cut at 4,096 characters unless told otherwise.
    let redaction = RedactionPolicy::new().max_content_length(HUGE);
    growth(&settings.redaction(redaction).build().expect("complete settings"));
}

fn a_kibibyte(client: &AxonPush) {
    let payload = json!({
        "order_id": 1_048_577, "placed_by": "a guest, by telephone, in the evening", "customer": "c-00918273", "total": 129.95, "currency": "EUR", "express": true,
        "items": (0..8).map(|n| json!({"sku": format!("sku-10293847{n}"), "count": n, "note": "gift"})).collect::<Vec<_>>(),
        "address": {"street": "Main Street 7", "city": "Springfield", "zip": "12345", "country": "US"},
        "note": "leave at the door, please ring twice, and mind the dog, which is friendly but loud and large",
        "history": ["created", "reserved", "charged", "packed", "handed to the carrier", "delivered to a neighbour"],
        "carrier": {"name": "Parcels and More", "track": "TRK-2026-11-000918273", "weight_kg": 3.25, "pieces": 2},
        "agent": "a nightly job that looks for orders which nobody has touched for a week and asks the shop about them",
    });
    let size = serde_json::to_vec(&payload).expect("plain data").len();
    assert!((1000..=1100).contains(&size), "{size} bytes");
    #[derive(Serialize)]
    struct Payload<'a>(&'a serde_json::Value);
    let payload = Payload(&payload);
    let serialise = || drop(black_box(serde_json::to_vec(black_box(&payload))));
    let event = Event::new("order.placed").payload(&payload).expect("an object");
    let enqueue = || client.events().enqueue(black_box(&event).clone());
    let clone = || drop(black_box(black_box(&event).clone()));
    for _ in 0..20_000 {
        enqueue();
    }
    let (mut serialised, mut handed_over, mut cloned) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TURNS {
        serialised.push(nanos(2000, serialise));
        handed_over.push(nanos(2000, enqueue));
        cloned.push(nanos(2000, clone));
    }
    figure("redaction.kib.ours", median(handed_over) - median(cloned));
    figure("redaction.kib.serialise", median(serialised));
}

fn growth(client: &AxonPush) {
    let (mut worst, mut slowest) = ([1.0, 0.0], 0.0_f64);
    for (name, piece) in SLOW {
        let of = |length: usize| piece.repeat(length / piece.len() + 1)[..length].to_owned();
        let [short, long, huge] = [SHORT, LONG, HUGE].map(|length| {
            let text = of(length);
            let rounds = (4 * LONG / length).max(1);
            median((0..TURNS).map(|_| nanos(rounds, || hand_over(client, &text)) / length as f64).collect())
        });
        eprintln!("{name}: {short:.2} ns a byte, {long:.2} in {} times as many, 1 MB in {:.2} ms", LONG / SHORT, huge);
        if long / short > worst[1] / worst[0] {
            worst = [short, long];
        }
        slowest = slowest.max(huge * HUGE as f64);
    }
    figure("redaction.growth.short", worst[0] * 1000.0);
    figure("redaction.growth.long", worst[1] * 1000.0);
    figure("redaction.megabyte", slowest / 1e6);
}

fn hand_over(client: &AxonPush, text: &str) {
    client.events().enqueue(Event::log("slow", LogPayload::new(black_box(text))));
}

fn nanos(rounds: usize, mut work: impl FnMut()) -> f64 {
    let began = Instant::now();
    (0..rounds).for_each(|_| work());
    began.elapsed().as_nanos() as f64 / rounds as f64
}
