//! A record as a human reads it.

use super::{escape, line::says_the_target_again, text, time::Stamp};
use crate::{
    event::{
        Severity,
        json::{self, has_backslash},
        scan::{self, Entries},
    },
    sink::record::{SinkRecord, known::Known},
};

/// Writes lines for humans.
pub(in crate::sink) struct ConsoleLines {
    stamp: Stamp,
    colors: bool,
}

/// Terminals' names for looks; the last one ends all others.
const DIM: &str = "\u{1b}[2m";
const RED: &str = "\u{1b}[31m";
const PLAIN: &str = "\u{1b}[0m";

impl ConsoleLines {
    pub(super) fn new(colors: bool) -> Self {
        Self { stamp: Stamp::new(), colors }
    }

    /// Appends one line.
    pub(super) fn write(&mut self, record: &SinkRecord<'_>, out: &mut Vec<u8>) {
        self.look(DIM, out);
        self.stamp.write(record.nanos(), 3, out);
        self.look(PLAIN, out);
        out.push(b' ');
        let severity = record.severity();
        self.look(look_of(severity), out);
        // All in one column.
        out.extend(std::iter::repeat_n(b' ', 5_usize.saturating_sub(severity.text().len())));
        out.extend_from_slice(severity.text().as_bytes());
        self.look(PLAIN, out);
        out.push(b' ');
        let (target, message) =
            if record.is_log { (record.identifier, record.body) } else { (record.event_type, record.identifier) };
        self.look(DIM, out);
        show(if target.is_empty() { b"\"custom\"" } else { target }, out);
        out.push(b':');
        self.look(PLAIN, out);
        out.push(b' ');
        show(message, out);
        for (key, value) in record.attributes.clone() {
            let is_told = Known::of(key).is_some() || says_the_target_again(record, key, value);
            if !is_told && !is_known_without_saying(key) {
                self.field(key, value, out);
            }
        }
        if !record.is_log {
            for (key, value) in Entries::of(record.payload) {
                if !matches!(key, b"attributes" | b"resource") || !json::is_object(value) {
                    self.field(key, value, out);
                }
            }
        }
        self.known(record, out);
        out.push(b'\n');
    }

    /// Appends who it was about, what went wrong, and of which request it tells.
    fn known(&self, record: &SinkRecord<'_>, out: &mut Vec<u8>) {
        let value = |known| record.found.value(known);
        if !value(Known::UserId).is_empty() {
            self.field(b"user", value(Known::UserId), out);
        }
        if !value(Known::Error).is_empty() {
            self.look(RED, out);
            self.field(b"error", value(Known::Error), out);
            self.look(PLAIN, out);
        }
        if !value(Known::ErrorType).is_empty() {
            self.field(b"error_type", value(Known::ErrorType), out);
        }
        let request = value(Known::RequestId);
        if !request.is_empty() {
            self.field(b"request", short(request), out);
        }
    }

    fn field(&self, key: &[u8], value: &[u8], out: &mut Vec<u8>) {
        out.push(b' ');
        self.look(DIM, out);
        text::show(key, out);
        out.push(b'=');
        self.look(PLAIN, out);
        let inside = scan::inside(value);
        let is_word = |byte: &u8| !matches!(byte, b' ' | b'=' | b'"' | b'\\' | 0x7f..);
        if value.first() == Some(&b'"') && !inside.is_empty() && inside.iter().all(is_word) {
            escape::append(inside, out);
        } else {
            escape::append(value, out);
        }
    }

    fn look(&self, look: &str, out: &mut Vec<u8>) {
        if self.colors {
            out.extend_from_slice(look.as_bytes());
        }
    }
}

fn look_of(severity: Severity) -> &'static str {
    match severity {
        Severity::Trace => DIM,
        Severity::Debug => "\u{1b}[34m",
        Severity::Info => "\u{1b}[32m",
        Severity::Warn => "\u{1b}[33m",
        Severity::Error | Severity::Fatal => "\u{1b}[1;31m",
    }
}

/// Appends text as it is read; any other value as JSON.
fn show(value: &[u8], out: &mut Vec<u8>) {
    if value.first() == Some(&b'"') { text::show(scan::inside(value), out) } else { escape::append(value, out) }
}

/// Where a record stands in the source, and who runs it: much to read, and the same for most.
fn is_known_without_saying(key: &[u8]) -> bool {
    key.starts_with(b"code.") || matches!(key, b"thread.name" | b"process.pid" | b"exception.causes")
}

/// The end of an id, which is where those of one hour differ most, without its quotes.
fn short(id: &[u8]) -> &[u8] {
    const SHOWN: usize = 8;
    let inside = scan::inside(id);
    if id.first() != Some(&b'"') || has_backslash(inside) || !inside.is_ascii() {
        return id;
    }
    inside.get(inside.len().saturating_sub(SHOWN)..).unwrap_or(inside)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::lines::escape::is_deceptive;

    fn shown(body: &str, colors: bool) -> String {
        let mut out = Vec::new();
        let record = SinkRecord::new(body.as_bytes(), Severity::Warn, 1_795_281_323_123_456_789, b"");
        ConsoleLines::new(colors).write(&record, &mut out);
        String::from_utf8(out).unwrap()
    }

    const LOG: &str = r#"{"identifier":"billing","eventType":"app.log","payload":{"body":"card \"x\" declined",
        "attributes":{"order.id":7,"why":"no funds","code.lineno":3,"currency":"EUR","exception.message":"a\nb",
        "request.id":"0197e4b2-aaaa-7bbb-8ccc-0123456789ab","user.id":"u-1","logger.name":"billing"}}}"#;

    #[test]
    fn a_log_is_one_line_for_humans() {
        assert_eq!(
            shown(&LOG.replace("\n        ", ""), false),
            "2026-11-21T17:15:23.123Z  WARN billing: card \"x\" declined order.id=7 why=\"no funds\" currency=EUR \
             user=u-1 error=\"a\\nb\" request=456789ab\n"
        );
    }

    #[test]
    fn any_other_event_shows_what_it_consists_of() {
        assert_eq!(
            shown(r#"{"identifier":"cache.miss","payload":{"key":"k","in":{"a":1},"attributes":{"n":null}}}"#, false),
            "2026-11-21T17:15:23.123Z  WARN custom: cache.miss n=null key=k in={\"a\":1}\n"
        );
    }

    #[test]
    fn colours_come_from_us_alone() {
        let event = r#"{"identifier":"\u001b[31mred","payload":{"\u001b[2J":"\u001b]0;title\u0007"}}"#;
        assert!(!shown(event, false).trim_end().contains(is_deceptive));
        let colored = shown(event, true);
        let ours = colored.matches(['\u{1b}', '\u{7}']).count();
        assert_eq!(ours, shown(r#"{"identifier":"red","payload":{"k":"v"}}"#, true).matches('\u{1b}').count());
        assert!(colored.starts_with("\u{1b}[2m2026"));
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_said_stays_on_its_line(text: String, key: String) {
            let event = serde_json::json!({"identifier": text, "eventType": key,
                "payload": {"a": text, "attributes": {"request.id": text}, key.clone(): [text]}}).to_string();
            let line = shown(&event, false);
            proptest::prop_assert!(line.ends_with('\n') && !line.trim_end_matches('\n').contains(is_deceptive), "{line:?}");
        }
    }
}
