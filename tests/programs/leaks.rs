//! Puts the secrets it reads from standard input wherever a program may have one by mistake, with records going to the
//! server, to a file, to standard output and, when the server wants none, to the loss hook. Whoever started it looks for
//! them in what comes out.
#![expect(clippy::panic, reason = "a panic's message may hold a secret too")]

use std::{
    cell::RefCell,
    collections::BTreeMap,
    error::Error,
    fmt::{self, Write as _},
    fs,
    io::BufRead,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use axonpush::{
    Attributes, AxonPush, DeliveryLane, DeliveryPolicy, Event, EventType, LogPayload, OtlpFormat, Pipeline,
    RequestContext, RollingFile, SpanPayload, SpanStatus, Stdout,
    exchange::{ExchangePolicy, HeaderPolicy, HeaderValues, LifecyclePolicy, QueryPolicy, RequestFacts},
};
use log::Log as _;
use serde::Deserialize;
use serde_json::{Value, json};
use tracing::{field, info, info_span};
use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};

const PATIENCE: Duration = Duration::from_secs(20);

/// A secret, what it is called, and texts and a payload in which it stands.
#[derive(Clone, Deserialize)]
struct Case {
    key: String,
    secret: String,
    text: String,
    /// For `Debug`.
    shown: String,
    payload: Value,
}

thread_local! {
    /// What the steps of the pipeline have to do with.
    static CURRENT: RefCell<Option<Case>> = const { RefCell::new(None) };
}

/// Where a program may have a secret.
const WAYS: [fn(&AxonPush, &Case); 10] =
    [logs, payloads, awaited, spans, in_tracing, in_log, in_requests, in_exchanges, in_steps, in_panics];

fn logs(client: &AxonPush, case: &Case) {
    let resource = Attributes::from_iter([("note".to_owned(), &case.text), (case.key.clone(), &case.secret)]);
    let log = LogPayload::new(case.text.as_str())
        .attribute("note", case.text.as_str())
        .attribute(case.key.clone(), case.secret.as_str())
        .attribute("nested", case.payload.clone())
        .resource(resource);
    client.events().enqueue(Event::log("logs", log));
    client.events().enqueue(Event::log("logs", LogPayload::new(case.payload.clone())));
}

fn payload(case: &Case) -> Value {
    json!({
        "note": case.text, "list": [[{ "in": { "it": case.text } }]], "inside": case.payload.to_string(),
        "twice inside": json!({ "json": case.payload.to_string() }).to_string(),
        case.key.as_str(): { "deep": [case.secret] }, "other": case.payload,
    })
}

fn payloads(client: &AxonPush, case: &Case) {
    let event = Event::new("payloads").payload(&payload(case)).and_then(|event| event.metadata(&payload(case)));
    client.events().enqueue(event.unwrap_or_else(|error| panic!("{error}")));
    client.events().enqueue(Event::new("attributes").attribute(case.key.clone(), case.secret.as_str()));
}

fn awaited(client: &AxonPush, case: &Case) {
    let event = Event::new("awaited").payload(&payload(case)).unwrap_or_else(|error| panic!("{error}"));
    let _refused = client.blocking().events().publish(event);
}

fn spans(client: &AxonPush, case: &Case) {
    let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let now = SystemTime::now();
    let payload = SpanPayload::new(case.text.clone(), trace, span, now, now)
        .status(SpanStatus::Error(case.text.clone().into()))
        .attribute("note", case.text.as_str())
        .attribute(case.key.clone(), case.secret.as_str());
    let event = Event::new("spans").event_type(EventType::AppSpan).trace_id(trace).span_id(span).payload(&payload);
    client.events().enqueue(event.unwrap_or_else(|error| panic!("{error}")));
}

#[derive(Debug)]
#[expect(dead_code, reason = "a derived `Debug` shows them")]
struct Settings<'a> {
    user: &'a str,
    password: &'a str,
    refresh_token: Option<&'a str>,
    note: &'a str,
}

