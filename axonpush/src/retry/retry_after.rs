//! `Retry-After`, in seconds or as a date.

use std::time::Duration;

use jiff::{
    Timestamp,
    civil::DateTime,
    fmt::{rfc2822, strtime},
    tz::Offset,
};

use super::policy::MAX_RETRY_AFTER;

/// What a `Retry-After` asks for, clamped to 300 s; `None` for garbage.
///
/// A date counts from the response's own `Date`, so that a wrong clock on either side does not matter; `now` stands in
/// when there is none.
pub(crate) fn retry_after(value: &str, response_date: Option<&str>, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let asked = match value.parse::<f64>() {
        Ok(seconds) if seconds >= 0.0 => Duration::try_from_secs_f64(seconds).unwrap_or(MAX_RETRY_AFTER),
        Ok(_) => return None,
        Err(_) => {
            let until = date(value)?;
            let from = response_date.and_then(date).unwrap_or(now);
            Duration::try_from(until.duration_since(from)).unwrap_or_default()
        }
    };
    Some(asked.min(MAX_RETRY_AFTER))
}

/// A date in any of the three forms that HTTP asks every recipient to accept.
fn date(text: &str) -> Option<Timestamp> {
    // Some servers get the weekday wrong; the date is what they mean.
    let current = rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text);
    current.ok().or_else(|| obsolete_date(text))
}

/// `Sunday, 06-Nov-94 08:49:37 GMT` (RFC 850) and `Sun Nov  6 08:49:37 1994` (asctime).
fn obsolete_date(text: &str) -> Option<Timestamp> {
    let (weekday, date) = text.trim().split_once(' ')?;
    let format = if weekday.ends_with(',') { "%d-%b-%y %H:%M:%S GMT" } else { "%b %d %H:%M:%S %Y" };
    let words: Vec<&str> = date.split_whitespace().collect();
    let date: DateTime = strtime::parse(format, words.join(" ")).ok()?.to_datetime().ok()?;
    Offset::UTC.to_timestamp(date).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: Option<u64>) {
        let now = date("Wed, 21 Oct 2015 07:28:00 GMT").unwrap();
        assert_eq!(retry_after(value, None, now).map(|asked| asked.as_secs()), expected, "{value}");
    }

    #[test]
    fn seconds_dates_and_garbage() {
        check("0", Some(0));
        check(" 120 ", Some(120));
        check("1.5", Some(1));
        check("1e18", Some(300));
        check("99999999999999999999999999", Some(300));
        check("inf", Some(300));
        check("-5", None);
        check("nan", None);
        check("soon", None);
        check("", None);
        check("Wed, 21 Oct 2015 07:28:30 GMT", Some(30));
        check("Wed, 21 Oct 2015 07:27:00 GMT", Some(0));
        check("Fri, 31 Dec 9998 23:59:59 GMT", Some(300));
        check("Wed, 99 Oct 2015 07:28:30 GMT", None);
    }

    #[test]
    fn dates_of_older_servers() {
        check("Wednesday, 21-Oct-15 07:28:30 GMT", Some(30));
        check("Wednesday, 21-Oct-15 07:27:00 GMT", Some(0));
        check("Monday, 21-Oct-15 07:28:30 GMT", Some(30));
        check("Wed Oct 21 07:28:30 2015", Some(30));
        check("Sun Nov  1 08:49:37 2015", Some(300));
        check("Sun Nov  6 08:49:37 1994", Some(0));
        check("Sunday, 06-Nov-94 08:49:37 GMT", Some(0));
        check("Wednesday, 21-Oct-15 07:28:30 PST", None);
        check("Wednesday, 99-Oct-15 07:28:30 GMT", None);
        check("Wed Oct 21 07:28:30", None);
    }

    proptest::proptest! {
        #[test]
        fn every_text_is_read_without_a_panic_and_within_the_limit(text in "\\PC{0,40}|[A-Z][a-z]{2,8},? [0-9A-Za-z: -]{0,30}") {
            let asked = retry_after(&text, Some(&text), Timestamp::UNIX_EPOCH);
            proptest::prop_assert!(asked.is_none_or(|asked| asked <= MAX_RETRY_AFTER));
        }
    }

    #[test]
    fn a_date_counts_from_the_servers_own_clock() {
        let now = date("Wed, 21 Oct 2015 09:00:00 GMT").unwrap();
        let asked = retry_after("Wed, 21 Oct 2015 07:28:10 GMT", Some("Wed, 21 Oct 2015 07:28:00 GMT"), now);
        assert_eq!(asked, Some(Duration::from_secs(10)));
    }
}
