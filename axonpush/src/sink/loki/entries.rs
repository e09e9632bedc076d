//! Records as entries of streams: what Loki calls a line, its time, its metadata, and the labels it is found by.

use std::{borrow::Cow, collections::HashMap};

use super::{
    LokiLine, Settings,
    labels::{OTHER, Seen, Source},
};
use crate::{
    event::{json, scan},
    sink::{SinkRecord, lines::JsonLines},
};

/// A batch as it will be sent.
#[derive(Debug, Default)]
pub(super) struct Entries {
    /// By their places in the batch.
    pub(super) all: Vec<Entry>,
    pub(super) streams: Vec<Stream>,
    /// The JSON text of the entries, end to end.
    text: Vec<u8>,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) stream: usize,
    /// Nanoseconds since the epoch.
    pub(super) nanos: u64,
    /// Bytes of its line.
    pub(super) line: usize,
    pub(super) has_metadata: bool,
    start: usize,
    end: usize,
}

#[derive(Debug)]
pub(super) struct Stream {
    /// Each label as Loki quotes it: `name="value"`.
    pub(super) quoted: Vec<String>,
    /// The JSON text of an object.
    labels: Vec<u8>,
}

/// Makes entries; keeps what is of use for the next batch.
pub(super) struct Encoder {
    settings: Settings,
    lines: JsonLines,
    line: Vec<u8>,
    pub(super) seen: Seen,
}

/// The value of a label, and the true one where it is another.
type Label<'a> = (&'a str, Cow<'a, str>, Option<Cow<'a, str>>);

impl Encoder {
    pub(super) fn new(settings: Settings, seen: Seen) -> Self {
        Self { settings, lines: JsonLines::new(), line: Vec::new(), seen }
    }

    pub(super) fn encode(&mut self, records: &[SinkRecord<'_>]) -> Entries {
        let mut entries = Entries::default();
        let mut known: HashMap<Vec<u8>, usize> = HashMap::new();
        let mut last: Option<Last<'_, '_>> = None;
        entries.all.reserve(records.len());
        for record in records {
            let here = match last.take() {
                Some(last) if last.is_alike(&self.settings, record) => last,
                _ => {
                    let (key, labels) = labels(&self.settings, &mut self.seen, record);
                    let stream = *known.entry(key).or_insert_with_key(|key| {
                        entries.streams.push(Stream { quoted: quoted(&labels), labels: key.clone() });
                        entries.streams.len() - 1
                    });
                    Last::new(&self.settings, record, stream, labels)
                }
            };
            let start = entries.text.len();
            let out = &mut entries.text;
            out.extend_from_slice(b"[\"");
            json::write_number(record.nanos(), out);
            out.extend_from_slice(b"\",");
            let line = write_line(&self.settings, &mut self.lines, &mut self.line, record, out);
            let has_metadata = write_metadata(&self.settings, &here.labels, record, out);
            out.push(b']');
            let end = out.len();
            entries.all.push(Entry { stream: here.stream, nanos: record.nanos(), line, has_metadata, start, end });
            last = Some(here);
        }
        entries
    }
}

impl Entries {
    /// The places of all entries, stream by stream and in the order of time, in groups of at most so many bytes. An entry
    /// always fits.
    pub(super) fn groups(&self, max_bytes: usize) -> Vec<Vec<usize>> {
        let mut places: Vec<usize> = (0..self.all.len()).collect();
        places.sort_by_key(|place| self.all.get(*place).map(|entry| (entry.stream, entry.nanos)));
        let (mut groups, mut bytes, mut last): (Vec<Vec<usize>>, _, _) = (Vec::new(), 0, None);
        for place in places {
            let Some(entry) = self.all.get(place) else { continue };
            let labels = self.streams.get(entry.stream).map_or(0, |stream| stream.labels.len() + AROUND_A_STREAM);
            let size = entry.end - entry.start + 1;
            let more = if last == Some(entry.stream) { size } else { size + labels };
            match groups.last_mut() {
                Some(group) if bytes + more <= max_bytes => {
                    bytes += more;
                    group.push(place);
                }
                _ => {
                    bytes = AROUND_ALL + labels + size;
                    groups.push(vec![place]);
                }
            }
            last = Some(entry.stream);
        }
        groups
    }

    /// The body that carries these entries, which are sorted.
    pub(super) fn body(&self, places: &[usize]) -> Vec<u8> {
        let mut out = b"{\"streams\":[".to_vec();
        let mut last = None;
        for entry in places.iter().filter_map(|place| self.all.get(*place)) {
            if last == Some(entry.stream) {
                out.push(b',');
            } else {
                out.extend_from_slice(if last.is_some() { b"]},{\"stream\":" } else { b"{\"stream\":" });
                out.extend_from_slice(self.streams.get(entry.stream).map_or(b"{}", |stream| &stream.labels));
                out.extend_from_slice(b",\"values\":[");
                last = Some(entry.stream);
            }
            out.extend_from_slice(self.text.get(entry.start..entry.end).unwrap_or_default());
        }
        out.extend_from_slice(if last.is_some() { b"]}]}" } else { b"]}" });
        out
    }
}

/// The record that a stream was last looked up for. Most have the labels of the one before.
struct Last<'s, 'a> {
    record: &'s SinkRecord<'a>,
    stream: usize,
    labels: Vec<Label<'s>>,
    /// Names of attributes that labels are made from, as the resource does not have them.
    open: Vec<&'s str>,
    /// Whether it has one of those.
    is_open: bool,
}

impl<'s, 'a> Last<'s, 'a> {
    fn new(settings: &'s Settings, record: &'s SinkRecord<'a>, stream: usize, labels: Vec<Label<'s>>) -> Self {
        let keys = settings.labels.iter().flat_map(|(_, source)| source.keys());
        let open: Vec<&str> = keys.filter(|key| record.named_by_resource(key).is_none()).collect();
        let is_open = record.has_attribute_of(&open);
        Self { record, stream, labels, open, is_open }
    }

