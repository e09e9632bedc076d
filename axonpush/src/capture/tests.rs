use std::{fmt, io, num::ParseIntError, time::Duration};

use log::Log as _;
use serde_json::{Value, json};
use tracing::{Subscriber, debug, error, info, info_span, instrument::WithSubscriber as _, warn};
use tracing_subscriber::{Layer as _, Registry, filter::LevelFilter, layer::SubscriberExt as _};

use crate::{
    AxonPush, EventType, LossReason, RequestContext,
    testing::{MemorySink, SentEvent},
};

const PATIENCE: Duration = Duration::from_secs(20);

fn subscriber(client: &AxonPush) -> impl Subscriber + Send + Sync + use<> {
    Registry::default().with(client.tracing_layer())
}

/// What arrives of what `log` logs.
pub(super) fn heard(log: impl FnOnce()) -> Vec<SentEvent> {
    let sink = MemorySink::new();
    let client = sink.client();
    tracing::subscriber::with_default(subscriber(&client), log);
    let report = client.blocking().shutdown(PATIENCE);
    assert!(report.is_complete(), "{report}");
    sink.events()
}

pub(super) fn only(events: Vec<SentEvent>) -> SentEvent {
    let [event] = <[SentEvent; 1]>::try_from(events).unwrap();
    event
}

pub(super) fn attribute(event: &SentEvent, key: &str) -> Value {
    event.payload()["attributes"][key].clone()
}

#[test]
fn a_record_says_what_how_bad_when_where_and_on_which_thread() {
    let line = line!() + 1;
    let event = only(heard(|| warn!(target: "billing", order = 1042_u64, "card {}", "declined")));
    assert_eq!((event.identifier(), event.event_type()), ("billing", EventType::AppLog));
    let payload = event.payload();
    assert_eq!((&payload["severityNumber"], &payload["severityText"]), (&json!(13), &json!("WARN")));
    assert_eq!(payload["body"], "card declined");
    assert!(payload["timeUnixNano"].as_str().unwrap().parse::<u64>().unwrap() > 1_700_000_000_000_000_000);
    assert_eq!(event.field("/metadata"), Some(&json!({"framework": "tracing"})));
    let thread = std::thread::current();
    assert_eq!(
        payload["attributes"],
        json!({
            "order": 1042, "code.filepath": file!(), "code.lineno": line, "code.namespace": module_path!(),
            "logger.name": "billing", "thread.name": thread.name().unwrap(), "process.pid": std::process::id(),
        })
    );
}

#[test]
fn values_keep_their_types() {
    let event = only(heard(|| {
        info!(
            neg = -1_i64, most = u64::MAX, wide = i128::MIN, narrow = 7_u128, half = 0.5, nan = f64::NAN, yes = true,
            text = "a \"b\"\n", shown = %std::net::Ipv4Addr::LOCALHOST, debug = ?Some(1), r#type = "x",
            bytes = &b"\x00\xff"[..], "dotted.name" = 1,
        );
    }));
    assert_eq!(event.payload()["body"], "");
    for (key, value) in [
        ("neg", json!(-1)),
        ("most", json!(u64::MAX)),
        ("wide", json!(i128::MIN.to_string())),
        ("narrow", json!(7)),
        ("half", json!(0.5)),
        ("nan", json!("NaN")),
        ("yes", json!(true)),
        ("text", json!("a \"b\"\n")),
        ("shown", json!("127.0.0.1")),
        ("debug", json!("Some(1)")),
        ("type", json!("x")),
        ("bytes", json!("00ff")),
        ("dotted.name", json!(1)),
    ] {
        assert_eq!(attribute(&event, key), value, "{key}");
    }
}

#[test]
fn spans_add_what_they_know_and_the_event_wins_then_the_inner_span() {
    let event = only(heard(|| {
        let outer =
            info_span!("outer", a = 1, b = 1, c = 1, late = tracing::field::Empty, late_too = tracing::field::Empty);
        let _outer = outer.enter();
        let inner = info_span!("inner", b = 2, c = 2);
        let _inner = inner.enter();
        outer.record("late", "first");
        outer.record("late", "second");
        outer.record("late_too", 5);
        info!(c = 3, "here");
    }));
    let found = ["a", "b", "c", "late", "late_too"].map(|key| attribute(&event, key));
    assert_eq!(found, [json!(1), json!(2), json!(3), json!("second"), json!(5)]);
}

#[test]
fn fields_named_like_ours_win() {
    let context = RequestContext::new();
    context.bind("tenant", "bound");
    let event = only(heard(|| {
        context.sync_scope(|| info!("process.pid" = "mine", "request.id" = 7, tenant = "said", "logger.name" = 1));
    }));
    for (key, value) in [("process.pid", json!("mine")), ("request.id", json!(7)), ("tenant", json!("said"))] {
        assert_eq!(attribute(&event, key), value);
    }
    assert_eq!(attribute(&event, "logger.name"), 1);
    assert!(attribute(&event, "code.lineno").is_number());
}

