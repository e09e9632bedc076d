//! Input and hooks that mean no good, and more of everything than there is room for.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axonpush::{AxonPush, Event, LossReason, OverflowPolicy, QueuePolicy, Severity};
use axonpush_axum::AxonPushLayer;
use axonpush_dev::Answer;
use axum::{Router, routing::get};
use rig::{PATIENCE, proxy::Fault};
use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::{Value, json};

use super::{Scale, Stage, Verdict, enqueue, runtime_1, stored};

pub(super) fn overflow(scale: Scale) -> Verdict {
    let (room, offered) = scale.of((500, 5_000_u32), (10_000, 100_000));
    let mut verdict = Verdict::new();
    let policy = QueuePolicy::new().max_events(room).overflow(OverflowPolicy::ShedLowestSeverity);
    let stage = Stage::with(|settings| settings.queue(policy));
    stage.proxy.set(Fault::Refuse);
    let mut errors = 0;
    for n in 0..offered {
        // A twentieth are errors: half of what there is room for.
        let severity = match n % 20 {
            7 => Severity::Error,
            0..7 => Severity::Info,
            _ => Severity::Debug,
        };
        errors += usize::from(severity == Severity::Error);
        stage.client.events().enqueue(Event::new(format!("{severity:?}-{n}")).severity(severity));
    }
    stage.proxy.set(Fault::Pass);
    let _ = stage.client.blocking().flush(PATIENCE);
    let kept = stage.server.events().iter().filter(|event| event.identifier.starts_with("Error")).count();
    verdict.exactly(&format!("of {errors} errors delivered"), kept, errors);
    let lost = stage.client.stats().lost().of(LossReason::QueueFull);
    // Some leave the queue before it fills up, to be sent or to wait for their retry.
    let least = u64::from(offered) - room as u64 - 64;
    verdict.check(
        lost >= least && lost <= u64::from(offered) - room as u64,
        format_args!("{lost} of {offered} shed"),
        "what there was no room for",
    );
    stage.close(&mut verdict);
    verdict
}

pub(super) fn panicking_hook(scale: Scale) -> Verdict {
    let rounds = scale.of(5, 50);
    let mut verdict = Verdict::new();
    let calls = Arc::new(AtomicU64::new(0));
    let counts = Arc::clone(&calls);
    let stage = Stage::with(|settings| {
        settings.on_loss(move |_| {
            counts.fetch_add(1, Ordering::Relaxed);
            // Without the default hook's page on stderr.
            std::panic::resume_unwind(Box::new("as asked"));
        })
    });
    for n in 0..rounds {
        stage.server.script(Answer::status(400));
        enqueue(&stage.client, &format!("refused{n}-"), 1);
        let _ = stage.client.blocking().flush(PATIENCE);
        enqueue(&stage.client, &format!("next{n}-"), 1);
        let _ = stage.client.blocking().flush(PATIENCE);
    }
    let _ = stage.client.blocking().shutdown(PATIENCE);
    let stats = stage.client.stats();
    let called = calls.load(Ordering::Relaxed);
    verdict.check(called > 0, format_args!("hook panicked {called} times"), "called");
    verdict.exactly("rejected", stats.lost().of(LossReason::Rejected), rounds);
    verdict.exactly("the next delivered", stats.delivered(), rounds);
    verdict.exactly("worker restarts", stats.worker_restarts(), 0);
    verdict.books(&stage.client, &stage.server);
    verdict
}

/// Numbers that JSON has no form for.
#[derive(Serialize)]
struct Wide {
    u128: u128,
    i128: i128,
    nan: f64,
}

/// `{"d":{"d":…}}`, made while it is written: a tree so deep could not even be dropped.
struct Deep(u32);

impl Serialize for Deep {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        if let Some(less) = self.0.checked_sub(1) {
            map.serialize_entry("d", &Deep(less))?;
        }
        map.end()
    }
}

