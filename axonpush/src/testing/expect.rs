//! Asking for what should have arrived.

use std::fmt::Write as _;

use serde_json::Value;

use super::SentEvent;
use crate::event::EventType;

/// Events that are asked for, narrowed step by step; made by [`MemorySink::expect`](super::MemorySink::expect).
///
/// The last call says how many there should be, and panics when there are others, with a list of what arrived.
#[derive(Debug, Clone)]
#[must_use = "an expectation checks nothing until `once`, `times`, `at_least_once` or `never` is called"]
pub struct Expectation {
    asked: String,
    found: Vec<SentEvent>,
    all: Vec<SentEvent>,
}

impl Expectation {
    pub(super) fn new(identifier: &str, all: Vec<SentEvent>) -> Self {
        let found = all.iter().filter(|event| event.identifier() == identifier).cloned().collect();
        Self { asked: format!("`{identifier}`"), found, all }
    }

    /// Only those of this type.
    pub fn event_type(self, event_type: impl Into<EventType>) -> Self {
        let event_type = event_type.into();
        let asked = format!(" of type {}", event_type.as_str());
        self.narrow(&asked, |event| event.event_type() == event_type)
    }

    /// Only those of this agent.
    pub fn agent(self, id: &str) -> Self {
        self.narrow(&format!(" of agent `{id}`"), |event| event.text("/agentId") == Some(id))
    }

    /// Only those of this trace.
    pub fn trace(self, id: &str) -> Self {
        self.narrow(&format!(" of trace `{id}`"), |event| event.text("/traceId") == Some(id))
    }

    /// Only those with this attribute; see [`SentEvent::attribute`].
    pub fn attribute(self, name: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        self.narrow(&format!(" with attribute `{name}` = {value}"), |event| event.attribute(name) == Some(&value))
    }

    /// Only those with this value at a JSON pointer: `.field("/payload/items/0", "sku-1")`.
    pub fn field(self, pointer: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        self.narrow(&format!(" with {pointer} = {value}"), |event| event.field(pointer) == Some(&value))
    }

    /// Only those that `test` likes; `what` describes them in the message of a failure.
    pub fn that(self, what: &str, test: impl Fn(&SentEvent) -> bool) -> Self {
        self.narrow(&format!(" that {what}"), test)
    }

    /// There is exactly one; here it is.
    ///
    /// # Panics
    ///
    /// When there is none, or more than one.
    #[track_caller]
    pub fn once(self) -> SentEvent {
        self.times(1).swap_remove(0)
    }

    /// There are exactly so many; here they are, in order of arrival.
    ///
    /// # Panics
    ///
    /// When there are fewer or more.
    #[track_caller]
    pub fn times(self, count: usize) -> Vec<SentEvent> {
        self.check(self.found.len() == count, &count.to_string());
        self.found
    }

    /// There is one or more; here they are, in order of arrival.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[track_caller]
    pub fn at_least_once(self) -> Vec<SentEvent> {
        self.check(!self.found.is_empty(), "at least 1");
        self.found
    }

    /// There is none.
    ///
    /// # Panics
    ///
    /// When there is one or more.
    #[track_caller]
    pub fn never(self) {
        self.check(self.found.is_empty(), "no");
    }

    fn narrow(mut self, asked: &str, test: impl Fn(&SentEvent) -> bool) -> Self {
        self.asked.push_str(asked);
        self.found.retain(test);
        self
    }

    #[track_caller]
    #[expect(clippy::panic, reason = "an expectation that does not hold fails the test it stands in")]
    fn check(&self, holds: bool, expected: &str) {
        /// Events that are shown.
        const SHOWN: usize = 20;

        if holds {
            return;
        }
        let mut message = format!("expected {expected} event(s) {}, found {}", self.asked, self.found.len());
        if self.all.is_empty() {
            message.push_str("; nothing arrived at all: was the client flushed?");
        }
        for event in self.all.iter().take(SHOWN) {
            let _ = write!(message, "\n  {}", event.as_json());
        }
        if let Some(more) = self.all.len().checked_sub(SHOWN + 1) {
            let _ = write!(message, "\n  and {} more", more + 1);
        }
        panic!("{message}");
    }
}
