//! Every key a file may have, and what is done with its value.

use super::{
    Mistake,
    nearest::nearest,
    value::{Table, Value, duration},
};
use crate::{
    config::{
        builder::MAX_TIMEOUT,
        given::{Given, Secret, said},
    },
    event::{ChannelId, record::MAX_EVENT_BYTES},
    publisher::{DeliveryLane, DeliveryMode, DeliveryPolicy},
    queue::{OverflowPolicy, QueuePolicy},
    redact::{ContentCapture, RedactionPolicy},
    retry::RetryPolicy,
    sink::{BatchPolicy, Compression, OtlpFormat},
};

/// A setting, by the way to it.
pub(super) struct Key {
    pub(super) name: &'static str,
    /// What is to stand there.
    expected: &'static str,
    /// Takes the value over, if it is that.
    take: fn(&mut Given, &Value) -> Option<()>,
}

const fn key(name: &'static str, expected: &'static str, take: fn(&mut Given, &Value) -> Option<()>) -> Key {
    Key { name, expected, take }
}

/// Takes over what `table` says.
pub(super) fn take(table: &Table, given: &mut Given) -> Result<(), Mistake> {
    take_within("", table, given)
}

fn take_within(around: &str, table: &Table, given: &mut Given) -> Result<(), Mistake> {
    for entry in table {
        let name = if around.is_empty() { entry.key.clone() } else { format!("{around}.{}", entry.key) };
        let is_table = KEYS.iter().any(|key| key.name.strip_prefix(&*name).is_some_and(|rest| rest.starts_with('.')));
        let refuse = |expected: &str| {
            let shape = entry.value.shape();
            Err(Mistake::new(entry.line, format!("`{name}` must be {expected}, but is {shape}")))
        };
        match (&entry.value, KEYS.iter().find(|key| key.name == name)) {
            (Value::Null, known) if known.is_some() || is_table => {}
            (value, Some(key)) => {
                if (key.take)(given, value).is_none() {
                    return refuse(key.expected);
                }
            }
            (Value::Table(table), None) if is_table => take_within(&name, table, given)?,
            (_, None) if is_table => return refuse("a table"),
            (_, None) => return Err(Mistake::new(entry.line, unknown(&name))),
        }
    }
    Ok(())
}

/// What is said of a key that is none.
fn unknown(name: &str) -> String {
    const LONGEST: usize = 64;

    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    // What was pasted in the place of a key may be one of the other sort.
    let is_shown =
        name.len() <= LONGEST && name.chars().all(is_plain) && !RedactionPolicy::new().masks(name.as_bytes());
    let shown =
        if is_shown { format!("`{name}`") } else { format!("named as here, in {} characters", name.chars().count()) };
    match nearest(name, KEYS.iter().map(|key| key.name)) {
        Some(meant) => format!("there is no setting {shown}; did you mean `{meant}`?"),
        None => format!("there is no setting {shown}; `AxonPushBuilder::with_file` lists those there are"),
    }
}

fn put<T>(slot: &mut Option<T>, value: Option<T>) -> Option<()> {
    *slot = Some(value?);
    Some(())
}

/// As [`put`], for text, which is unset where it is blank.
fn text<T>(slot: &mut Option<T>, value: &Value, make: impl FnOnce(String) -> T) -> Option<()> {
    *slot = said(value.text()?.to_owned()).map(make);
    Some(())
}

fn set<P: Default, T>(policy: &mut P, value: Option<T>, with: impl FnOnce(P, T) -> P) -> Option<()> {
    *policy = with(std::mem::take(policy), value?);
    Some(())
}

fn batch<T>(given: &mut Given, value: Option<T>, with: impl FnOnce(BatchPolicy, T) -> BatchPolicy) -> Option<()> {
    let batch = value.map(|value| with(given.delivery.batch.clone(), value));
    set(&mut given.delivery, batch, DeliveryPolicy::batch)
}

fn overflow(value: &Value) -> Option<OverflowPolicy> {
    let names = [
        ("shed_lowest_severity", OverflowPolicy::ShedLowestSeverity),
        ("drop_oldest", OverflowPolicy::DropOldest),
        ("drop_newest", OverflowPolicy::DropNewest),
    ];
    let blocks = || {
        let timeout = duration(value.text()?.trim().strip_prefix("block ")?)?;
        (timeout <= MAX_TIMEOUT).then_some(OverflowPolicy::Block { timeout })
    };
    value.one_of(&names).or_else(blocks)
}

const TEXT: &str = "text";
const FLAG: &str = "true or false";
const DURATION: &str = "a time of at most a day, in seconds or as \"500ms\", \"2.5s\", \"5m\", \"1h\"";
const POSITIVE: &str = "a time above 0 and at most a day, in seconds or as \"500ms\", \"2.5s\", \"5m\", \"1h\"";
const COUNT: &str = "a whole number, 1 or more";
const LEVELS: &str =
    "levels between commas, as in \"info,hyper=warn\", each trace, debug, info, warn, error, fatal or off";
const LANE: &str = "\"event\" or \"otlp\"";
const LANES: [(&str, DeliveryLane); 2] = [("event", DeliveryLane::Event), ("otlp", DeliveryLane::Otlp)];