pub(super) fn bad_input(_: Scale) -> Verdict {
    let mut verdict = Verdict::new();
    let stage = Stage::new();
    let huge = json!({"numbers": vec![1_234_567_u32; 1_300_000]});
    let long = json!({"text": "y".repeat(10 << 20)});
    refused(&mut verdict, "10 MB of numbers", || Event::new("x").payload(&huge), "1048576");
    refused(&mut verdict, "depth 100,000", || Event::new("x").payload(&Deep(100_000)), "100");
    refused(&mut verdict, "no object", || Event::new("x").payload(&[1, 2]), "object");
    let began = Instant::now();
    let cut = Event::new("long").payload(&long).unwrap();
    stage.client.events().enqueue(cut);
    verdict.within("10 MB string cut in", began.elapsed(), Duration::from_millis(400));
    let odd = json!({"text": "\u{0}\u{1f}\u{202e}\u{ffff}\u{1f600}"});
    let numbers = Event::new("numbers")
        .payload(&odd)
        .unwrap()
        .attribute("nan", f64::NAN)
        .attribute("infinite", f64::NEG_INFINITY);
    stage.client.events().enqueue(numbers);
    let wide = Wide { u128: u128::MAX, i128: i128::MIN, nan: f64::NAN };
    stage.client.events().enqueue(Event::new("wide").payload(&wide).unwrap());
    let _ = stage.client.blocking().flush(PATIENCE);
    let events = stage.server.events();
    let of = |name: &str| events.iter().find(|event| event.identifier == name).map(|event| event.payload.clone());
    let wide = of("wide").unwrap_or_default();
    let written = wide == json!({"u128": u128::MAX.to_string(), "i128": i128::MIN.to_string(), "nan": "NaN"});
    verdict.check(written, "NaN and u128 as text", "no null, no loss");
    let numbers = of("numbers").unwrap_or_default();
    let kept =
        numbers["attributes"] == json!({"nan": "NaN", "infinite": "-Infinity"}) && numbers["text"] == odd["text"];
    verdict.check(kept, if kept { "odd text and numbers kept".to_owned() } else { numbers.to_string() }, "");
    let cut = of("long").unwrap_or_default()["text"].as_str().map_or(0, str::len);
    verdict.check((1..20_000).contains(&cut), format_args!("10 MB string cut to {cut} bytes"), "< 20,000");
    bad_headers(&stage, &mut verdict);
    let settings = ["k\u{e9}y", "two words", "line\nbreak"]
        .map(|text| rig::settings(&stage.server).tenant_id(text).build().err().is_some_and(|error| error.is_config()));
    verdict.exactly("settings no header can hold, refused", settings.iter().filter(|refused| **refused).count(), 3);
    let _ = stage.client.blocking().shutdown(PATIENCE);
    let stats = stage.client.stats();
    let all = stored(&stage.server).1 as u64;
    verdict.check(
        stats.is_balanced() && stats.delivered() == all && stats.accepted() == all,
        format_args!("{stats}, stored {all}"),
        "books exact",
    );
    verdict
}

fn refused(verdict: &mut Verdict, what: &str, make: impl FnOnce() -> Result<Event, axonpush::Error>, says: &str) {
    let began = Instant::now();
    let error = make().err();
    let took = began.elapsed();
    let clear = error.as_ref().is_some_and(|error| error.is_invalid() && error.to_string().contains(says));
    verdict.check(
        clear,
        format_args!("{what} {}", if error.is_some() { "refused" } else { "taken" }),
        "refused with the limit named",
    );
    verdict.within("in", took, Duration::from_millis(400));
}

/// Requests whose headers are no text are served and reported like any other.
fn bad_headers(stage: &Stage, verdict: &mut Verdict) {
    let requests: [&[u8]; 4] = [
        b"user-agent: \xff\xfe\x80",
        b"x-request-id: \xc3\x28\xa0",
        b"traceparent: \xf0\x28\x8c\xbc",
        b"referer: \xff\r\nx-request-id: a b\r\nx-forwarded-for: \xfe",
    ];
    let client: AxonPush = stage.client.clone();
    let runtime = runtime_1();
    let app = Router::new().route("/", get(async || "fine")).layer(AxonPushLayer::new(&client));
    let (tell, told) = std::sync::mpsc::channel();
    let server = std::thread::spawn(move || {
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
            let _ = tell.send((listener.local_addr().unwrap(), stop));
            let stopped = async { drop(stopped.await) };
            axum::serve(listener, app).with_graceful_shutdown(stopped).await.unwrap();
        });
    });
    let (addr, stop) = told.recv().unwrap();
    let answered = requests.iter().filter(|headers| {
        let mut stream = TcpStream::connect(addr).unwrap();
        let request = [b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n", **headers, b"\r\n\r\n"].concat();
        stream.write_all(&request).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).is_ok() && answer.starts_with(b"HTTP/1.1 200")
    });
    verdict.exactly("of 4 requests with non-UTF-8 headers answered", answered.count(), requests.len());
    drop(stop);
    server.join().unwrap();
    let _ = client.blocking().flush(PATIENCE);
    let ends = stage.server.events();
    let ends: Vec<&Value> = ends
        .iter()
        .filter(|event| event.identifier == "http.request.completed")
        .filter_map(|event| event.attribute("request.id"))
        .collect();
    let fresh = ends.iter().filter(|id| id.as_str().is_some_and(|id| id.is_ascii() && id.len() >= 8)).count();
    verdict.exactly("reported with a fresh id", fresh, requests.len());
}
