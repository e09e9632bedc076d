//! What is said of an operation: enough to describe it, and to know what a request was for.

use super::models::{DONE, Model};
use super::parameter::Declared;
use super::shape::Field;

/// One method of one path.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operation {
    pub(super) method: &'static str,
    /// As the router has it.
    pub(super) path: &'static str,
    /// What it is about, a dot, and what it does with it.
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    pub(super) query: Declared,
    pub(super) body: Body,
    /// The status of its success.
    pub(super) status: u16,
    pub(super) answer: Answer,
}

/// What an operation is sent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Body {
    None,
    /// A closed JSON object.
    Fields(&'static [Field]),
    /// The same, of which any may be left out.
    Changes(&'static [Field]),
    /// Any JSON object.
    Anything,
    /// Something else, of one of these types.
    Media(&'static [&'static str]),
}

/// What an operation answers when it succeeds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    One(&'static Model),
    /// A list without an envelope.
    Each(&'static Model),
    /// Any JSON object.
    Anything,
    /// Something else, of one of these types.
    Media(&'static [&'static str]),
    /// JSON or protobuf, as it was sent.
    Otlp(&'static Model),
}

impl Operation {
    /// What the operation is about.
    pub(super) fn tag(&self) -> &'static str {
        self.id.split('.').next().unwrap_or_default()
    }

    /// Whether it changes something that somebody may want to know of later. Events are their own record.
    pub(super) fn is_audited(&self) -> bool {
        self.method != "GET" && !["event", "otlp", "sentry", "analytics", "dev"].contains(&self.tag())
    }

    /// Whether it answers without a key.
    pub(super) fn is_open(&self) -> bool {
        ["health", "page", "openapi"].contains(&self.tag())
    }

    /// Whether a public token is enough for it.
    pub(super) fn is_public(&self) -> bool {
        self.method == "POST" && ["event", "otlp", "sentry"].contains(&self.tag())
    }

    /// The names in the braces of its path.
    pub(super) fn placeholders(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }

    pub(super) const fn asks(self, query: Declared) -> Self {
        Self { query, ..self }
    }

    pub(super) const fn answers(self, answer: Answer) -> Self {
        Self { answer, ..self }
    }

    pub(super) const fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }
}

pub(super) const fn get(path: &'static str, id: &'static str, summary: &'static str, answer: Answer) -> Operation {
    Operation { method: "GET", path, id, summary, query: &[], body: Body::None, status: 200, answer }
}

pub(super) const fn delete(path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    Operation { method: "DELETE", ..get(path, id, summary, Answer::One(&DONE)) }
}

pub(super) const fn post(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    body: Body,
    answer: Answer,
) -> Operation {
    Operation { method: "POST", body, ..get(path, id, summary, answer) }
}

pub(super) const fn create(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    fields: &'static [Field],
    answer: Answer,
) -> Operation {
    post(path, id, summary, Body::Fields(fields), answer).with_status(201)
}

pub(super) const fn put(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    fields: &'static [Field],
    answer: Answer,
) -> Operation {
    Operation { method: "PUT", ..post(path, id, summary, Body::Fields(fields), answer) }
}

pub(super) const fn patch(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    body: Body,
    answer: Answer,
) -> Operation {
    Operation { method: "PATCH", ..post(path, id, summary, body, answer) }
}
