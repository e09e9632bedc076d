//! The same client for programs without async code.

use std::time::Duration;

use super::{EventQuery, StoredEvent};
use crate::{
    client::AxonPush,
    error::Error,
    event::{Event, Receipt},
    publisher::{FlushReport, block_on},
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

    /// As [`AxonPush::flush`].
    pub fn flush(&self, timeout: Duration) -> FlushReport {
        block_on(self.client.flush(timeout))
    }

    /// As [`AxonPush::shutdown`].
    pub fn shutdown(&self, timeout: Duration) -> FlushReport {
        block_on(self.client.shutdown(timeout))
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
        block_on(self.client.events().publish(event))
    }

    /// As [`Events::publish_many`](crate::Events::publish_many).
    pub fn publish_many(&self, events: impl IntoIterator<Item = Event>) -> Vec<Result<Receipt, Error>> {
        block_on(self.client.events().publish_many(events))
    }

    /// As [`Events::search`](crate::Events::search).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn search(&self, query: EventQuery) -> Result<Vec<StoredEvent>, Error> {
        block_on(self.client.events().search(query))
    }
}
