//! Labels: which there are, what they are called, and how many values each may have.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use crate::{
    error::Error,
    event::json,
    sink::record::{SinkRecord, known::Known},
};

/// What a label or an entry of structured metadata is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    Level,
    EventType,
    Target,
    RequestId,
    TraceId,
    SpanId,
    /// Of the resource, or else an attribute: the first of these keys that there is.
    Key(&'static [&'static str]),
    /// The same, of one key that the application names.
    Named(String),
}

impl Source {
    /// What a name stands for that this library gives.
    pub(super) fn known(name: &str) -> Option<Self> {
        Some(match name {
            "service" => Self::Key(&["service.name"]),
            "version" => Self::Key(&["service.version"]),
            "environment" => Self::Key(&["deployment.environment", "deployment.environment.name"]),
            "level" => Self::Level,
            "event_type" => Self::EventType,
            "target" => Self::Target,
            "request_id" => Self::RequestId,
            "trace_id" => Self::TraceId,
            "span_id" => Self::SpanId,
            "user_id" => Self::Key(&["user.id", "user_id", "enduser.id"]),
            _ => return None,
        })
    }

    /// Its value in a record, without what would break a line; `None` where it has none.
    pub(super) fn value<'a>(&self, record: &SinkRecord<'a>) -> Option<Cow<'a, str>> {
        let value = match self {
            Self::Level => Cow::Borrowed(level(record)),
            Self::EventType => record.event_type(),
            Self::Target => record.identifier(),
            Self::RequestId => record.request_id()?,
            Self::TraceId => record.trace_id()?,
            Self::SpanId => record.span_id()?,
            Self::Key(keys) => keys.iter().find_map(|key| record.named(key))?,
            Self::Named(key) => record.named(key)?,
        };
        let value = cut(value);
        let value =
            if value.chars().any(char::is_control) { Cow::Owned(value.replace(char::is_control, " ")) } else { value };
        (!value.is_empty()).then_some(value)
    }

    /// Whether its value is the same in two records that have the same resource, and none of them an attribute of one of
    /// [`keys`](Self::keys).
    pub(super) fn is_alike(&self, one: &SinkRecord<'_>, other: &SinkRecord<'_>) -> bool {
        match self {
            Self::Level => one.severity() == other.severity(),
            Self::EventType => one.event_type == other.event_type,
            Self::Target => one.identifier == other.identifier,
            Self::RequestId => one.found.value(Known::RequestId) == other.found.value(Known::RequestId),
            Self::TraceId => one.trace == other.trace,
            Self::SpanId => one.span == other.span,
            Self::Key(_) | Self::Named(_) => true,
        }
    }

    /// The names of what it may be made from, of a resource or of attributes.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        let (keys, key): (&[&'static str], _) = match self {
            Self::Key(keys) => (keys, None),
            Self::Named(key) => (&[], Some(key.as_str())),
            _ => (&[], None),
        };
        keys.iter().copied().chain(key)
    }
}