#[cfg(feature = "gzip")]
const COMPRESSION: (&str, &[(&str, Compression)]) =
    ("\"none\" or \"gzip\"", &[("none", Compression::None), ("gzip", Compression::Gzip)]);
#[cfg(not(feature = "gzip"))]
const COMPRESSION: (&str, &[(&str, Compression)]) =
    ("\"none\", as this program is built without the feature `gzip`", &[("none", Compression::None)]);

pub(super) const KEYS: &[Key] = &[
    key("api_key", TEXT, |given, value| text(&mut given.api_key, value, Secret)),
    key("tenant_id", TEXT, |given, value| text(&mut given.tenant_id, value, |text| text)),
    key("base_url", TEXT, |given, value| text(&mut given.base_url, value, Secret)),
    key("allow_insecure_http", FLAG, |given, value| put(&mut given.allow_insecure_http, value.flag())),
    key("environment", TEXT, |given, value| text(&mut given.environment, value, |text| text)),
    key("channel_id", TEXT, |given, value| text(&mut given.channel_id, value, ChannelId::from)),
    key("timeout", POSITIVE, |given, value| put(&mut given.timeout, value.positive())),
    key("connect_timeout", POSITIVE, |given, value| put(&mut given.connect_timeout, value.positive())),
    key("attempt_timeout", POSITIVE, |given, value| put(&mut given.attempt_timeout, value.positive())),
    key("shutdown_timeout", DURATION, |given, value| put(&mut given.shutdown_timeout, value.duration())),
    key("fail_open", FLAG, |given, value| put(&mut given.fail_open, value.flag())),
    key("send_occurred_at", FLAG, |given, value| put(&mut given.send_occurred_at, value.flag())),
    key("report_losses", FLAG, |given, value| put(&mut given.report_losses, value.flag())),
    key("levels", LEVELS, |given, value| match said(value.text()?.to_owned()) {
        Some(levels) => put(&mut given.levels, levels.parse().ok()),
        None => Some(()),
    }),
    key("service.name", TEXT, |given, value| text(&mut given.service_name, value, |text| text)),
    key("service.version", TEXT, |given, value| text(&mut given.service_version, value, |text| text)),
    key("retry.max_retries", "a whole number, 0 or more", |given, value| {
        set(&mut given.retry, value.count(0), RetryPolicy::max_retries)
    }),
    key("retry.delivery_deadline", POSITIVE, |given, value| {
        set(&mut given.retry, value.positive(), RetryPolicy::delivery_deadline)
    }),
    key("queue.max_events", COUNT, |given, value| set(&mut given.queue, value.count(1), QueuePolicy::max_events)),
    key("queue.max_bytes", "bytes, or text such as \"16MiB\", and at least \"256KiB\"", |given, value| {
        set(&mut given.queue, value.bytes(MAX_EVENT_BYTES), QueuePolicy::max_bytes)
    }),
    key(
        "queue.overflow",
        "\"shed_lowest_severity\", \"drop_oldest\", \"drop_newest\", or \"block\" with a time, as in \"block 100ms\"",
        |given, value| set(&mut given.queue, overflow(value), QueuePolicy::overflow),
    ),
    key("delivery.mode", "\"background\" or \"sync\"", |given, value| {
        let mode = value.one_of(&[("background", DeliveryMode::Background), ("sync", DeliveryMode::Sync)]);
        set(&mut given.delivery, mode, DeliveryPolicy::mode)
    }),
    key("delivery.logs", LANE, |given, value| set(&mut given.delivery, value.one_of(&LANES), DeliveryPolicy::logs)),
    key("delivery.spans", LANE, |given, value| set(&mut given.delivery, value.one_of(&LANES), DeliveryPolicy::spans)),
    key("delivery.otlp_format", "\"json\" or \"protobuf\"", |given, value| {
        let format = value.one_of(&[("json", OtlpFormat::Json), ("protobuf", OtlpFormat::Protobuf)]);
        set(&mut given.delivery, format, DeliveryPolicy::otlp_format)
    }),
    key("delivery.otlp_compression", COMPRESSION.0, |given, value| {
        let compression = value.one_of(COMPRESSION.1);
        set(&mut given.delivery, compression, DeliveryPolicy::otlp_compression)
    }),
    key("delivery.batch.max_events", COUNT, |given, value| batch(given, value.count(1), BatchPolicy::max_events)),
    key("delivery.batch.max_bytes", "bytes, or text such as \"1MiB\"", |given, value| {
        batch(given, value.bytes(1), BatchPolicy::max_bytes)
    }),
    key("delivery.batch.max_age", DURATION, |given, value| batch(given, value.duration(), BatchPolicy::max_age)),
    key("redaction.content_capture", "\"metadata_only\", \"redacted\" or \"full\"", |given, value| {
        set(&mut given.redaction, value.one_of(&ContentCapture::NAMES), RedactionPolicy::content_capture)
    }),
    key("redaction.redact_keys", "a list of text", |given, value| {
        set(&mut given.redaction, value.texts(), RedactionPolicy::redact_keys)
    }),
    key("redaction.max_content_length", "a number of characters, 1 or more", |given, value| {
        set(&mut given.redaction, value.count(1), RedactionPolicy::max_content_length)
    }),
];
