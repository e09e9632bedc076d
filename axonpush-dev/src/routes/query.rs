//! Query parameters: read by name, with every malformed one reported.

use std::str::FromStr;

use axum::extract::Query;
use http::Uri;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::problem::{Fault, Problem};
use crate::rfc3339::Rfc3339;

/// The parameters of one request, and what is wrong with them.
#[derive(Debug)]
pub(super) struct Parameters {
    pairs: Vec<(String, String)>,
    faults: Vec<Fault>,
}

/// A stretch of time: from `since` on, up to but without `until`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) since: Timestamp,
    pub(super) until: Option<Timestamp>,
}

impl Window {
    /// As [`Parameters::window`] has it.
    pub(super) fn new(since: Option<Timestamp>, until: Option<Timestamp>, now: Timestamp) -> Self {
        let day_before = || until.unwrap_or(now).saturating_sub(DEFAULT_WINDOW).unwrap_or(Timestamp::MIN);
        Self { since: since.unwrap_or_else(day_before), until }
    }
}

impl Parameters {
    /// # Errors
    /// 422 for a query that cannot be decoded.
    pub(super) fn parse(query: Option<&str>) -> Result<Self, Problem> {
        let malformed = || Problem::invalid(vec![Fault::new("query", "malformed query")]);
        let uri = Uri::try_from(format!("/?{}", query.unwrap_or_default())).map_err(|_| malformed())?;
        let Query(pairs) = Query::try_from_uri(&uri).map_err(|_| malformed())?;
        Ok(Self { pairs, faults: Vec::new() })
    }

    /// The first value that is not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every value of a parameter that may be repeated, without the empty ones.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.pairs.iter().filter(move |(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    pub(super) fn time(&mut self, name: &str) -> Option<Timestamp> {
        self.parsed(name, "expected string to be RFC 3339 date-time").map(|Rfc3339(time)| time)
    }

    /// A window of 24 hours unless told otherwise, up to and including this very moment.
    pub(super) fn window(&mut self, now: Timestamp) -> Window {
        let until = self.time("until");
        Window::new(self.time("since"), until, now)
    }

    /// How many rows to return: 1 to 500, default 50.
    pub(super) fn limit(&mut self) -> u32 {
        self.count("limit", DEFAULT_LIMIT, MAX_LIMIT)
    }

    /// How many of something: 1 to `most`, `usual` when nothing is said.
    pub(super) fn count(&mut self, name: &str, usual: u32, most: u32) -> u32 {
        match self.text(name).map(str::parse) {
            None => usual,
            Some(Ok(count)) if (1..=most).contains(&count) => count,
            Some(_) => {
                self.fault(name, &format!("expected {name} to be an integer between 1 and {most}"));
                usual
            }
        }
    }

    /// One of several words, the first of which is meant when nothing is said.
    pub(super) fn choice(&mut self, name: &str, choices: &[&'static str]) -> &'static str {
        let usual = choices.first().copied().unwrap_or_default();
        let Some(text) = self.text(name) else { return usual };
        let known = choices.iter().copied().find(|choice| *choice == text);
        known.unwrap_or_else(|| {
            self.fault(name, &format!("expected one of {}", choices.join(", ")));
            usual
        })
    }

    /// A value of type `T`, or `None` with a fault noted when it does not read as one.
    pub(super) fn parsed<T: FromStr>(&mut self, name: &str, expectation: &str) -> Option<T> {
        let parsed = self.text(name)?.parse().ok();
        if parsed.is_none() {
            self.fault(name, expectation);
        }
        parsed
    }

    pub(super) fn fault(&mut self, name: &str, message: &str) {
        let fault = Fault::new(format!("query.{name}"), message);
        let fault = match self.text(name) {
            Some(value) => fault.with_value(Value::String(value.to_owned())),
            None => fault,
        };
        self.faults.push(fault);
    }

    /// # Errors
    /// 422 with every fault noted so far.
    pub(super) fn check(self) -> Result<(), Problem> {
        if self.faults.is_empty() { Ok(()) } else { Err(Problem::invalid(self.faults)) }
    }
}

/// A number that is one: `nan` and `inf` read as floats and match nothing.
pub(super) struct Finite(pub(super) f64);

impl FromStr for Finite {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        text.parse().ok().filter(|number: &f64| number.is_finite()).map(Self).ok_or(())
    }
}

const DEFAULT_WINDOW: SignedDuration = SignedDuration::from_hours(24);
const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 500;