    /// Whether another record has the same labels, as far as that can be told without making them.
    fn is_alike(&self, settings: &Settings, other: &SinkRecord<'_>) -> bool {
        !self.is_open
            && self.record.has_resource_of(other)
            && settings.labels.iter().all(|(_, source)| source.is_alike(self.record, other))
            && !other.has_attribute_of(&self.open)
    }
}

/// The labels of a record as JSON text, and each of them.
fn labels<'a>(settings: &'a Settings, seen: &mut Seen, record: &SinkRecord<'a>) -> (Vec<u8>, Vec<Label<'a>>) {
    let caps = settings.caps;
    let mut all: Vec<Label<'a>> = Vec::with_capacity(settings.fixed.len() + settings.labels.len());
    all.extend(settings.fixed.iter().map(|(name, value)| (name.as_str(), Cow::Borrowed(value.as_str()), None)));
    let fixed = all.len();
    for (at, (name, source)) in settings.labels.iter().enumerate() {
        let Some(value) = source.value(record) else { continue };
        if *source == Source::Level || seen.admits(at, &value, caps) {
            all.push((name, value, None));
        } else {
            all.push((name, Cow::Borrowed(OTHER), Some(value)));
        }
    }
    if all.is_empty() {
        // A stream without labels is refused, and whoever has none of those that were asked for has one in common.
        all.push(("service_name", Cow::Borrowed("unknown_service"), None));
        return (key(&all), all);
    }
    let key = key(&all);
    if seen.admits_stream(&key, caps) {
        return (key, all);
    }
    // Of the streams there is no room for, one is left for each level: whatever else they have is `other`, as is what some
    // of them have and others have not.
    let mut known = all.split_off(fixed).into_iter().peekable();
    for (name, source) in &settings.labels {
        let label = known.next_if(|(known, ..)| known == name);
        all.extend(match label {
            label if *source == Source::Level => label,
            Some((_, value, None)) => Some((name.as_str(), Cow::Borrowed(OTHER), Some(value))),
            Some((.., truth)) => Some((name.as_str(), Cow::Borrowed(OTHER), truth)),
            None => Some((name.as_str(), Cow::Borrowed(OTHER), None)),
        });
    }
    (self::key(&all), all)
}

fn key(labels: &[Label<'_>]) -> Vec<u8> {
    let mut out = b"{".to_vec();
    for (name, value, _) in labels {
        json::write_key(name, &mut out);
        json::write_str(value, &mut out);
    }
    out.push(b'}');
    out
}

fn quoted(labels: &[Label<'_>]) -> Vec<String> {
    let quote = |value: &str| value.replace('\\', r"\\").replace('"', "\\\"");
    labels.iter().map(|(name, value, _)| format!("{name}=\"{}\"", quote(value))).collect()
}

/// Appends what is said as a JSON string, cut where Loki would refuse it, which it says itself. Returns the bytes that are
/// said.
fn write_line(
    settings: &Settings,
    lines: &mut JsonLines,
    buffer: &mut Vec<u8>,
    record: &SinkRecord<'_>,
    out: &mut Vec<u8>,
) -> usize {
    let line = match settings.line {
        LokiLine::Message => record.body().unwrap_or_else(|| record.identifier()),
        LokiLine::Json => {
            let start = out.len();
            out.push(b'"');
            let length = lines.write_inside(record, out);
            if length <= settings.max_line_bytes {
                out.push(b'"');
                return length;
            }
            out.truncate(start);
            buffer.clear();
            lines.write(record, buffer);
            scan::lossy(buffer.trim_ascii_end())
        }
    };
    if line.len() <= settings.max_line_bytes {
        json::write_str(&line, out);
        return line.len();
    }
    let mark = |cut: usize| format!("… [{cut} bytes more]");
    let kept = json::prefix(&line, settings.max_line_bytes.saturating_sub(mark(line.len()).len()));
    let line = format!("{kept}{}", mark(line.len() - kept.len()));
    json::write_str(&line, out);
    line.len()
}

/// Appends structured metadata, if there is any, and says whether.
fn write_metadata(settings: &Settings, labels: &[Label<'_>], record: &SinkRecord<'_>, out: &mut Vec<u8>) -> bool {
    let start = out.len();
    out.extend_from_slice(b",{");
    let empty = out.len();
    for (name, source) in &settings.metadata {
        if let Some(value) = source.value(record) {
            json::write_key(name, out);
            json::write_str(&value, out);
        }
    }
    for (name, _, truth) in labels {
        if let Some(truth) = truth {
            // Under the label's own name it would be taken for another label.
            json::write_key(&format!("{name}_value"), out);
            json::write_str(truth, out);
        }
    }
    if out.len() == empty {
        out.truncate(start);
        return false;
    }
    out.push(b'}');
    true
}

/// So many bytes stand around the entries and the labels of a stream, and around all streams.
const AROUND_A_STREAM: usize = r#"{"stream":,"values":[]},"#.len();
const AROUND_ALL: usize = r#"{"streams":[]}"#.len();
