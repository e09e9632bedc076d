//! Lines in the application's log about failed deliveries: one a minute for each status and code, however many fail.

use std::time::{Duration, Instant};

use super::contain::contain;
use crate::error::Error;

const EVERY: Duration = Duration::from_secs(60);

/// Sorts of failure remembered. A server that invents codes is heard of less often, not more.
const MAX_SORTS: usize = 64;

/// What was complained about, and when.
#[derive(Debug, Default)]
pub(super) struct Complaints(Vec<(Sort, Instant)>);

/// A status and the server's code for it; no status where there was no answer.
type Sort = (Option<u16>, Option<Box<str>>);

impl Complaints {
    /// Says why an attempt failed, unless that was said just now. `lost`: how many events it was the last attempt of.
    pub(super) fn about(&mut self, error: &Error, lost: usize, now: Instant) {
        if !self.is_news(error, now) {
            return;
        }
        let (status, code) = (error.status(), error.code());
        contain(|| {
            if lost > 0 || error.is_unauthorized() {
                tracing::error!(target: "axonpush", status, code, lost, "the server refuses events: {error}");
            } else {
                tracing::warn!(target: "axonpush", status, code, "events can't be delivered now and wait: {error}");
            }
        });
    }

    fn is_news(&mut self, error: &Error, now: Instant) -> bool {
        self.0.retain(|(_, at)| now < *at + EVERY);
        let (status, code) = (error.status(), error.code());
        let known = self.0.iter().any(|((s, c), _)| *s == status && c.as_deref() == code);
        if known || self.0.len() == MAX_SORTS {
            return false;
        }
        self.0.push(((status, code.map(Box::from)), now));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Answer, Kind};

    fn refusal(status: u16, code: &str) -> Error {
        Error::new(Kind::Status, "x").with_answer(Answer { status, code: Some(code.into()), ..Answer::default() })
    }

    #[test]
    fn each_status_and_code_is_complained_about_once_a_minute() {
        let (mut complaints, start) = (Complaints::default(), Instant::now());
        let mut heard = 0;
        for second in 0..600 {
            let now = start + Duration::from_secs(second);
            for _ in 0..10 {
                for error in [refusal(400, "a"), refusal(400, "b"), refusal(422, "a"), Error::new(Kind::Connect, "x")] {
                    heard += u32::from(complaints.is_news(&error, now));
                }
            }
        }
        assert_eq!(heard, 4 * 10);
    }

    #[test]
    fn a_server_that_invents_codes_can_not_flood_the_log() {
        let (mut complaints, now) = (Complaints::default(), Instant::now());
        let heard = (0..10_000).filter(|n| complaints.is_news(&refusal(400, &n.to_string()), now)).count();
        assert_eq!((heard, complaints.0.len()), (MAX_SORTS, MAX_SORTS));
    }
}
