//! What is known of a finished span, all of it borrowed.

use std::time::SystemTime;

use crate::event::SpanKind;

/// What is known of a finished span, but for what it [contains](super::SpanContents).
#[derive(Debug, Clone, Copy)]
#[must_use = "facts do nothing until they are passed to `RelayBatch::span`"]
pub struct SpanFacts<'a> {
    pub(super) name: &'a str,
    pub(super) trace: u128,
    pub(super) span: u64,
    pub(super) parent: Option<u64>,
    pub(super) kind: SpanKind,
    pub(super) start: SystemTime,
    pub(super) end: SystemTime,
    pub(super) status: (u8, &'a str),
    pub(super) scope: (&'a str, &'a str),
    pub(super) trace_state: &'a str,
    pub(super) flags: u32,
    /// Of attributes, events and links.
    pub(super) dropped: [u32; 3],
}

impl<'a> SpanFacts<'a> {
    /// A span that ran from `start` to `end`; ids are the numbers that their digits spell.
    pub fn new(name: &'a str, trace_id: u128, span_id: u64, start: SystemTime, end: SystemTime) -> Self {
        Self {
            name,
            trace: trace_id,
            span: span_id,
            parent: None,
            kind: SpanKind::default(),
            start,
            end,
            status: (0, ""),
            scope: ("", ""),
            trace_state: "",
            flags: 0,
            dropped: [0; 3],
        }
    }

    /// The span this one happened in, here or in another service.
    pub fn parent_span_id(mut self, id: u64) -> Self {
        self.parent = Some(id);
        self
    }

    /// Its role; [`SpanKind::Internal`] unless set.
    pub fn kind(mut self, kind: SpanKind) -> Self {
        self.kind = kind;
        self
    }

    /// It succeeded, and somebody said so.
    pub fn ok(mut self) -> Self {
        self.status = (1, "");
        self
    }

    /// It failed.
    pub fn error(mut self, description: &'a str) -> Self {
        self.status = (2, description);
        self
    }

    /// The library that made it, and its version.
    pub fn scope(mut self, name: &'a str, version: &'a str) -> Self {
        self.scope = (name, version);
        self
    }

    /// The W3C trace state.
    pub fn trace_state(mut self, state: &'a str) -> Self {
        self.trace_state = state;
        self
    }

    /// The flags of OTLP: those of W3C, and whether the parent was remote.
    pub fn flags(mut self, flags: u32) -> Self {
        self.flags = flags;
        self
    }

    /// How many attributes, events and links the library left out.
    pub fn dropped(mut self, attributes: u32, events: u32, links: u32) -> Self {
        self.dropped = [attributes, events, links];
        self
    }

    pub(super) fn has_failed(&self) -> bool {
        self.status.0 == 2
    }
}
