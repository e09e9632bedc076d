//! Times as they stand in a line: RFC 3339, in UTC.

use std::time::Duration;

use crate::event::json;

/// Writes times; the records of one second share most of theirs.
pub(super) struct Stamp {
    second: Option<u64>,
    /// `2026-11-21T17:15:23`.
    text: String,
}

impl Stamp {
    pub(super) fn new() -> Self {
        Self { second: None, text: String::new() }
    }

    /// Appends nanoseconds since the epoch, with as many digits behind the point.
    pub(super) fn write(&mut self, nanos: u64, digits: usize, out: &mut Vec<u8>) {
        let time = Duration::from_nanos(nanos);
        if self.second != Some(time.as_secs()) {
            let second = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
            let text = jiff::Timestamp::from_second(second).unwrap_or_default().to_string();
            (self.second, self.text) = (Some(time.as_secs()), text.trim_end_matches('Z').to_owned());
        }
        out.extend_from_slice(self.text.as_bytes());
        out.push(b'.');
        out.extend(json::subseconds(time).into_iter().take(digits));
        out.push(b'Z');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(stamp: &mut Stamp, nanos: u64, digits: usize) -> String {
        let mut out = Vec::new();
        stamp.write(nanos, digits, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_time_has_all_its_digits() {
        let stamp = &mut Stamp::new();
        assert_eq!(written(stamp, 0, 9), "1970-01-01T00:00:00.000000000Z");
        assert_eq!(written(stamp, 1_795_281_323_000_000_007, 9), "2026-11-21T17:15:23.000000007Z");
        assert_eq!(written(stamp, 1_795_281_323_999_999_999, 3), "2026-11-21T17:15:23.999Z");
        assert_eq!(written(stamp, 1_795_281_324_000_000_000, 3), "2026-11-21T17:15:24.000Z");
        assert_eq!(written(stamp, u64::MAX, 9), "2554-07-21T23:34:33.709551615Z");
    }

    proptest::proptest! {
        #[test]
        fn times_are_read_back_as_they_were(nanos: u64) {
            let time: jiff::Timestamp = written(&mut Stamp::new(), nanos, 9).parse().unwrap();
            proptest::prop_assert_eq!(time.as_nanosecond(), i128::from(nanos));
        }
    }
}
