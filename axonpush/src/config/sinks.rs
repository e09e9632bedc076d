//! Sinks of a client.

use std::sync::Arc;

use super::AxonPushBuilder;
use crate::{
    outlet::{OutletPolicy, SinkPolicy},
    sink::Sink,
};

impl AxonPushBuilder {
    /// Adds a sink: every event that is handed over goes there too, redacted, whatever becomes of it on its way to the
    /// server. Awaited publishing is between the caller and the server, and not shown to sinks.
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

    /// As [`sink`](Self::sink), with a say in what reaches it and how much may wait for it.
    pub fn sink_with(mut self, name: impl Into<String>, sink: impl Sink, policy: SinkPolicy) -> Self {
        self.sinks.push(OutletPolicy { name: name.into().into(), policy, sink: Arc::new(sink) });
        self
    }
}
