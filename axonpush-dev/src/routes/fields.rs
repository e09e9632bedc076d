//! The fields of a closed JSON body: taken out one by one, with everything that is wrong noted.

use std::ops::RangeInclusive;

use http::{StatusCode, header};
use jiff::Timestamp;
use serde_json::Value;

use crate::problem::{Fault, Problem};
use crate::requests::ReceivedRequest;
use crate::rfc3339::Rfc3339;
use crate::store::Document;

/// What is left of a body, and what is wrong with it so far.
#[derive(Debug)]
pub(super) struct Fields {
    /// Where in the request the fields are.
    path: String,
    left: Document,
    faults: Vec<Fault>,
}

impl Fields {
    /// # Errors
    /// 415 for a body that is not said to be JSON, 400 for one that is not, 422 for one that is no object.
    pub(super) fn of(request: &ReceivedRequest) -> Result<Self, Problem> {
        if !is_json(request.header(header::CONTENT_TYPE.as_str()).unwrap_or_default()) {
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send the body as `application/json`"));
        }
        match serde_json::from_slice(&request.body) {
            Ok(Value::Object(left)) => Ok(Self { path: "body".to_owned(), left, faults: Vec::new() }),
            Ok(_) => Err(Problem::invalid(vec![Fault::new("body", "expected object")])),
            Err(error) => Err(Problem::bad_request(format!("the body is not valid JSON: {error}"))),
        }
    }

    pub(super) fn text(&mut self, name: &str, length: RangeInclusive<usize>) -> Option<String> {
        match self.left.remove(name)? {
            Value::String(text) if length.contains(&text.chars().count()) => Some(text),
            other => {
                let expectation = match (&other, length.start(), length.end()) {
                    (Value::String(_), least, &ANY) => format!("expected length >= {least}"),
                    (Value::String(_), least, most) => format!("expected length between {least} and {most}"),
                    _ => "expected string".to_owned(),
                };
                self.fault(name, &expectation, Some(other));
                None
            }
        }
    }

    /// A string that must be there. Empty when it is not, which [`check`](Self::check) reports.
    pub(super) fn required_text(&mut self, name: &str, length: RangeInclusive<usize>) -> String {
        self.required(name);
        self.text(name, length).unwrap_or_default()
    }

    /// The name of a thing: 1 to 120 characters.
    pub(super) fn name(&mut self) -> String {
        self.required_text("name", NAME)
    }

    pub(super) fn choice(&mut self, name: &str, choices: &[&str]) -> Option<String> {
        let text = self.text(name, 0..=ANY)?;
        if choices.contains(&text.as_str()) {
            return Some(text);
        }
        self.fault(name, &format!("expected one of {}", choices.join(", ")), Some(text.into()));
        None
    }

    pub(super) fn required_choice(&mut self, name: &str, choices: &[&str]) -> String {
        self.required(name);
        self.choice(name, choices).unwrap_or_default()
    }

    pub(super) fn boolean(&mut self, name: &str) -> Option<bool> {
        let value = self.left.remove(name)?;
        let read = value.as_bool();
        self.expect(name, "expected boolean", value, read)
    }

    pub(super) fn number(&mut self, name: &str) -> Option<f64> {
        let value = self.left.remove(name)?;
        let read = value.as_f64();
        self.expect(name, "expected number", value, read)
    }

    pub(super) fn object(&mut self, name: &str) -> Option<Document> {
        let value = self.left.remove(name)?;
        let read = value.as_object().cloned();
        self.expect(name, "expected object", value, read)
    }

