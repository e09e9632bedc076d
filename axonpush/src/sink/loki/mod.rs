//! Grafana Loki.

mod entries;
mod labels;
mod refusals;
#[cfg(test)]
mod tests;
mod writer;

use std::{
    fmt, io,
    sync::{Arc, Mutex},
    time::Duration,
};

use self::{
    labels::{Caps, MAX_LABELS, Seen, Source, check_names, sanitized},
    writer::Writer,
};
use super::{
    BatchPolicy, Compression, Sink, SinkWriter,
    http::{Poster, Target, bad_setting, posts},
};
use crate::error::Error;

/// Records go to Grafana Loki, as JSON to its push API.
///
/// ```
/// use axonpush::{AxonPush, Loki};
///
/// let loki = Loki::new("http://localhost:3100").label("job", "orders").label_from("region", "cloud.region");
/// let builder = AxonPush::builder().api_key("ak_dev").sink("loki", loki);
/// # let client = builder.base_url("http://localhost:4000").build()?;
/// # Ok::<(), axonpush::Error>(())
/// ```
///
/// - **Labels** are few and bounded, as each set of values is a stream, and many streams are what Loki suffers from most.
///   Unless said otherwise they are `service` (`service.name`), `level` (`trace`, `debug`, `info`, `warn`, `error`,
///   `fatal`) and `environment`. A label has at most 100 values ([`max_label_values`](Self::max_label_values)), and all
///   of them make at most 1,000 streams ([`max_streams`](Self::max_streams)); after that a value is `other`, and the true
///   one stands in the structured metadata as `<label>_value`. A record without a value for a label goes without it.
/// - **Structured metadata** are `request_id`, `trace_id` and `span_id`, as far as they are known.
/// - **The line** is that of [`Stdout::json`](crate::Stdout::json), or the message alone ([`line`](Self::line)). One of more
///   than 256 KiB, which is what Loki takes, is cut and says so at its end.
/// - **Time** is that of [`SinkRecord::time`](crate::SinkRecord::time), as far in the past or the future as it may be. Within a
///   request the entries of a stream are in its order. Loki keeps one of two lines of a stream that are the same at the
///   same nanosecond.
/// - **Answers.** 429, 408, 5xx and broken connections are tried again with what they concern, a refused credential once a
///   minute; of what is too large (413) the halves are sent. 400 is final for the lines that Loki does not take, old
///   ones for instance: those it names are counted as rejected, line by line, and the others as written. All other
///   refusals are final for the whole request. [`SinkStats::last_error`](crate::SinkStats::last_error) says why.
///
/// Settings are checked when the sink is opened, before its first record.
#[derive(Clone)]
#[must_use = "it does nothing until it is a client's sink"]
pub struct Loki {
    target: Target,
    settings: Settings,
    /// A label that was asked for and that there is none of.
    unknown: Option<String>,
    seen: Arc<Mutex<Seen>>,
}

/// What the line of an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum LokiLine {
    /// All that is known of a record, as JSON: for Loki's `json` parser.
    #[default]
    Json,
    /// What a log says, and of any other event its identifier.
    Message,
}

/// What entries are made by.
#[derive(Debug, Clone)]
struct Settings {
    /// Labels that are the same for all.
    fixed: Vec<(String, String)>,
    labels: Vec<(String, Source)>,
    metadata: Vec<(String, Source)>,
    caps: Caps,
    line: LokiLine,
    max_bytes: usize,
    max_line_bytes: usize,
}

impl Loki {
    /// A Loki at this URL. `/loki/api/v1/push` is appended unless it has a path of its own.
    pub fn new(url: impl Into<String>) -> Self {
        let settings = Settings {
            fixed: Vec::new(),
            labels: Vec::new(),
            metadata: Vec::new(),
            caps: Caps { values: 100, streams: 1000 },
            line: LokiLine::Json,
            max_bytes: 1 << 20,
            max_line_bytes: 256 << 10,
        };
        let sink = Self { target: Target::new("Loki", url.into()), settings, unknown: None, seen: Arc::default() };
        sink.labels(["service", "level", "environment"]).structured_metadata(["request_id", "trace_id", "span_id"])
    }

    /// A label that is the same for all records. Of its name everything but letters, digits and underscores becomes an
    /// underscore, as of all names here.
    pub fn label(mut self, name: &str, value: impl Into<String>) -> Self {
        self.settings.fixed.push((sanitized(name), value.into()));
        self
    }

