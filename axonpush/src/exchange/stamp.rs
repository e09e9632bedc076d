//! A moment as events write it.

use std::{cell::Cell, time::SystemTime};

use jiff::Timestamp;

use crate::event::json::subseconds;

/// A moment in the two forms that events have of it, each in the place where it stands.
pub(super) struct Stamp {
    /// As RFC 3339 has it, in UTC.
    pub(super) occurred_at: [u8; 46],
    /// Nanoseconds since the epoch.
    pub(super) time_unix_nano: [u8; 37],
}

const OCCURRED_AT: [u8; 46] = *b"\",\"occurredAt\":\"0000-00-00T00:00:00.000000000Z";
const TIME_UNIX_NANO: [u8; 37] = *b",\"timeUnixNano\":\"0000000000000000000\"";

/// What all moments of a second have in common.
#[derive(Clone, Copy)]
struct Second {
    secs: u64,
    date: [u8; 20],
    digits: [u8; 10],
}

impl Stamp {
    /// `None` for a time that has more or fewer digits than those of our days.
    pub(super) fn of(time: SystemTime) -> Option<Self> {
        // The calendar is asked once a second.
        thread_local!(static LAST: Cell<Option<Second>> = const { Cell::new(None) });

        let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        let last = LAST.try_with(Cell::get).ok().flatten();
        let second = if let Some(same) = last.filter(|last| last.secs == since_epoch.as_secs()) {
            same
        } else {
            let second = Second::new(since_epoch.as_secs())?;
            let _ending = LAST.try_with(|last| last.set(Some(second)));
            second
        };
        let fraction = subseconds(since_epoch);
        let (mut occurred_at, mut time_unix_nano) = (OCCURRED_AT, TIME_UNIX_NANO);
        occurred_at[16..36].copy_from_slice(&second.date);
        occurred_at[36..45].copy_from_slice(&fraction);
        time_unix_nano[17..27].copy_from_slice(&second.digits);
        time_unix_nano[27..36].copy_from_slice(&fraction);
        Some(Self { occurred_at, time_unix_nano })
    }
}

impl Second {
    fn new(secs: u64) -> Option<Self> {
        let date = Timestamp::from_second(secs.try_into().ok()?).ok()?.strftime("%Y-%m-%dT%H:%M:%S.").to_string();
        Some(Self {
            secs,
            date: date.as_bytes().try_into().ok()?,
            digits: secs.to_string().as_bytes().try_into().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_stamp_reads_back_as_the_moment_it_was_made_of(secs in 1_000_000_000_u64..10_000_000_000, nanos in 0_u32..1_000_000_000) {
            let time = SystemTime::UNIX_EPOCH + Duration::new(secs, nanos);
            let stamp = Stamp::of(time).unwrap();
            let date = std::str::from_utf8(&stamp.occurred_at).unwrap().strip_prefix("\",\"occurredAt\":\"").unwrap();
            prop_assert_eq!(SystemTime::from(date.parse::<Timestamp>().unwrap()), time);
            let digits = Duration::new(secs, nanos).as_nanos();
            prop_assert_eq!(stamp.time_unix_nano.to_vec(), format!(",\"timeUnixNano\":\"{digits}\"").into_bytes());
        }
    }

    #[test]
    fn a_clock_that_was_never_set_has_no_stamp() {
        let day = Duration::from_secs(24 * 60 * 60);
        assert!(Stamp::of(SystemTime::UNIX_EPOCH + day).is_none());
        assert!(Stamp::of(SystemTime::UNIX_EPOCH - day).is_none());
    }
}
