//! Filters of a query, and fields of a body, as they are said one by one.

use std::{borrow::Cow, time::SystemTime};

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{error::Error, transport::Query};

/// The parameters of a query string.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Filters {
    pairs: Query,
    limit: Option<u32>,
}

impl Filters {
    /// Says what `name` is, in place of what was said before.
    pub(super) fn set(mut self, name: &'static str, value: impl ToString) -> Self {
        self.pairs.retain(|(known, _)| *known != name);
        self.add(name, value)
    }

    /// Says what else `name` may be.
    #[expect(clippy::needless_pass_by_value, reason = "numbers, texts and ids are handed over alike")]
    pub(super) fn add(mut self, name: &'static str, value: impl ToString) -> Self {
        self.pairs.push((Cow::Borrowed(name), value.to_string()));
        self
    }

    pub(super) fn time(self, name: &'static str, time: SystemTime) -> Self {
        self.set(name, timestamp(time))
    }

    pub(super) fn limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }

    /// The query string's pairs, if the limit of what is `named` is from 1 to `most`.
    pub(super) fn into_query(mut self, named: &str, most: u32) -> Result<Query, Error> {
        if let Some(limit) = self.limit {
            if !(1..=most).contains(&limit) {
                return Err(Error::invalid(format!(
                    "{named} is {limit}; it must be 1 to {most}, and a narrower window finds the rest",
                )));
            }
            self.pairs.push((Cow::Borrowed("limit"), limit.to_string()));
        }
        Ok(self.pairs)
    }
}

/// The fields of a body.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize)]
#[serde(transparent)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    pub(super) fn set(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    pub(super) fn time(self, name: &str, time: SystemTime) -> Self {
        self.set(name, timestamp(time).to_string())
    }
}

/// A time beyond what RFC 3339 can write means "no bound" on that side.
fn timestamp(time: SystemTime) -> Timestamp {
    let clamp = if time < SystemTime::UNIX_EPOCH { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::try_from(time).unwrap_or(clamp)
}

/// The query of a list that nothing but its length can be said of.
pub(super) fn at_most(limit: Option<u32>) -> Result<Query, Error> {
    limit.map_or_else(Filters::default, |limit| Filters::default().limit(limit)).into_query("the limit", MAX_LIMIT)
}

/// The most of anything that one list returns.
pub(super) const MAX_LIMIT: u32 = 500;
