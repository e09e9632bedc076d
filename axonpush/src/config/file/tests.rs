use std::{fs, time::Duration};

use proptest::prelude::*;

use super::{keys::KEYS, *};
use crate::{
    client::AxonPush,
    event::Severity,
    pipeline::Levels,
    publisher::{DeliveryLane, DeliveryMode, DeliveryPolicy},
    queue::{OverflowPolicy, QueuePolicy},
    redact::{ContentCapture, RedactionPolicy},
    retry::RetryPolicy,
    sink::{BatchPolicy, Compression, OtlpFormat},
};

const EXAMPLE: &str = include_str!("example.toml");

fn toml(text: &str) -> Result<Given, Error> {
    parse(Path::new("axonpush.toml"), text)
}

fn json(text: &str) -> Result<Given, Error> {
    parse(Path::new("axonpush.json"), text)
}

#[track_caller]
fn refused(result: Result<Given, Error>) -> String {
    let error = result.unwrap_err();
    assert!(error.is_config());
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("canary") && !shown.contains("31337"), "{shown}");
    error.to_string()
}

/// The example in the docs, value by value.
#[track_caller]
fn assert_is_the_example(given: &Given) {
    assert_eq!(given.api_key.as_ref().unwrap().0, "ak_0123456789abcdef");
    assert_eq!(given.tenant_id.as_deref(), Some("org_1"));
    assert_eq!(given.base_url.as_ref().unwrap().0, "https://api.axonpush.xyz");
    assert_eq!((given.environment.as_deref(), given.channel_id.clone()), (Some("production"), Some("orders".into())));
    assert_eq!((given.service_name.as_deref(), given.service_version.as_deref()), (Some("orders"), Some("1.4.2")));
    let times = [given.timeout, given.connect_timeout, given.attempt_timeout, given.shutdown_timeout];
    assert_eq!(times, [30, 5, 10, 2].map(|seconds| Some(Duration::from_secs(seconds))));
    let flags = [given.allow_insecure_http, given.fail_open, given.send_occurred_at, given.report_losses];
    assert_eq!(flags, [false, true, false, true].map(Some));
    let retry = RetryPolicy::new().max_retries(3).delivery_deadline(Duration::from_secs(300));
    assert_eq!(given.retry, retry);
    let queue = QueuePolicy::new().max_events(10_000).max_bytes(16 << 20);
    assert_eq!(given.queue, queue.overflow(OverflowPolicy::ShedLowestSeverity));
    let batch = BatchPolicy::new().max_events(512).max_bytes(1 << 20).max_age(Duration::from_secs(1));
    let delivery = DeliveryPolicy::new().mode(DeliveryMode::Background).batch(batch);
    let delivery = delivery.logs(DeliveryLane::Event).spans(DeliveryLane::Event);
    let delivery = delivery.otlp_format(OtlpFormat::Json).otlp_compression(Compression::None);
    assert_eq!(given.delivery, delivery);
    assert_eq!(given.levels, Some(Levels::new(Severity::Info).target("hyper", Severity::Warn)));
    let redaction = RedactionPolicy::new().content_capture(ContentCapture::MetadataOnly).max_content_length(4096);
    assert_eq!(given.redaction, redaction.redact_keys(["iban", "national_id"]));
}

#[test]
fn the_example_in_the_docs_says_what_it_seems_to_say() {
    assert_is_the_example(&toml(EXAMPLE).unwrap());
    assert_is_the_example(&toml(&format!("\u{feff}{}", EXAMPLE.replace('\n', "\r\n"))).unwrap());
}

#[test]
fn the_example_has_every_key() {
    for key in KEYS {
        let name = key.name.rsplit('.').next().unwrap();
        assert!(EXAMPLE.lines().any(|line| line.starts_with(&format!("{name} = "))), "{}", key.name);
    }
}

#[test]
fn json_has_the_same_keys() {
    let text = r#"{
        "api_key": "ak_0123456789abcdef", "tenant_id": "org_1", "base_url": "https://api.axonpush.xyz",
        "allow_insecure_http": false, "environment": "production", "channel_id": "orders", "timeout": 30,
        "connect_timeout": 5.0, "attempt_timeout": "10 s", "shutdown_timeout": "2000ms", "fail_open": true,
        "send_occurred_at": false, "report_losses": true, "levels": "INFO, hyper = warn",
        "service": {"name": "orders", "version": "1.4.2"},
        "retry": {"max_retries": 3, "delivery_deadline": "5m"},
        "queue": {"max_events": 10000, "max_bytes": 16777216, "overflow": "SHED_LOWEST_SEVERITY"},
        "delivery": {
            "mode": "background", "logs": "event", "spans": "event", "otlp_format": "json", "otlp_compression": "none",
            "batch": {"max_events": 512, "max_bytes": "1 MiB", "max_age": 1}
        },
        "redaction": {
            "content_capture": "metadata_only", "redact_keys": ["iban", "national_id"], "max_content_length": 4096
        }
    }"#;
    assert_is_the_example(&json(text).unwrap());
}

