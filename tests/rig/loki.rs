//! A Loki that is as strict as the real one: it takes what can be taken of a push, refuses the rest with the same statuses
//! and words, and knows no line twice.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use jiff::Timestamp;
use serde::Deserialize;

use crate::receiver::{Received, Receiver, Reply, free_port};

/// What it takes; as Loki 3 is delivered.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Whether a tenant must be named.
    pub auth_enabled: bool,
    /// `Authorization`, as a gateway before it asks for it.
    pub authorization: Option<String>,
    /// Bytes of a body, unpacked.
    pub max_body_bytes: usize,
    /// Bytes of a line.
    pub max_line_size: usize,
    /// Labels of a stream.
    pub max_label_names_per_series: usize,
    /// Bytes of a label's value.
    pub max_label_value_length: usize,
    /// Streams there may be.
    pub max_streams: usize,
    /// How old an entry may be.
    pub reject_old_samples_max_age: Duration,
    /// How far in the future an entry may be.
    pub creation_grace_period: Duration,
    /// Half of `max_chunk_age`: how far an entry may be behind the newest one of its stream.
    pub out_of_order_window: Duration,
    /// Whether there may be any.
    pub allow_structured_metadata: bool,
    /// Bytes of an entry's, names and values.
    pub max_structured_metadata_size: usize,
    /// How many an entry may have.
    pub max_structured_metadata_entries_count: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            auth_enabled: false,
            authorization: None,
            max_body_bytes: 4 << 20,
            max_line_size: 256 << 10,
            max_label_names_per_series: 15,
            max_label_value_length: 2048,
            max_streams: 5000,
            reject_old_samples_max_age: Duration::from_secs(7 * 24 * 60 * 60),
            creation_grace_period: Duration::from_secs(10 * 60),
            out_of_order_window: Duration::from_secs(60 * 60),
            allow_structured_metadata: true,
            max_structured_metadata_size: 64 << 10,
            max_structured_metadata_entries_count: 128,
        }
    }
}

/// A line that was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// `fake` where nobody asks for one.
    pub tenant: String,
    /// Without those that Loki finds out itself.
    pub labels: BTreeMap<String, String>,
    /// Since the epoch.
    pub nanos: u64,
    /// What it says.
    pub line: String,
    /// Structured metadata.
    pub metadata: BTreeMap<String, String>,
}

/// A running Loki.
#[derive(Debug)]
pub struct Loki {
    /// What was pushed, whatever became of it.
    pub receiver: Receiver,
    store: Arc<Mutex<Store>>,
}

#[derive(Debug, Default)]
struct Store {
    lines: Vec<Stored>,
    streams: HashMap<(String, String), Stream>,
}

#[derive(Debug, Default)]
struct Stream {
    newest: u64,
    known: HashSet<(u64, String)>,
}

impl Loki {
    /// With the limits that it is delivered with.
    pub fn start() -> Self {
        Self::with(Limits::default())
    }

    /// With other limits.
    pub fn with(limits: Limits) -> Self {
        Self::at(free_port(), limits)
    }

    /// On this port.
    pub fn at(port: u16, limits: Limits) -> Self {
        let store = Arc::new(Mutex::new(Store::default()));
        let kept = Arc::clone(&store);
        let answer = move |received: &Received| match push(&limits, &kept, received) {
            Ok(()) => Reply::status(204),
            Err((status, text)) => Reply::status(status).body(text + "\n"),
        };
        Self { receiver: Receiver::start_at(port, answer), store }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        self.receiver.url()
    }

