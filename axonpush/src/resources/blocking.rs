//! The same client for programs without async code.

use std::time::Duration;

use super::{StoredEvent, query::EventQuery};
use crate::{
    client::AxonPush,
    error::{Error, Kind},
    event::{Event, Receipt},
    publisher::FlushReport,
};

impl AxonPush {
    /// The same client for blocking code: scripts, `main` functions, exit paths. Always there, needs no runtime, and
    /// may be used on a runtime's thread, which it then blocks.
    ///
    /// ```no_run
    /// use axonpush::{AxonPush, Event};
    /// use std::time::Duration;
    ///
    /// let client = AxonPush::from_env()?;
    /// client.blocking().events().publish(Event::new("backup.finished"))?;
    /// let report = client.blocking().shutdown(Duration::from_secs(5));
    /// println!("{report}");
    /// # Ok::<(), axonpush::Error>(())
    /// ```
    pub fn blocking(&self) -> Blocking<'_> {
        Blocking { client: self }
    }
}

/// A blocking view of a client; made by [`AxonPush::blocking`].
#[derive(Debug, Clone, Copy)]
pub struct Blocking<'a> {
    client: &'a AxonPush,
}

impl<'a> Blocking<'a> {
    /// Publishing events and finding them again.
    pub fn events(&self) -> BlockingEvents<'a> {
        BlockingEvents { client: self.client }
    }

    /// Waits for any other call of the client. None of them needs a runtime.
    ///
    /// ```no_run
    /// # let client = axonpush::AxonPush::from_env()?;
    /// let apps = client.blocking().wait(client.apps().list())?;
    /// # Ok::<(), axonpush::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As of that call.
    pub fn wait<T>(&self, call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        self.client.block_on(call).unwrap_or_else(|| Err(on_the_worker()))
    }

    /// As [`AxonPush::flush`].
    pub fn flush(&self, timeout: Duration) -> FlushReport {
        self.client.block_on(self.client.flush(timeout)).unwrap_or_else(|| self.left_behind())
    }

    /// As [`AxonPush::shutdown`].
    pub fn shutdown(&self, timeout: Duration) -> FlushReport {
        self.client.block_on(self.client.shutdown(timeout)).unwrap_or_else(|| self.left_behind())
    }

    /// The report of someone who could not wait.
    fn left_behind(self) -> FlushReport {
        let stats = self.client.stats();
        FlushReport::left_behind(stats.queued() + stats.in_flight())
    }
}

/// A blocking view of [`Events`](crate::Events); made by [`Blocking::events`].
#[derive(Debug, Clone, Copy)]
pub struct BlockingEvents<'a> {
    client: &'a AxonPush,
}

impl BlockingEvents<'_> {
    /// As [`Events::publish`](crate::Events::publish).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn publish(&self, event: Event) -> Result<Receipt, Error> {
        self.client.blocking().wait(self.client.events().publish(event))
    }

    /// As [`Events::publish_many`](crate::Events::publish_many).
    pub fn publish_many(&self, events: impl IntoIterator<Item = Event>) -> Vec<Result<Receipt, Error>> {
        // Nothing but the worker itself is turned away, and it has no events of its own.
        self.client.block_on(self.client.events().publish_many(events)).unwrap_or_default()
    }

    /// As [`Events::search`](crate::Events::search).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn search(&self, query: EventQuery) -> Result<Vec<StoredEvent>, Error> {
        self.client.blocking().wait(self.client.events().search(query))
    }
}

/// The worker can't wait for itself. Only code that hears the SDK's own work, such as a log hook, runs there.
fn on_the_worker() -> Error {
    Error::new(
        Kind::Closed,
        "a blocking call was made on the thread that would have to answer it; enqueue instead, or use another thread",
    )
}