#[derive(Debug)]
struct Failure(String, Option<Box<Self>>);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.1.as_deref().map(|source| source as _)
    }
}

/// Without what nobody sees, which `Debug` would spell out.
fn visible(text: &str) -> String {
    text.replace(['\u{200b}', '\u{feff}'], "")
}

fn in_tracing(_: &AxonPush, case: &Case) {
    let Case { key, secret, text, shown, .. } = case;
    let map = BTreeMap::from([(visible(key), secret)]);
    let settings = Settings { user: "alice", password: secret, refresh_token: Some(secret), note: shown };
    let failure = Failure("refused".to_owned(), Some(Box::new(Failure(shown.clone(), None))));
    info!(password = secret, api_key = ?secret, authorization = %secret, note = text, ?shown, "{text}");
    info!(?settings, pretty = format!("{settings:#?}"), ?map, all = format!("{map:#?}"), "{settings:?} {map:?}");
    info!(error = &failure as &dyn Error, shown = ?failure, "failed");
    let span = info_span!("work", client_secret = secret, early = text, late = field::Empty, token = field::Empty);
    span.in_scope(|| info!("before"));
    span.record("late", text);
    span.record("token", field::debug(secret));
    span.in_scope(|| info!("after"));
}

fn in_log(client: &AxonPush, case: &Case) {
    let map = BTreeMap::from([(visible(&case.key), &case.secret)]);
    let all = [
        (case.key.as_str(), log::kv::Value::from(&*case.secret)),
        ("note", log::kv::Value::from(&*case.text)),
        ("map", log::kv::Value::from_debug(&map)),
    ];
    let mut record = log::Record::builder();
    record.target("log").key_values(&all);
    client.log_bridge().log(&record.args(format_args!("{}", case.text)).build());
}

fn in_requests(client: &AxonPush, case: &Case) {
    let context = RequestContext::new();
    context.bind(case.key.clone(), case.secret.as_str());
    context.bind("note", case.text.as_str());
    context.sync_scope(|| {
        client.events().enqueue(Event::new("in a request"));
        info!("in a request");
    });
}

fn in_exchanges(client: &AxonPush, case: &Case) {
    let names = ["authorization", "x-api-key", "cookie", "x-note"];
    let (key, secret) = (case.key.clone(), case.secret.clone());
    let policy = ExchangePolicy::new()
        .headers(HeaderPolicy::new().request(names).response(["set-cookie", "x-note"]))
        .lifecycle(LifecyclePolicy::new().server_spans(true))
        .enrich(move |_, attributes| attributes.insert(key.clone(), secret.as_str()));
    let values = [
        format!("Bearer {}", case.secret),
        case.secret.clone(),
        format!("a=1; session={}", case.secret),
        case.text.clone(),
        format!("id={}; Secure", case.secret),
    ];
    let headers: HeaderValues<'_, '_> = &|name, each| {
        let known = names.into_iter().chain(["set-cookie"]).position(|known| known == name);
        known.and_then(|at| values.get(at)).into_iter().for_each(|value| each(value.as_bytes()));
    };
    let query = format!("page=2&{}={}", case.key, case.secret);
    for (rule, query) in [(QueryPolicy::Full, &query), (QueryPolicy::Full, &case.text), (QueryPolicy::Masked, &query)] {
        let path = format!("/files/{}", case.text);
        let facts = RequestFacts::new("none", "GET", &path).with_query(Some(query)).with_route(Some("/files/{name}"));
        let mut recorder = policy.clone().query(rule).begin(client, &facts, headers);
        recorder.cause(&case.text);
        recorder.headers_sent(500, headers);
        recorder.body_failed(&case.text);
    }
}

/// The steps that [`in_steps`] has to do with.
fn pipeline() -> Pipeline {
    let current = || CURRENT.with_borrow(Clone::clone);
    Pipeline::new()
        .add("default", "password=cAnArY-added")
        .set("db_password", "cAnArY-set")
        .rename("moved", "client_secret")
        .map("mapped", move |_| current().map(|case| case.text))
        .step(move |record| {
            let Some(case) = current() else { return };
            record.set(&case.key, case.secret);
            record.set("note", case.text);
            record.rename("moved too", "access_token");
        })
}

