use super::*;
use crate::sink::{SinkRecord, loki::Loki, loki::entries::Encoder};

/// So many entries of `info`, each a second after the other, and as many of `warn` at the same times. Their lines differ in
/// length; none is shorter than those before it.
fn entries(of_each: usize) -> (Entries, Vec<usize>) {
    let sink = Loki::new("http://localhost:3100").labels(["event_type"]).structured_metadata(["trace_id"]);
    let mut encoder = Encoder::new(sink.settings, super::super::labels::Seen::default());
    let event = |at: usize| {
        let (kind, at) = (["a", "b"][at / of_each], at % of_each);
        let id = if at % 2 == 0 { "" } else { r#""traceId":"t","# };
        format!(r#"{{"identifier":"{}","eventType":"{kind}",{id}"payload":{{}}}}"#, "x".repeat(at + 1))
    };
    let raw: Vec<_> = (0..2 * of_each).map(event).collect();
    let record = |(at, raw): (usize, &'_ String)| (raw.clone(), (at % of_each) as u64 * NANOS + 7);
    let waiting: Vec<_> = raw.iter().enumerate().map(record).collect();
    let records: Vec<_> = waiting
        .iter()
        .map(|(raw, nanos)| SinkRecord::new(raw.as_bytes(), crate::event::Severity::Info, *nanos, b""))
        .collect();
    let entries = encoder.encode(&records);
    let places = entries.groups(usize::MAX).concat();
    (entries, places)
}

fn told(text: &str, of_each: usize) -> Told {
    let (entries, places) = entries(of_each);
    read(text, &entries, &places)
}

#[track_caller]
fn rejects(text: &str, rejected: &[usize], others_taken: bool) {
    assert_eq!(told(text, 4), Told { rejected: rejected.to_vec(), others_taken }, "{text}");
}

#[test]
fn one_sentence_is_of_one_entry_and_a_counted_one_of_as_many() {
    let old = "entry for stream '{event_type=\"a\", service_name=\"unknown_service\"}' has timestamp too old: \
               1970-01-01T01:00:02+01:00, oldest acceptable timestamp is: 2026-01-01T00:00:00Z";
    rejects(old, &[2], true);
    let new = "1 errors like: entry for stream '{event_type=\"b\"}' has timestamp too new: 1970-01-01T00:00:03Z; 1 errors \
               like: entry for stream '{event_type=\"a\"}' has timestamp too new: 1970-01-01T00:00:00Z";
    rejects(new, &[0, 7], true);
}

#[test]
fn a_line_is_told_by_its_length_and_metadata_by_having_it() {
    let (entries, _) = entries(4);
    let length = entries.all[5].line;
    let long = format!(
        "Max entry size '10' bytes exceeded for stream '{{event_type=\"b\"}}' while adding an entry with length '{length}' bytes"
    );
    rejects(&long, &[5], true);
    let metadata =
        "2 errors like: stream '{event_type=\"b\"}' includes structured metadata, but this feature is disallowed.";
    rejects(metadata, &[5, 7], true);
}

#[test]
fn what_is_said_of_labels_is_said_of_the_whole_stream() {
    rejects("stream '{event_type=\"b\"}' has label value too long: 'b'", &[4, 5, 6, 7], true);
    rejects("entry for stream '{event_type=\"a\"}' has 20 label names; limit 15", &[0, 1, 2, 3], true);
}

#[test]
fn what_a_stream_has_left_behind_is_its_oldest_and_says_nothing_of_others() {
    let entry = "entry with timestamp 1970-01-01 00:00:00.000000007 +0000 UTC ignored, reason: 'entry too far behind, entry \
                 timestamp is: 1970-01-01T00:00:00Z, oldest acceptable timestamp is: 1970-01-01T01:00:00Z',\n";
    rejects(&format!("{entry}user 'fake', total ignored: 2 out of 4 for stream: {{event_type=\"b\"}}"), &[4, 5], false);
    let older_version = "entry with timestamp 1970-01-01 00:00:00 +0000 UTC ignored, reason: 'entry out of order' for stream: \
                         {event_type=\"a\"},\ntotal ignored: 1 out of 4";
    rejects(older_version, &[0], false);
}

#[test]
fn what_cannot_be_placed_is_said_of_all() {
    for text in [
        "",
        "nonsense",
        "total ignored: 3 out of 4 for stream: {event_type=\"c\"}",
        "total ignored: many out of 4",
        "total ignored: 0 out of 4 for stream: {event_type=\"a\"}",
        "2 errors like: entry for stream '{event_type=\"c\"}' has timestamp too new: 1970-01-01T00:00:00Z",
        "entry for stream '{event_type=\"a\"}' has timestamp too old: yesterday",
        "entry for stream '{event_type=\"a\"}' has timestamp too old: 1980-01-01T00:00:00Z, ",
    ] {
        let told = told(text, 2);
        let all = told.rejected == [0, 1, 2, 3] || told.rejected == [0, 1];
        assert!(told.others_taken && all, "{text}: {told:?}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_without_a_panic_and_rejects_something(
        text in "(([0-9]{1,3} errors like: |total ignored: |entry for stream |\\{event_type=\"[abc]\"\\}| has timestamp too old: |[0-9T:Z-]{0,20}|; |.{0,9}){0,9})",
    ) {
        let told = told(&text, 3);
        proptest::prop_assert!(!told.rejected.is_empty() && told.rejected.iter().all(|place| *place < 6));
        let mut once = told.rejected.clone();
        once.sort_unstable();
        once.dedup();
        proptest::prop_assert_eq!(once.len(), told.rejected.len());
    }
}