    /// The fields of an object inside this one, which is as closed. `read` takes what it knows.
    pub(super) fn part<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let left = self.object(name)?;
        Some(self.inside(name, left, read))
    }

    /// A list of objects, each of them read as [`part`](Self::part) reads one. `null` counts as an empty list.
    pub(super) fn parts<T>(&mut self, name: &str, mut read: impl FnMut(&mut Self) -> T) -> Option<Vec<T>> {
        let elements = match self.left.remove(name)? {
            Value::Null => Vec::new(),
            Value::Array(elements) => elements,
            other => {
                self.fault(name, "expected array of objects, or null", Some(other));
                return None;
            }
        };
        let elements = elements.into_iter().enumerate().filter_map(|(index, element)| {
            let place = format!("{name}[{index}]");
            match element {
                Value::Object(left) => Some(self.inside(&place, left, &mut read)),
                other => {
                    self.fault(&place, "expected object", Some(other));
                    None
                }
            }
        });
        Some(elements.collect())
    }

    fn inside<T>(&mut self, place: &str, left: Document, read: impl FnOnce(&mut Self) -> T) -> T {
        let mut part = Self { path: format!("{}.{place}", self.path), left, faults: Vec::new() };
        let value = read(&mut part);
        if let Err(faults) = part.finish() {
            self.faults.extend(faults);
        }
        value
    }

    /// Everything there is, for the bodies that may hold anything.
    pub(super) fn all(self) -> Document {
        self.left
    }

    /// A time as the contract spells it.
    pub(super) fn time(&mut self, name: &str) -> Option<Timestamp> {
        let value = self.left.remove(name)?;
        let read = value.as_str().and_then(|text| text.parse().ok()).map(|Rfc3339(time)| time);
        self.expect(name, "expected string to be RFC 3339 date-time", value, read)
    }

    pub(super) fn integer(&mut self, name: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let value = self.left.remove(name)?;
        let read = value.as_u64().filter(|number| range.contains(number));
        self.expect(name, &format!("expected integer between {} and {}", range.start(), range.end()), value, read)
    }

    /// A list of strings; `null` counts as an empty one.
    pub(super) fn texts(&mut self, name: &str) -> Option<Vec<String>> {
        let value = self.left.remove(name)?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let read = match &value {
            Value::Null => Some(Vec::new()),
            Value::Array(values) => values.iter().map(text).collect(),
            _ => None,
        };
        self.expect(name, "expected array of strings, or null", value, read)
    }

    /// A list of words, each of them one of `choices`.
    pub(super) fn choices(&mut self, name: &str, choices: &[&str]) -> Option<Vec<String>> {
        let words = self.texts(name)?;
        if words.iter().all(|word| choices.contains(&word.as_str())) {
            return Some(words);
        }
        self.fault(name, &format!("expected a list of {}", choices.join(", ")), Some(words.into()));
        None
    }

    /// Notes a fault in a field that has been read already.
    pub(super) fn fault(&mut self, name: &str, message: &str, value: Option<Value>) {
        let fault = Fault::new(format!("{}.{name}", self.path), message);
        self.faults.push(match value {
            Some(value) if value.to_string().len() <= MAX_ECHOED_VALUE => fault.with_value(value),
            _ => fault,
        });
    }

    /// # Errors
    /// 422 with every fault, fields that nobody asked for included.
    pub(super) fn check(self) -> Result<(), Problem> {
        self.finish().map_err(Problem::invalid)
    }

    /// Notes a fault when a field that must be there is not.
    pub(super) fn required(&mut self, name: &str) {
        if !self.left.contains_key(name) {
            self.fault(name, &format!("expected required property {name} to be present"), None);
        }
    }

    fn expect<T>(&mut self, name: &str, expectation: &str, value: Value, read: Option<T>) -> Option<T> {
        if read.is_none() {
            self.fault(name, expectation, Some(value));
        }
        read
    }

    fn finish(mut self) -> Result<(), Vec<Fault>> {
        self.text("$schema", 0..=ANY);
        for (name, value) in std::mem::take(&mut self.left) {
            self.fault(&name, "unexpected property", Some(value));
        }
        if self.faults.is_empty() { Ok(()) } else { Err(self.faults) }
    }
}

/// Whether a content type is that of JSON.
pub(super) fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// How long the names of things may be.
pub(super) const NAME: RangeInclusive<usize> = 1..=120;

/// How long texts may be that need no limit of their own. The service documents none; a loop that appends to one is
/// found out by it.
pub(super) const LONG: usize = 10_000;

/// No limit but that of the body.
pub(super) const ANY: usize = usize::MAX;

/// Long values tell a reader nothing that the location does not.
const MAX_ECHOED_VALUE: usize = 1_024;