#[test]
fn what_is_blank_or_null_is_unset_and_a_policy_keeps_what_is_not_named() {
    let given = toml("tenant_id = ' '\nservice.name = ''\nlevels = ' '\n[queue]\noverflow = 'block 100ms'\n").unwrap();
    assert_eq!((given.tenant_id, given.service_name, given.levels), (None, None, None));
    let overflow = OverflowPolicy::Block { timeout: Duration::from_millis(100) };
    assert_eq!(given.queue, QueuePolicy::new().overflow(overflow));
    let given = json(r#"{"tenant_id": null, "timeout": null, "queue": null}"#).unwrap();
    assert_eq!((given.tenant_id, given.timeout, given.queue), (None, None, QueuePolicy::new()));
    assert_eq!(toml("").unwrap().retry, RetryPolicy::new());
}

#[test]
fn an_unknown_key_is_named_with_its_line_and_the_key_that_was_meant() {
    for (text, line, key, meant) in [
        ("\n\napi_kye = 'canary'", 3, "api_kye", "api_key"),
        ("apiKey = 'canary'", 1, "apiKey", "api_key"),
        ("AXONPUSH_API_KEY = 'canary'", 1, "AXONPUSH_API_KEY", "api_key"),
        ("AXONPUSH_MAX_RETRIES = 31337", 1, "AXONPUSH_MAX_RETRIES", "retry.max_retries"),
        ("AXONPUSH_LOG = 'canary'", 1, "AXONPUSH_LOG", "levels"),
        ("max_retries = 31337", 1, "max_retries", "retry.max_retries"),
        ("[queue]\nmax-bytes = 31337", 2, "queue.max-bytes", "queue.max_bytes"),
        ("[delivery.batch]\nmax_evnts = 31337", 2, "delivery.batch.max_evnts", "delivery.batch.max_events"),
        ("[redaction]\nkeys = ['canary']", 2, "redaction.keys", "redaction.redact_keys"),
        ("[timeouts]\nconnect = 31337", 1, "timeouts", "timeout"),
    ] {
        let message = refused(toml(text));
        assert!(message.contains(&format!("axonpush.toml, line {line}: ")), "{message}");
        assert!(message.contains(&format!("no setting `{key}`")), "{message}");
        // One that is close to nothing is told where to look.
        let help = if key == "redaction.keys" { "with_file".to_owned() } else { format!("did you mean `{meant}`?") };
        assert!(message.contains(&help), "{message}");
    }
    let message = refused(json("{\n\"queue\": {\n\"max_event\":\n1}}"));
    assert!(message.contains("axonpush.json, line 4") && message.contains("`queue.max_events`?"), "{message}");
}

#[test]
fn a_key_that_looks_like_a_secret_is_not_repeated() {
    for text in
        ["ak_canary0123456789abcdef = 1", "'canary x' = 1", "\"canary\\u0007\" = 1", "sk-canary0123456789abcdef = 1"]
    {
        let message = toml(text).unwrap_err().to_string();
        assert!(message.contains("line 1: there is no setting") && !message.contains("canary"), "{message}");
    }
}

#[test]
fn a_value_of_the_wrong_type_or_unit_is_told_by_its_shape() {
    for (text, key, must, shape) in [
        ("api_key = 31337", "api_key", "text", "a whole number"),
        ("fail_open = 'canary'", "fail_open", "true or false", "text of 6 characters"),
        ("timeout = 'canary'", "timeout", "\"500ms\"", "text of 6 characters"),
        ("timeout = '31337 days'", "timeout", "at most a day", "text of 10 characters"),
        ("timeout = -31337", "timeout", "above 0", "a negative number"),
        ("timeout = 0", "timeout", "above 0", "a whole number"),
        ("timeout = nan", "timeout", "above 0", "a number with a fraction"),
        ("timeout = 86401", "timeout", "at most a day", "a whole number"),
        ("timeout = 1979-05-27", "timeout", "above 0", "a date or time"),
        ("levels = 'info,canary'", "levels", "\"info,hyper=warn\"", "text of 11 characters"),
        ("levels = 31337", "levels", "between commas", "a whole number"),
        ("queue = 31337", "queue", "a table", "a whole number"),
        ("queue.max_events = 0", "queue.max_events", "1 or more", "a whole number"),
        ("queue.max_events = 3.1337", "queue.max_events", "1 or more", "a number with a fraction"),
        ("queue.max_bytes = '1KiB'", "queue.max_bytes", "256KiB", "text of 4 characters"),
        ("queue.max_bytes = '31337 canaries'", "queue.max_bytes", "16MiB", "text of 14 characters"),
        ("queue.max_bytes = '31337313373133731337MiB'", "queue.max_bytes", "16MiB", "text of 23 characters"),
        ("queue.overflow = 'block'", "queue.overflow", "with a time", "text of 5 characters"),
        ("queue.overflow = 'block canary'", "queue.overflow", "with a time", "text of 12 characters"),
        ("retry.max_retries = 31337313373", "retry.max_retries", "a whole number", "a whole number"),
        ("delivery.logs = true", "delivery.logs", "\"otlp\"", "a boolean"),
        ("delivery.batch = []", "delivery.batch", "a table", "a list of text"),
        ("redaction.redact_keys = 'canary'", "redaction.redact_keys", "a list of text", "text of 6 characters"),
        ("redaction.redact_keys = ['canary', 1]", "redaction.redact_keys", "a list of text", "a list of other things"),
        ("environment = {canary = 1}", "environment", "text", "a table"),
    ] {
        let message = refused(toml(text));
        assert!(message.contains(&format!("line 1: `{key}` must be ")), "{text}: {message}");
        let (before, after) = message.split_once(", but is ").unwrap();
        assert!(before.contains(must) && after == shape, "{text}: {message}");
    }
}

#[test]
fn text_that_is_no_toml_or_json_is_refused_by_its_line() {
    for text in
        ["x = 1\ncanary", "x = 1\napi_key = 'canary", "x = 1\nx = 'canary'", "x = 1\n[canary", "x = 1\ny = canary"]
    {
        let message = refused(toml(text));
        assert!(message.contains("line 2: this is no TOML: "), "{message}");
    }
    for text in ["{\n\"canary", "{\n\"api_key\": canary}", "{\n}canary", "{\"a\":\n\"canary\\x\"}"] {
        let message = refused(json(text));
        assert!(message.contains("line 2: this is no JSON: "), "{message}");
    }
    for text in ["[\"canary\"]", "\"canary\"", "31337"] {
        assert!(refused(json(text)).contains("no object"));
    }
    assert!(
        refused(json("{\"timeout\": 1,\n\"timeout\": 31337}")).contains("line 2: a key stands here for the second")
    );
    let nested = format!("{{\"queue\": {}1{}}}", "[".repeat(100), "]".repeat(100));
    assert!(refused(json(&nested)).contains("`queue` must be a table"));
    assert!(json(&"[".repeat(100_000)).is_err() && toml(&format!("a = {}", "[".repeat(100_000))).is_err());
}

#[test]
fn a_file_is_read_when_the_client_is_built_and_a_missing_one_is_an_error() {
    let folder = std::env::temp_dir().join(format!("axonpush-{}", uuid::Uuid::now_v7()));
    fs::create_dir(&folder).unwrap();
    let path = folder.join("axonpush.toml");
    let builder = AxonPush::builder().with_file(&path);
    let message = builder.clone().build().unwrap_err().to_string();
    assert!(message.contains("axonpush.toml can't be read; is the path right?"), "{message}");
    let message = AxonPush::builder().with_optional_file(&path).build().unwrap_err().to_string();
    assert!(message.contains("no API key"), "{message}");

    fs::write(&path, "api_key = 'ak_file'\ntenant_id = 'org'\n").unwrap();
    let config = builder.clone().config().unwrap();
    assert_eq!(config.transport.tenant_id.as_deref(), Some("org"));
    assert!(!format!("{builder:?}").contains("ak_file"));
    fs::write(&path, "api_key = 'ak_file'\ntenant_id = 'another'\n").unwrap();
    let config = builder.clone().config().unwrap();
    assert_eq!(config.transport.tenant_id.as_deref(), Some("another"));

    fs::write(&path, "#".repeat((1 << 20) + 1)).unwrap();
    assert!(builder.clone().build().unwrap_err().to_string().contains("at most 1 MiB"));
    fs::write(&path, b"tenant_id = '\xff'").unwrap();
    assert!(builder.build().unwrap_err().to_string().contains("UTF-8"));
    assert!(AxonPush::builder().with_file(&folder).build().unwrap_err().to_string().contains("is it a file?"));
    fs::remove_dir_all(&folder).unwrap();
}

proptest! {
    #[test]
    fn no_text_makes_a_reader_fail_otherwise_than_with_a_message(
        text in "(api_key|queue|max_bytes|[\\[\\]{}=\"',:.# \n0-9_a]|\\PC){0,60}",
    ) {
        let _ = (toml(&text), json(&text));
    }

    #[test]
    fn a_value_is_never_repeated(key in 0..KEYS.len(), value in "canary[a-z0-9 .\\-]{0,20}", as_list: bool) {
        let value = if as_list { format!("[['{value}']]") } else { format!("'{value}'") };
        if let Err(error) = toml(&format!("{} = {value}", KEYS[key].name)) {
            prop_assert!(!format!("{error} {error:?}").contains("canary"), "{}", error);
        }
    }
}