#[test]
fn a_record_belongs_to_its_request_also_in_a_task_that_only_has_a_span() {
    let context = RequestContext::new();
    context.bind("tenant", "acme");
    let events = heard(|| {
        let span = context.sync_scope(|| {
            info!("in scope");
            info_span!("work")
        });
        span.in_scope(|| info!("in span"));
        info_span!(parent: &span, "child").in_scope(|| info!("in child"));
        info!(parent: &span, "named");
        info!("outside");
    });
    let (outside, inside) = events.split_last().unwrap();
    assert_eq!(inside.len(), 4);
    for event in inside {
        assert_eq!(event.text("/traceId"), Some(context.trace_id()), "{event:?}");
        assert_eq!(event.text("/spanId"), Some(context.span_id()));
        assert_eq!(attribute(event, "request.id"), context.request_id().as_str());
        assert_eq!(attribute(event, "tenant"), "acme");
    }
    assert!(outside.text("/traceId").is_none() && attribute(outside, "request.id").is_null());
}

#[derive(Debug)]
struct Declined(ParseIntError);

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("declined")
    }
}

impl std::error::Error for Declined {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[test]
fn an_error_tells_its_type_its_message_and_its_causes() {
    let declined = Declined("x".parse::<u8>().unwrap_err());
    let other = io::Error::other("second");
    let event = only(heard(|| {
        error!(
            error = &declined as &(dyn std::error::Error + 'static),
            other = &other as &(dyn std::error::Error + 'static),
        );
    }));
    assert_eq!((attribute(&event, "error"), attribute(&event, "other")), (json!("declined"), json!("second")));
    assert_eq!(attribute(&event, "exception.type"), "Declined");
    assert_eq!(attribute(&event, "exception.message"), "declined");
    assert_eq!(attribute(&event, "exception.causes"), json!(["invalid digit found in string"]));
    let text: Box<dyn std::error::Error> = "just text".into();
    let event = only(heard(|| error!(error = &*text)));
    assert_eq!(
        (attribute(&event, "exception.message"), attribute(&event, "exception.type")),
        (json!("just text"), json!(null))
    );
}

#[test]
fn secrets_are_hidden_in_messages_fields_spans_and_errors() {
    let error = io::Error::other("connect to postgres://app:hunter2@db failed");
    let events = heard(|| {
        let _span = info_span!("login", password = "hunter2", mail = "alice@example.com").entered();
        error!(
            api_key = "hunter2",
            error = &error as &(dyn std::error::Error + 'static),
            nested = r#"{"token":"hunter2"}"#,
            name = "authorization",
            value = "hunter2",
            "tried password=hunter2 for alice@example.com"
        );
    });
    let text = format!("{events:?}");
    assert!(!text.contains("hunter2") && !text.contains("alice@") && text.contains("a***@example.com"), "{text}");
}

struct Panics;

impl fmt::Debug for Panics {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        std::panic::resume_unwind(Box::new("in Debug"))
    }
}

#[test]
fn a_value_that_panics_while_it_is_shown_costs_its_own_text() {
    let event = only(heard(|| info!(before = 1, bad = ?Panics, after = 2, "{:?}", Panics)));
    assert_eq!(event.payload()["body"], "[panicked while it was shown]");
    assert_eq!(attribute(&event, "bad"), "[panicked while it was shown]");
    assert_eq!((attribute(&event, "before"), attribute(&event, "after")), (json!(1), json!(2)));
}

#[test]
fn each_client_hears_what_its_own_layer_lets_through() {
    let sinks = [MemorySink::new(), MemorySink::new()];
    let [first, second] = sinks.each_ref().map(MemorySink::client);
    let subscriber = Registry::default()
        .with(first.tracing_layer().exclude_target("noisy").with_filter(LevelFilter::INFO))
        .with(second.tracing_layer().agent_logs());
    tracing::subscriber::with_default(subscriber, || {
        let _span = info_span!("work", of = "both").entered();
        debug!("detail");
        info!(target: "noisy::module", "noise");
        info!("news");
    });
    for client in [&first, &second] {
        assert!(client.blocking().shutdown(PATIENCE).is_complete());
    }
    let bodies = |sink: &MemorySink| -> Vec<_> {
        sink.events().iter().map(|event| (event.payload()["body"].clone(), attribute(event, "of"))).collect()
    };
    assert_eq!(bodies(&sinks[0]), [(json!("news"), json!("both"))]);
    assert_eq!(bodies(&sinks[1]).len(), 3);
    assert!(sinks[1].events().iter().all(|event| event.event_type() == EventType::AgentLog));
}

#[test]
fn the_bridge_and_the_layer_make_the_same_event_of_the_same_record() {
    let record = |log: &dyn Fn(&log::Record<'_>)| {
        let values = [("n", log::kv::Value::from(7_u64)), ("text", log::kv::Value::from("x"))];
        log(&log::Record::builder()
            .args(format_args!("card {}", "declined"))
            .level(log::Level::Warn)
            .target("billing")
            .module_path(Some("shop::billing"))
            .file(Some("src/billing.rs"))
            .line(Some(7))
            .key_values(&values)
            .build());
    };
    let sink = MemorySink::new();
    let client = sink.client();
    let bridge = client.log_bridge();
    record(&|record| bridge.log(record));
    // By way of `tracing`, which has no place for key-values.
    tracing::subscriber::with_default(subscriber(&client), || {
        record(&|record| tracing_log::format_trace(record).unwrap());
    });
    assert!(client.blocking().shutdown(PATIENCE).is_complete());
    let [direct, passed_on] = <[SentEvent; 2]>::try_from(sink.events()).unwrap();
    assert_eq!((attribute(&direct, "n"), attribute(&direct, "text")), (json!(7), json!("x")));
    let alike = |event: &SentEvent| {
        let mut event = event.as_json().clone();
        for volatile in
            ["/dedupKey", "/payload/timeUnixNano", "/metadata", "/payload/attributes/n", "/payload/attributes/text"]
        {
            if let Some(value) = event.pointer_mut(volatile) {
                *value = Value::Null;
            }
        }
        let attributes = event["payload"]["attributes"].as_object_mut().unwrap();
        attributes.retain(|_, value| !value.is_null());
        event
    };
    assert_eq!(alike(&direct), alike(&passed_on));
    assert_eq!(attribute(&direct, "code.filepath"), "src/billing.rs");
}

#[test]
fn the_bridge_keeps_the_types_of_values_and_tells_of_errors() {
    let sink = MemorySink::new();
    let client = sink.client();
    let declined = Declined("x".parse::<u8>().unwrap_err());
    let values = [
        ("most", log::kv::Value::from(u64::MAX)),
        ("neg", log::kv::Value::from(-1)),
        ("wide", log::kv::Value::from(u128::MAX)),
        ("half", log::kv::Value::from(0.5)),
        ("yes", log::kv::Value::from(true)),
        ("none", log::kv::Value::null()),
        ("debug", log::kv::Value::from_debug(&Some(1))),
        ("error", log::kv::Value::from_dyn_error(&declined)),
        ("password", log::kv::Value::from("hunter2")),
    ];
    let bridge = client.log_bridge().exclude_target("noisy");
    for target in ["shop", "noisy::module"] {
        bridge.log(&log::Record::builder().target(target).args(format_args!("x")).key_values(&values).build());
    }
    assert!(client.blocking().shutdown(PATIENCE).is_complete());
    let event = only(sink.events());
    for (key, value) in [
        ("most", json!(u64::MAX)),
        ("neg", json!(-1)),
        ("wide", json!(u128::MAX.to_string())),
        ("half", json!(0.5)),
        ("yes", json!(true)),
        ("none", json!(null)),
        ("debug", json!("Some(1)")),
        ("error", json!("declined")),
        ("exception.type", json!("Declined")),
        ("password", json!("[REDACTED]")),
    ] {
        assert_eq!(attribute(&event, key), value, "{key}");
    }
}

#[test]
fn records_after_the_shutdown_are_counted_as_refused() {
    let sink = MemorySink::new();
    let client = sink.client();
    tracing::subscriber::with_default(subscriber(&client), || {
        assert!(client.blocking().shutdown(PATIENCE).is_complete());
        info!("late");
    });
    let stats = client.stats();
    assert_eq!((stats.refused(), stats.lost().of(LossReason::Shutdown)), (1, 0));
    assert!(sink.events().is_empty());
}

#[test]
fn endless_text_and_many_fields_are_cut_or_refused_by_size() {
    let event = only(heard(|| info!(text = %"x".repeat(1 << 20), "big")));
    assert!(attribute(&event, "text").as_str().unwrap().ends_with("…[TRUNCATED]"));
    let sink = MemorySink::new();
    let client = sink.client();
    let long = "long ".repeat(1000);
    let keys: Vec<_> = (0..100).map(|n| (format!("k{n}"), log::kv::Value::from(&*long))).collect();
    let values: Vec<_> = keys.iter().map(|(key, value)| (&**key, value.clone())).collect();
    client.log_bridge().log(&log::Record::builder().args(format_args!("x")).key_values(&&*values).build());
    assert_eq!(client.stats().refused(), 1);
    assert!(client.last_error().unwrap().to_string().contains("262144"));
}

#[tokio::test]
async fn tasks_log_to_the_subscriber_they_carry() {
    let sink = MemorySink::new();
    let client = sink.client();
    let context = RequestContext::new();
    let logging = async { info!("from a task") };
    let scoped = context.clone().scope(logging.with_subscriber(subscriber(&client)));
    tokio::spawn(scoped).await.unwrap();
    assert!(client.flush(PATIENCE).await.is_complete());
    assert_eq!(sink.events()[0].text("/traceId"), Some(context.trace_id()));
}

#[test]
fn an_error_whose_cause_panics_costs_its_causes() {
    #[derive(Debug)]
    struct Bad;
    impl fmt::Display for Bad {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("bad")
        }
    }
    impl std::error::Error for Bad {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            std::panic::resume_unwind(Box::new("in source"))
        }
    }
    let event = only(heard(|| error!(error = &Bad as &(dyn std::error::Error + 'static), after = 1, "x")));
    assert_eq!(
        (attribute(&event, "exception.message"), attribute(&event, "exception.causes")),
        (json!("bad"), json!(null))
    );
    assert_eq!((attribute(&event, "error"), attribute(&event, "after")), (json!("bad"), json!(1)));
}

#[test]
fn the_error_of_a_span_is_not_mixed_with_that_of_the_event() {
    let declined = Declined("x".parse::<u8>().unwrap_err());
    let other = io::Error::other("second");
    let event = only(heard(|| {
        let span =
            info_span!("work", error = &declined as &(dyn std::error::Error + 'static), again = tracing::field::Empty);
        let _span = span.enter();
        error!(error = &other as &(dyn std::error::Error + 'static));
    }));
    assert_eq!(attribute(&event, "exception.message"), "second");
    assert_eq!(attribute(&event, "exception.causes"), json!(null));
    let event = only(heard(|| {
        let span =
            info_span!("work", error = &declined as &(dyn std::error::Error + 'static), again = tracing::field::Empty);
        let _span = span.enter();
        span.record("again", &other as &(dyn std::error::Error + 'static));
        info!("x");
    }));
    assert_eq!(attribute(&event, "exception.message"), "second");
    assert_eq!(attribute(&event, "exception.causes"), json!(null));
}

#[test]
fn a_name_that_comes_twice_is_there_once_and_the_later_value_counts() {
    let sink = MemorySink::new();
    let client = sink.client();
    let declined = Declined("x".parse::<u8>().unwrap_err());
    let values = [
        ("a\n", log::kv::Value::from(1)),
        ("b", log::kv::Value::from(2)),
        ("a\n", log::kv::Value::from(3)),
        ("error", log::kv::Value::from_dyn_error(&declined)),
        ("exception.message", log::kv::Value::from("mine")),
        ("b", log::kv::Value::from(4)),
    ];
    client.log_bridge().log(&log::Record::builder().args(format_args!("x")).key_values(&values).build());
    assert!(client.blocking().shutdown(PATIENCE).is_complete());
    let event = only(sink.events());
    assert_eq!((attribute(&event, "a\n"), attribute(&event, "b")), (json!(3), json!(4)));
    assert_eq!(attribute(&event, "exception.message"), "mine");
    let text = event.as_json().to_string();
    assert_eq!(text.matches("\"b\"").count(), 1, "{text}");
}

#[test]
fn names_made_at_run_time_are_searched_for_secrets_and_kept_short() {
    let sink = MemorySink::new();
    let client = sink.client();
    let target = format!("postgres://app:hunter2@db/{}", "x".repeat(3000));
    let bridge = client.log_bridge();
    let log = || bridge.log(&log::Record::builder().target(&target).args(format_args!("x")).build());
    std::thread::scope(|scope| {
        std::thread::Builder::new().name("sync for alice@example.com".to_owned()).spawn_scoped(scope, log).unwrap();
    });
    assert!(client.blocking().shutdown(PATIENCE).is_complete());
    let event = only(sink.events());
    assert_eq!(attribute(&event, "thread.name"), "sync for a***@example.com");
    assert!(!attribute(&event, "logger.name").to_string().contains("hunter2"));
    assert_eq!(event.identifier().len(), 1024);
}

#[test]
fn a_message_of_a_span_is_a_field_like_any_other() {
    let event = only(heard(|| info_span!("job", message = "import").in_scope(|| info!("x"))));
    // As an attribute's name it is one that holds content.
    assert_eq!((attribute(&event, "message"), &event.payload()["body"]), (json!("[REDACTED]"), &json!("x")));
}