fn in_steps(client: &AxonPush, case: &Case) {
    let log = LogPayload::new("in steps")
        .attribute("mapped", 1)
        .attribute("moved", case.secret.as_str())
        .attribute("moved too", case.secret.as_str());
    CURRENT.set(Some(case.clone()));
    client.events().enqueue(Event::log("steps", log));
    CURRENT.set(None);
}

fn in_panics(_: &AxonPush, case: &Case) {
    let text = case.text.clone();
    let _panicked = std::thread::spawn(move || std::panic::panic_any(text)).join();
}

fn client(lane: &str, form: &str, file: PathBuf, lost: Arc<Mutex<String>>) -> Result<AxonPush, axonpush::Error> {
    let delivery = DeliveryPolicy::new();
    let delivery = match lane {
        "event" => delivery,
        other => {
            let format = if other == "json" { OtlpFormat::Json } else { OtlpFormat::Protobuf };
            delivery.logs(DeliveryLane::Otlp).spans(DeliveryLane::Otlp).otlp_format(format)
        }
    };
    let hook = move |events: &axonpush::LostEvents| {
        let mut lost = lost.lock().unwrap_or_else(PoisonError::into_inner);
        let _infallible = writeln!(lost, "! {} {events:?}", events.len());
        for event in events.events() {
            let _infallible = writeln!(lost, "{}", event.as_json());
        }
    };
    AxonPush::builder()
        .with_env()
        .channel_id("leaks")
        .service("orders password=cAnArY-service", "1.4.2+token=cAnArY-version")
        .sink("file", RollingFile::new(file).max_bytes(u64::MAX))
        .sink("stdout", if form == "json" { Stdout::json() } else { Stdout::console().colors(true) })
        .delivery(delivery)
        .pipeline(pipeline())
        .on_loss(hook)
        .report_losses(false)
        .build()
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = || arguments.next().ok_or("usage: leaks LANE FORM DIRECTORY");
    let (lane, form, directory) = (argument()?, argument()?, PathBuf::from(argument()?));
    let lost = Arc::new(Mutex::new(String::new()));
    let client = client(&lane, &form, directory.join("lines.log"), Arc::clone(&lost))?;
    tracing_subscriber::registry().with(client.tracing_layer()).init();
    std::panic::set_hook(Box::new(|_| ()));
    client.install_panic_hook();

    let mut said = String::new();
    for (number, line) in std::io::stdin().lock().lines().enumerate() {
        let case: Case = serde_json::from_str(&line?)?;
        for way in WAYS {
            way(&client, &case);
        }
        if number % 8 != 0 {
            continue;
        }
        // So that nothing is shed, and the hook gets to see all of it.
        let report = client.blocking().flush(PATIENCE);
        let _infallible = writeln!(said, "{report} {report:?} {:?} {:#?}", client.last_error(), client.last_error());
        if let Some(error) = client.last_error() {
            let _infallible = writeln!(said, "{error} {:?}", error.source());
        }
    }
    let report = client.blocking().shutdown(PATIENCE);
    let (stats, sinks) = (client.stats(), client.sink_stats());
    let _infallible = writeln!(said, "{report} {stats} {stats:?} {sinks:?} {client:?}");
    fs::write(directory.join("said.txt"), said)?;
    fs::write(directory.join("lost.txt"), &*lost.lock().unwrap_or_else(PoisonError::into_inner))?;
    let books = json!({
        "accepted": stats.accepted(), "delivered": stats.delivered(), "lost": stats.lost().total(),
        "refused": stats.refused(), "written": sinks.iter().map(axonpush::SinkStats::written).collect::<Vec<_>>(),
    });
    fs::write(directory.join("books.json"), books.to_string())?;
    Ok(())
}
