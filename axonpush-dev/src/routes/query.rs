//! Query parameters: declared once, in [`parameters`](super::parameters), and read by name, with every malformed one
//! reported.

use std::str::FromStr;

use axum::extract::{FromRequestParts, MatchedPath, Query};
use http::Uri;
use http::request::Parts;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::operations;
use super::parameter::{Declared, Parameter};
use super::shape::Shape;
use crate::problem::{Fault, Problem};
use crate::rfc3339::Rfc3339;

/// The parameters of one request, and what is wrong with them.
#[derive(Debug)]
pub(super) struct Parameters {
    declared: Declared,
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
    pub(super) fn of(uri: &Uri, declared: Declared) -> Result<Self, Problem> {
        let malformed = |_| Problem::invalid(vec![Fault::new("query", "malformed query")]);
        let Query(pairs) = Query::try_from_uri(uri).map_err(malformed)?;
        Ok(Self { declared, pairs, faults: Vec::new() })
    }

    /// The first value that is not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every value of a parameter that may be repeated, without the empty ones.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let declared = self.declared(name).is_some();
        let sent = self.pairs.iter().filter(move |(key, value)| declared && key == name && !value.is_empty());
        sent.map(|(_, value)| value.as_str())
    }

    /// The value, or what is meant without one.
    pub(super) fn text_or_usual(&self, name: &str) -> String {
        let usual = || self.declared(name).map_or("", |parameter| parameter.usual);
        self.text(name).unwrap_or_else(usual).to_owned()
    }

    /// A value that must be there. Empty when it is not, which [`check`](Self::check) reports.
    pub(super) fn required(&mut self, name: &str) -> String {
        let text = self.text(name).map(str::to_owned);
        text.unwrap_or_else(|| {
            self.fault(name, &format!("expected required query parameter {name} to be present"));
            String::new()
        })
    }

    pub(super) fn time(&mut self, name: &str) -> Option<Timestamp> {
        self.parsed(name, "expected string to be RFC 3339 date-time").map(|Rfc3339(time)| time)
    }

    /// A window of 24 hours unless told otherwise, up to and including this very moment.
    pub(super) fn window(&mut self, now: Timestamp) -> Window {
        let until = self.time("until");
        Window::new(self.time("since"), until, now)
    }

    /// How many rows to return.
    pub(super) fn limit(&mut self) -> u32 {
        self.count("limit")
    }

    /// How many of something.
    pub(super) fn count(&mut self, name: &str) -> u32 {
        u32::try_from(self.integer(name).unwrap_or_default()).unwrap_or(u32::MAX)
    }

    pub(super) fn integer(&mut self, name: &str) -> Option<u64> {
        let Parameter { shape: Shape::Integer(least, most), usual, .. } = self.declared(name)? else { return None };
        let usual = usual.parse().ok();
        let Some(text) = self.text(name) else { return usual };
        let read = text.parse().ok().filter(|number| (least..=most).contains(&number));
        if read.is_none() {
            self.fault(name, &format!("expected {name} to be an integer between {least} and {most}"));
        }
        read.or(usual)
    }

    /// One of several words.
    pub(super) fn choice(&mut self, name: &str) -> &'static str {
        let Some(Parameter { shape: Shape::Choice(choices), usual, .. }) = self.declared(name) else { return "" };
        let Some(text) = self.text(name) else { return usual };
        let known = choices.iter().find(|choice| **choice == text);
        known.copied().unwrap_or_else(|| {
            self.fault(name, &format!("expected one of {}", choices.join(", ")));
            usual
        })
    }

    pub(super) fn boolean(&mut self, name: &str) -> bool {
        self.parsed(name, "expected boolean").unwrap_or_default()
    }

    pub(super) fn number(&mut self, name: &str) -> Option<f64> {
        self.parsed(name, "expected number").map(|Finite(number)| number)
    }

    fn declared(&self, name: &str) -> Option<&'static Parameter> {
        self.declared.iter().copied().flatten().find(|parameter| parameter.name == name)
    }

    /// A value of type `T`, or `None` with a fault noted when it does not read as one.
    fn parsed<T: FromStr>(&mut self, name: &str, expectation: &str) -> Option<T> {
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

/// What the operation that the request is for declares.
impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let path = parts.extensions.get::<MatchedPath>();
        let operation = path.and_then(|path| operations::find(parts.method.as_str(), path.as_str()));
        Self::of(&parts.uri, operation.map_or(&[], |operation| operation.query))
    }
}

/// A number that is one: `nan` and `inf` read as floats and match nothing.
struct Finite(f64);

impl FromStr for Finite {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        text.parse().ok().filter(|number: &f64| number.is_finite()).map(Self).ok_or(())
    }
}

const DEFAULT_WINDOW: SignedDuration = SignedDuration::from_hours(24);
