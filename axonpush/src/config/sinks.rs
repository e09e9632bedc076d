//! Sinks of a client.

use std::sync::Arc;

use super::{
    AxonPushBuilder,
    given::{Given, Secret},
};
use crate::{
    outlet::{OutletPolicy, SinkPolicy},
    sink::Sink,
};

/// Where events go besides the server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sinks {
    pub(crate) all: Vec<OutletPolicy>,
    /// Whether there is no server besides.
    pub(crate) alone: bool,
    /// Whether there is none where no key is found.
    pub(super) alone_without_key: bool,
}

impl Sinks {
    /// Whether they are alone, where this is what is known of the server, and that with what a client of none needs.
    pub(super) fn for_given(mut self, mut given: Given) -> (Self, Given) {
        self.alone |= self.alone_without_key && given.api_key.is_none();
        if self.alone {
            given.api_key.get_or_insert_with(|| Secret("ak_nobody".to_owned()));
            // Without TLS the hosted server could not even be named.
            given.base_url.get_or_insert_with(|| Secret("http://localhost".to_owned()));
        }
        (self, given)
    }
}

impl AxonPushBuilder {
    /// Adds a sink: every event goes there too, redacted, whatever becomes of it on its way to the server.
    ///
    /// Each sink has a queue of 10,000 events or 16 MiB and a thread named `axonpush-<name>`, which starts with its first
    /// record: one that is slow, fails or hangs costs nobody else anything. Flushing and shutting the client down settles
    /// its sinks too, in the same time. A name has 1 to 64 letters, digits, `-`, `_` and `.`, and is no other sink's.
    ///
    /// ```
    /// use axonpush::{AxonPush, Stdout};
    ///
    /// let builder = AxonPush::builder().api_key("ak_dev").sink("stdout", Stdout::console());
    /// # let client = builder.base_url("http://localhost:4000").build()?;
    /// # Ok::<(), axonpush::Error>(())
    /// ```
    pub fn sink(self, name: impl Into<String>, sink: impl Sink) -> Self {
        self.sink_with(name, sink, SinkPolicy::new())
    }

    /// Takes the sink of this name out again, for a [`reload`](crate::AxonPush::reload). It settles what it has.
    pub fn without_sink(mut self, name: &str) -> Self {
        self.sinks.all.retain(|sink| *sink.name != *name);
        self
    }

    /// Nothing goes to the server, and no key is needed: events go to sinks alone. Publishing answers at once with a
    /// receipt of status `disabled`, searching finds nothing, and by the [`stats`](crate::AxonPush::stats) nothing is
    /// accepted. For running without an account; [`reload`](crate::AxonPush::reload) can undo it.
    ///
    /// ```
    /// use axonpush::{AxonPush, Event, Stdout};
    ///
    /// let client = AxonPush::builder().sink("stdout", Stdout::console()).without_server().build()?;
    /// client.events().enqueue(Event::new("cache.miss"));
    /// # Ok::<(), axonpush::Error>(())
    /// ```
    pub fn without_server(mut self) -> Self {
        self.sinks.alone = true;
        self
    }

    /// As [`without_server`](Self::without_server), where neither the code nor the environment nor a file has a key:
    /// the program of a developer without an account runs, and shows what it would send.
    pub fn optional_key(mut self) -> Self {
        self.sinks.alone_without_key = true;
        self
    }

    /// Sends to the server again, after [`without_server`](Self::without_server).
    pub fn with_server(mut self) -> Self {
        self.sinks.alone = false;
        self
    }

    /// As [`sink`](Self::sink), with a say in what reaches it and how much may wait for it.
    pub fn sink_with(mut self, name: impl Into<String>, sink: impl Sink, policy: SinkPolicy) -> Self {
        self.sinks.all.push(OutletPolicy { name: name.into().into(), policy, sink: Arc::new(sink) });
        self
    }
}
