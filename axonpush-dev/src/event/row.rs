//! One row of the store. Columns exist for searching; what is shown is worked out from the body
//! again, so the two can never tell different stories.

use bytes::Bytes;
use jiff::Timestamp;

use super::{EventBody, Facts};

/// An event as it is kept.
#[derive(Debug)]
pub(crate) struct Row {
    /// Its place in the order of arrival.
    pub(crate) sequence: i64,
    pub(crate) event_id: String,
    pub(crate) app_id: String,
    pub(crate) source: String,
    pub(crate) created_at: Timestamp,
    pub(crate) body: Bytes,
    pub(crate) headers: Vec<(String, String)>,
}

impl Row {
    /// The parsed body and what follows from it. `None` only for a file that somebody else wrote.
    pub(crate) fn read(&self) -> Option<(EventBody, Facts)> {
        let body = EventBody::parse(&self.body, true).ok()?;
        let facts = Facts::new(&body, &self.headers, self.created_at);
        Some((body, facts))
    }
}