fn level(record: &SinkRecord<'_>) -> &'static str {
    use crate::event::Severity;

    match record.severity() {
        Severity::Trace => "trace",
        Severity::Debug => "debug",
        Severity::Info => "info",
        Severity::Warn => "warn",
        Severity::Error => "error",
        Severity::Fatal => "fatal",
    }
}

fn cut(value: Cow<'_, str>) -> Cow<'_, str> {
    match value {
        Cow::Borrowed(value) => Cow::Borrowed(json::prefix(value, MAX_VALUE)),
        Cow::Owned(value) => Cow::Owned(json::prefix(&value, MAX_VALUE).to_owned()),
    }
}

/// A name as Loki takes it: letters, digits and underscores, and no digit first.
pub(super) fn sanitized(name: &str) -> String {
    let mut out: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if out.starts_with(|c: char| c.is_ascii_digit()) {
        out.insert(0, '_');
    }
    out
}

/// Names that are checked: each is one, none is Loki's own, and no two are the same.
pub(super) fn check_names<'a>(what: &str, names: impl Iterator<Item = &'a str>, most: usize) -> Result<(), Error> {
    let mut seen = HashSet::new();
    for name in names {
        if name.is_empty() {
            return Err(Error::config(format!("{what} of the Loki sink has an empty name")));
        }
        if name.starts_with("__") {
            return Err(Error::config(format!(
                "{what} `{name}` of the Loki sink begins with two underscores; such names are Loki's own",
            )));
        }
        if name.len() > MAX_NAME {
            let length = name.len();
            return Err(Error::config(format!(
                "{what} of the Loki sink has a name of {length} bytes; Loki takes {MAX_NAME}",
            )));
        }
        if !seen.insert(name) {
            return Err(Error::config(format!(
                "{what} `{name}` of the Loki sink is there twice, as names are made of letters, digits and underscores; \
                 leave one out or call it otherwise",
            )));
        }
    }
    if seen.len() > most {
        let count = seen.len();
        return Err(Error::config(format!("{what} of the Loki sink is one of {count}; Loki takes {most}")));
    }
    Ok(())
}

/// How many values and streams there may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caps {
    pub(super) values: usize,
    pub(super) streams: usize,
}

/// The values and streams that there are, as long as the process runs: what is let in stays, so that a stream goes on
/// under the labels that it began with.
#[derive(Debug, Default)]
pub(super) struct Seen {
    values: HashMap<usize, HashSet<String>>,
    streams: HashSet<Vec<u8>>,
}

impl Seen {
    /// Whether a label may have this value.
    pub(super) fn admits(&mut self, label: usize, value: &str, caps: Caps) -> bool {
        let values = self.values.entry(label).or_default();
        if values.contains(value) {
            return true;
        }
        let fits = values.len() < caps.values;
        if fits {
            values.insert(value.to_owned());
        }
        fits
    }

    /// Whether there may be this stream.
    pub(super) fn admits_stream(&mut self, labels: &[u8], caps: Caps) -> bool {
        if self.streams.contains(labels) {
            return true;
        }
        let fits = self.streams.len() < caps.streams;
        if fits {
            self.streams.insert(labels.to_vec());
        }
        fits
    }
}

/// What a label says whose value there is no room for.
pub(super) const OTHER: &str = "other";

/// Loki's limits, as it is delivered: `max_label_names_per_series`, `max_label_name_length`, `max_label_value_length`.
/// The last one also keeps structured metadata below `max_structured_metadata_size`.
pub(super) const MAX_LABELS: usize = 15;
const MAX_NAME: usize = 1024;
const MAX_VALUE: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn any_name_becomes_one_that_loki_takes(name: String) {
            let name = sanitized(&name);
            proptest::prop_assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
            proptest::prop_assert!(!name.starts_with(|c: char| c.is_ascii_digit()));
        }
    }

    #[test]
    fn what_was_let_in_stays_and_the_rest_stays_out() {
        let (mut seen, caps) = (Seen::default(), Caps { values: 2, streams: 1 });
        assert!(seen.admits(0, "a", caps) && seen.admits(0, "b", caps) && !seen.admits(0, "c", caps));
        assert!(seen.admits(0, "a", caps) && seen.admits(1, "c", caps));
        assert!(seen.admits_stream(b"x", caps) && !seen.admits_stream(b"y", caps) && seen.admits_stream(b"x", caps));
    }

    #[test]
    fn names_that_loki_would_refuse_are_refused_here() {
        for (names, why) in [
            (&["a", ""][..], "empty name"),
            (&["__a"], "two underscores"),
            (&["a", "a"], "`a`"),
            (&["a", "b", "c"], "3"),
        ] {
            let error = check_names("a label", names.iter().copied(), 2).unwrap_err();
            assert!(error.is_config() && error.to_string().contains(why), "{error}");
        }
    }
}
