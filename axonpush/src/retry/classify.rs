//! What an error means for the records it concerned, and for the server's health.

use super::Failure;
use crate::{error::Error, loss::LossReason};

/// What to do with records whose request ended in an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Try again; the server's health decides when.
    Retry(Failure),
    /// A success that confirms nothing: try again a few times.
    Unconfirmed,
    /// Too large as a whole: try again in halves.
    Split,
    /// No retry would help.
    GiveUp(LossReason),
}

/// Judges the error of one attempt.
pub(crate) fn classify(error: &Error) -> Verdict {
    if error.is_unauthorized() {
        Verdict::Retry(Failure::Unauthorized)
    } else if error.is_unconfirmed() {
        Verdict::Unconfirmed
    } else if error.is_retryable() {
        Verdict::Retry(Failure::Transient { asked: error.retry_after() })
    } else if error.status() == Some(413) {
        Verdict::Split
    } else {
        Verdict::GiveUp(LossReason::Rejected)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::error::{Answer, Kind};

    fn status(status: u16) -> Verdict {
        let retry_after = (status == 429).then_some(Duration::from_secs(3));
        classify(&Error::new(Kind::Status, "x").with_answer(Answer { status, retry_after, ..Answer::default() }))
    }

    #[test]
    fn every_kind_of_answer_has_its_verdict() {
        let transient = Verdict::Retry(Failure::Transient { asked: None });
        for code in [408, 425, 500, 502, 503, 504] {
            assert_eq!(status(code), transient, "{code}");
        }
        assert_eq!(status(429), Verdict::Retry(Failure::Transient { asked: Some(Duration::from_secs(3)) }));
        assert_eq!(
            (status(401), status(403)),
            (Verdict::Retry(Failure::Unauthorized), Verdict::Retry(Failure::Unauthorized))
        );
        for code in [307, 400, 404, 409, 422, 501, 505] {
            assert_eq!(status(code), Verdict::GiveUp(LossReason::Rejected), "{code}");
        }
        assert_eq!(status(413), Verdict::Split);
        for kind in [Kind::Connect, Kind::ConnectTimeout, Kind::Broken, Kind::Timeout] {
            assert_eq!(classify(&Error::new(kind, "x")), transient);
        }
        assert_eq!(classify(&Error::new(Kind::Response, "x")), Verdict::Unconfirmed);
    }
}
