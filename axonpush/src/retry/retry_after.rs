//! `Retry-After`, in both of its forms.

use std::time::Duration;

use jiff::{Timestamp, fmt::rfc2822};

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

fn date(text: &str) -> Option<Timestamp> {
    // Some servers get the weekday wrong; the date is what they mean.
    rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text).ok()
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
    fn a_date_counts_from_the_servers_own_clock() {
        let now = date("Wed, 21 Oct 2015 09:00:00 GMT").unwrap();
        let asked = retry_after("Wed, 21 Oct 2015 07:28:10 GMT", Some("Wed, 21 Oct 2015 07:28:00 GMT"), now);
        assert_eq!(asked, Some(Duration::from_secs(10)));
    }
}