    /// All lines that were stored, in the order in which they came.
    pub fn lines(&self) -> Vec<Stored> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner).lines.clone()
    }

    /// How many streams there are.
    pub fn streams(&self) -> usize {
        self.store.lock().unwrap_or_else(PoisonError::into_inner).streams.len()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Push {
    streams: Vec<Pushed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pushed {
    stream: BTreeMap<String, String>,
    values: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Value {
    Plain(String, String),
    WithMetadata(String, String, BTreeMap<String, String>),
}

impl Value {
    fn read(self) -> Result<(u64, String, BTreeMap<String, String>), Refused> {
        let (nanos, line, metadata) = match self {
            Self::Plain(nanos, line) => (nanos, line, BTreeMap::new()),
            Self::WithMetadata(nanos, line, metadata) => (nanos, line, metadata),
        };
        let nanos = nanos.parse().map_err(|_| refused(400, format!("parsing \"{nanos}\": invalid syntax")))?;
        Ok((nanos, line, metadata))
    }
}

type Refused = (u16, String);

fn refused(status: u16, text: impl Into<String>) -> Refused {
    (status, text.into())
}

fn push(limits: &Limits, store: &Mutex<Store>, received: &Received) -> Result<(), Refused> {
    let header = |name: &str| received.headers.get(name).map(String::as_str);
    if received.path != "/loki/api/v1/push" {
        return Err(refused(404, "404 page not found"));
    }
    if limits.authorization.is_some() && limits.authorization.as_deref() != header("authorization") {
        return Err(refused(401, "Unauthorized"));
    }
    let tenant = match header("x-scope-orgid") {
        None if limits.auth_enabled => return Err(refused(401, "no org id")),
        tenant => tenant.filter(|_| limits.auth_enabled).unwrap_or("fake").to_owned(),
    };
    if header("content-type") != Some("application/json") {
        return Err(refused(400, "snappy: corrupt input"));
    }
    if received.body.len() > limits.max_body_bytes {
        let (size, limit) = (received.body.len(), limits.max_body_bytes);
        return Err(refused(413, format!("request body too large: {size} bytes, limit: {limit} bytes")));
    }
    let push: Push = serde_json::from_slice(&received.body).map_err(|error| refused(400, error.to_string()))?;
    if push.streams.is_empty() {
        return Err(refused(422, "error at least one valid stream is required for ingestion"));
    }
    let (mut errors, mut valid) = (Vec::new(), Vec::new());
    for pushed in push.streams {
        let name = named(&pushed.stream);
        if let Err(error) = check_labels(limits, &pushed.stream, &name) {
            errors.push(error);
            continue;
        }
        let mut entries = Vec::new();
        for value in pushed.values {
            let entry = value.read()?;
            match check_entry(limits, &name, &entry) {
                Ok(()) => entries.push(entry),
                Err(error) => errors.push(error),
            }
        }
        if !entries.is_empty() {
            valid.push((pushed.stream, name, entries));
        }
    }
    let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
    // Of several streams that fall behind only the last one is told, and it takes the place of all other errors.
    let mut last = Ok(());
    for (labels, name, entries) in valid {
        let ingested = ingest(limits, &mut store, &tenant, &labels, &name, entries);
        last = if ingested.is_err() { ingested } else { last };
    }
    last?;
    if errors.is_empty() { Ok(()) } else { Err(refused(400, grouped(errors))) }
}

fn check_labels(limits: &Limits, labels: &BTreeMap<String, String>, name: &str) -> Result<(), String> {
    if labels.is_empty() {
        return Err("error at least one label pair is required per stream".to_owned());
    }
    let is_name = |label: &str| {
        !label.starts_with(|c: char| c.is_ascii_digit())
            && !label.is_empty()
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    if !labels.keys().all(|label| is_name(label)) {
        return Err(format!("Error parsing labels '{name}' with error: parse error: unexpected IDENTIFIER"));
    }
    let (count, most) = (labels.len(), limits.max_label_names_per_series);
    if count > most {
        return Err(format!("entry for stream '{name}' has {count} label names; limit {most}"));
    }
    match labels.values().find(|value| value.len() > limits.max_label_value_length) {
        Some(value) => Err(format!("stream '{name}' has label value too long: '{value}'")),
        None => Ok(()),
    }
}

fn check_entry(
    limits: &Limits,
    name: &str,
    (nanos, line, metadata): &(u64, String, BTreeMap<String, String>),
) -> Result<(), String> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it is later than that");
    let oldest = now.saturating_sub(limits.reject_old_samples_max_age);
    let time = Duration::from_nanos(*nanos);
    if time < oldest {
        let (time, oldest) = (rfc3339(time), rfc3339(oldest));
        return Err(format!(
            "entry for stream '{name}' has timestamp too old: {time}, oldest acceptable timestamp is: {oldest}"
        ));
    }
    if time > now + limits.creation_grace_period {
        return Err(format!("entry for stream '{name}' has timestamp too new: {}", rfc3339(time)));
    }
    let (length, most) = (line.len(), limits.max_line_size);
    if length > most {
        return Err(format!(
            "Max entry size '{most}' bytes exceeded for stream '{name}' while adding an entry with length '{length}' bytes"
        ));
    }
    if metadata.is_empty() {
        return Ok(());
    }
    if !limits.allow_structured_metadata {
        return Err(format!(
            "stream '{name}' includes structured metadata, but this feature is disallowed. Please see \
             `limits_config.allow_structured_metadata` or contact your Loki administrator to enable it."
        ));
    }
    let size: usize = metadata.iter().map(|(key, value)| key.len() + value.len()).sum();
    if size > limits.max_structured_metadata_size {
        return Err(format!("stream '{name}' has structured metadata too large: '{size}' bytes"));
    }
    if metadata.len() > limits.max_structured_metadata_entries_count {
        let count = metadata.len();
        return Err(format!("stream '{name}' has too many structured metadata labels: '{count}'"));
    }
    Ok(())
}

fn ingest(
    limits: &Limits,
    store: &mut Store,
    tenant: &str,
    labels: &BTreeMap<String, String>,
    name: &str,
    entries: Vec<(u64, String, BTreeMap<String, String>)>,
) -> Result<(), Refused> {
    /// `max_returned_stream_errors`.
    const MOST_TOLD: usize = 10;

    let key = (tenant.to_owned(), name.to_owned());
    if !store.streams.contains_key(&key) && store.streams.len() >= limits.max_streams {
        return Err(refused(
            429,
            format!("Maximum active stream limit exceeded when trying to create stream {name}, user: '{tenant}'"),
        ));
    }
    let stream = store.streams.entry(key).or_default();
    let (total, mut ignored) = (entries.len(), Vec::new());
    let window = u64::try_from(limits.out_of_order_window.as_nanos()).expect("some hours");
    for (nanos, line, metadata) in entries {
        let cutoff = stream.newest.saturating_sub(window);
        if nanos < cutoff {
            let (time, cutoff) = (rfc3339(Duration::from_nanos(nanos)), rfc3339(Duration::from_nanos(cutoff)));
            let why =
                format!("entry too far behind, entry timestamp is: {time}, oldest acceptable timestamp is: {cutoff}");
            ignored.push(format!("entry with timestamp {} ignored, reason: '{why}',\n", in_full(nanos)));
            continue;
        }
        stream.newest = stream.newest.max(nanos);
        if stream.known.insert((nanos, line.clone())) {
            let labels = labels.clone();
            store.lines.push(Stored { tenant: tenant.to_owned(), labels, nanos, line, metadata });
        }
    }
    if ignored.is_empty() {
        return Ok(());
    }
    let count = ignored.len();
    let mut text: String = ignored.into_iter().take(MOST_TOLD).collect();
    write!(text, "user '{tenant}', total ignored: {count} out of {total} for stream: {name}").expect("a string");
    Err(refused(400, text))
}

/// The labels as Loki writes them, with the one that it finds out itself.
fn named(labels: &BTreeMap<String, String>) -> String {
    let mut labels = labels.clone();
    let service = labels.get("service").cloned().unwrap_or_else(|| "unknown_service".to_owned());
    labels.entry("service_name".to_owned()).or_insert(service);
    let all: Vec<_> = labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    format!("{{{}}}", all.join(", "))
}

/// Errors that are the same are said once, in no order.
fn grouped(errors: Vec<String>) -> String {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for error in errors {
        *counts.entry(error).or_default() += 1;
    }
    let is_alone = counts.len() == 1 && counts.values().all(|count| *count == 1);
    let said = |(error, count): (String, usize)| {
        if is_alone { error } else { format!("{count} errors like: {error}") }
    };
    counts.into_iter().map(said).collect::<Vec<_>>().join("; ")
}

fn rfc3339(time: Duration) -> String {
    let second = i64::try_from(time.as_secs()).expect("a time");
    Timestamp::from_second(second).expect("a time").to_string()
}

/// As Go shows a time.
fn in_full(nanos: u64) -> String {
    let time = Timestamp::from_nanosecond(nanos.into()).expect("a time").to_string();
    time.replace('T', " ").replace('Z', " +0000 UTC")
}