    /// Labels that records have a value for, in place of `service`, `level` and `environment`. There are also `version`,
    /// `target` (who said it), and `event_type`; [`label_from`](Self::label_from) makes others.
    pub fn labels<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.settings.labels.retain(|(_, source)| matches!(source, Source::Named(_)));
        for name in names {
            match Source::known(name).filter(|_| !NO_LABELS.contains(&name)) {
                Some(source) => self.settings.labels.push((name.to_owned(), source)),
                None => self.unknown = Some(name.to_owned()),
            }
        }
        self
    }

    /// A label whose value is that of an entry of the resource, or else of an attribute.
    pub fn label_from(mut self, name: &str, key: impl Into<String>) -> Self {
        self.settings.labels.push((sanitized(name), Source::Named(key.into())));
        self
    }

    /// What goes into the structured metadata, in place of `request_id`, `trace_id` and `span_id`: those, `user_id`, what
    /// may be a label as well, or any attribute or entry of the resource. Needs Loki 3, or 2.9 with
    /// `allow_structured_metadata`; for others say `[]`.
    pub fn structured_metadata<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        let source = |name: &str| Source::known(name).unwrap_or_else(|| Source::Named(name.to_owned()));
        self.settings.metadata = names.into_iter().map(|name| (sanitized(name), source(name))).collect();
        self
    }

    /// How many values a label may have; 100 unless set. They are counted for as long as the process runs.
    pub fn max_label_values(mut self, values: usize) -> Self {
        self.settings.caps.values = values;
        self
    }

    /// How many streams there may be; 1,000 unless set. After that there is one more for each level.
    pub fn max_streams(mut self, streams: usize) -> Self {
        self.settings.caps.streams = streams;
        self
    }

    /// What the line of an entry is; [`LokiLine::Json`] unless set.
    pub fn line(mut self, line: LokiLine) -> Self {
        self.settings.line = line;
        self
    }

    /// Bytes of a request before it is compressed; 1 MiB unless set. One line always fits. Loki takes 4 MiB.
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_bytes = bytes;
        self
    }

    /// Bytes of a line, which is cut behind them; 256 KiB unless set, which is Loki's `max_line_size`.
    pub fn max_line_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_line_bytes = bytes;
        self
    }

    /// Whose logs these are, for a Loki of several tenants: the header `X-Scope-OrgID`.
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.target.plain_header("x-scope-orgid", tenant.into());
        self
    }

    fn check(&self) -> Result<(), Error> {
        if let Some(name) = &self.unknown {
            let length = name.len();
            return Err(Error::config(format!(
                "a label of the Loki sink ({length} characters) is none of service, version, environment, level, \
                 target and event_type; label_from makes one of an attribute",
            )));
        }
        let settings = &self.settings;
        let fixed = settings.fixed.iter().map(|(name, _)| name.as_str());
        let labels = fixed.chain(settings.labels.iter().map(|(name, _)| name.as_str()));
        check_names("a label", labels, MAX_LABELS)?;
        if let Some((name, _)) = settings.fixed.iter().find(|(_, value)| value.is_empty() || value.len() > MAX_FIXED) {
            return Err(Error::config(format!(
                "the label `{name}` of the Loki sink has no value, or more than {MAX_FIXED} bytes"
            )));
        }
        check_names("structured metadata", settings.metadata.iter().map(|(name, _)| name.as_str()), MAX_METADATA)
    }
}

posts!(Loki);

impl Sink for Loki {
    fn open(&self) -> io::Result<Box<dyn SinkWriter>> {
        self.check().map_err(bad_setting)?;
        let poster = Poster::new(&self.target)?;
        Ok(Box::new(Writer::new(poster, self.settings.clone(), Arc::clone(&self.seen))))
    }

    fn batches(&self) -> BatchPolicy {
        BatchPolicy::new().max_events(1000).max_age(Duration::from_secs(1))
    }
}

impl fmt::Debug for Loki {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loki").field("target", &self.target).field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Of what has a name here, what would make a stream of every request.
const NO_LABELS: [&str; 4] = ["request_id", "trace_id", "span_id", "user_id"];

/// Bytes of a label's value, `max_label_value_length`.
const MAX_FIXED: usize = 2048;

/// Loki takes 128 entries and 64 KiB (`max_structured_metadata_entries_count`, `max_structured_metadata_size`). Values have
/// at most 2 KiB, and the true values of labels need room as well.
const MAX_METADATA: usize = 16;
