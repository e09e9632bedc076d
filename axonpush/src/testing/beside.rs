//! A sink in memory beside others.

use std::{io, thread};

use super::{MemorySink, answer::Ending};
use crate::{
    sink::{Sink, SinkBatch, SinkWriter},
    transport::Reply,
};

/// As one of the sinks of a client, it keeps what it is written, for tests of what goes where:
///
/// ```
/// use axonpush::{AxonPush, Event, Severity, SinkPolicy, testing::MemorySink};
/// use std::time::Duration;
///
/// let (all, errors) = (MemorySink::new(), MemorySink::new());
/// let client = AxonPush::builder()
///     .without_server()
///     .sink("all", all.clone())
///     .sink_with("errors", errors.clone(), SinkPolicy::new().severities(Severity::Error..))
///     .build()?;
/// client.events().enqueue(Event::new("order.placed"));
/// client.events().enqueue(Event::new("order.lost").severity(Severity::Error));
/// client.blocking().flush(Duration::from_secs(1));
///
/// assert_eq!((all.events().len(), errors.events().len()), (2, 1));
/// errors.expect("order.lost").once();
/// # Ok::<(), axonpush::Error>(())
/// ```
///
/// Of an [`Answer`](super::Answer) it takes what it says of a batch: a status of 400 to 499 but for 408 and 429 rejects it,
/// any other failure is one that passes. One that never comes is a failure at once.
impl Sink for MemorySink {
    fn open(&self) -> io::Result<Box<dyn SinkWriter>> {
        Ok(Box::new(self.clone()))
    }
}

impl SinkWriter for MemorySink {
    fn write(&mut self, batch: &SinkBatch<'_>) -> io::Result<()> {
        let (open, answer) = self.begin();
        thread::sleep(answer.after);
        if answer.takes {
            let bodies: Vec<_> = batch.iter().map(|record| record.as_json().into_owned().into()).collect();
            self.keep(&bodies);
        }
        drop(open);
        match answer.ending {
            Ending::Receipt => Ok(()),
            Ending::Never => Err(io::ErrorKind::TimedOut.into()),
            Ending::Reply(Reply::Answer { status, .. }) if status.is_success() => Ok(()),
            Ending::Reply(Reply::Answer { status, .. }) => {
                let is_final = status.is_client_error() && !matches!(status.as_u16(), 408 | 429);
                let kind = if is_final { io::ErrorKind::InvalidData } else { io::ErrorKind::Other };
                Err(io::Error::new(kind, format!("the answer was {status}")))
            }
            Ending::Reply(_) => Err(io::ErrorKind::ConnectionReset.into()),
        }
    }
}
