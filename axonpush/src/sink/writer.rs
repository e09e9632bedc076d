//! What a sink is: a description that can be opened, and a writer that takes batches.

use std::{
    cell::Cell,
    fmt, io,
    ops::{Deref, Range},
    time::Duration,
};

use super::{BatchPolicy, SinkRecord};

/// Where records go besides AxonPush. It is a description that can be opened again: after a failure, and in a forked
/// child.
///
/// [`Stdout`](crate::Stdout), [`Stderr`](crate::Stderr) and [`RollingFile`](crate::RollingFile) are sinks. Another one is
/// a few lines:
///
/// ```
/// use axonpush::{Sink, SinkBatch, SinkWriter};
/// use std::{io, net::{TcpStream, ToSocketAddrs}, time::Duration};
///
/// /// One JSON object a line, over TCP.
/// struct Collector(&'static str);
///
/// struct Connection(TcpStream);
///
/// impl Sink for Collector {
///     fn open(&self) -> io::Result<Box<dyn SinkWriter>> {
///         let address = self.0.to_socket_addrs()?.next().ok_or(io::ErrorKind::NotFound)?;
///         let stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
///         stream.set_write_timeout(Some(Duration::from_secs(5)))?;
///         Ok(Box::new(Connection(stream)))
///     }
/// }
///
/// impl SinkWriter for Connection {
///     fn write(&mut self, batch: &SinkBatch<'_>) -> io::Result<()> {
///         let lines: String = batch.iter().map(|record| format!("{}\n", record.as_json())).collect();
///         io::Write::write_all(&mut self.0, lines.as_bytes())
///     }
/// }
/// ```
pub trait Sink: Send + Sync + 'static {
    /// Opens the sink, on its own thread: before its first record, and again after an error or a panic of its writer.
    ///
    /// # Errors
    ///
    /// When it can't be opened now. It is tried again after 100 ms, doubling to 10 s, while records wait in the sink's
    /// queue.
    fn open(&self) -> io::Result<Box<dyn SinkWriter>>;

    /// When a batch is complete, where a [`SinkPolicy`](crate::SinkPolicy) does not say otherwise: 128 records, 1 MiB, and
    /// none waits for others. A sink that pays for each batch, with a request say, prefers larger ones.
    fn batches(&self) -> BatchPolicy {
        BatchPolicy::new().max_events(128).max_age(Duration::ZERO)
    }
}

/// An open [`Sink`]. It lives on the sink's own thread, where it may block; what it logs itself is not heard.
pub trait SinkWriter: Send {
    /// Writes a batch, and sees to it that it stays written even if the process ends: its records count as written once
    /// this returns.
    ///
    /// # Errors
    ///
    /// When they can't be written now. The writer is dropped, the sink opened again, and those that the batch was not told
    /// to be [`written`](SinkBatch::written) or [`rejected`](SinkBatch::rejected) are written once more; where it was told
    /// of all of them, the error is remembered and the writer goes on. An error of the kind
    /// [`io::ErrorKind::InvalidData`] says that these never can be; they are counted as lost.
    fn write(&mut self, batch: &SinkBatch<'_>) -> io::Result<()>;
}

/// Records to be written, at least one, in the order in which they were accepted: a slice of [`SinkRecord`]s.
///
/// A writer that knows more of their fate than success or failure of all says it here.
pub struct SinkBatch<'a> {
    records: Vec<SinkRecord<'a>>,
    fates: &'a [Cell<Fate>],
    retry_after: &'a Cell<Option<Duration>>,
}

/// What is known of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Fate {
    /// What the result of the write says.
    #[default]
    Open,
    Written,
    Rejected,
}

impl<'a> SinkBatch<'a> {
    /// Of `fates` there is one for each record. They outlive the batch, so that it is known how far a writer came that
    /// panics.
    pub(crate) fn new(
        records: Vec<SinkRecord<'a>>,
        fates: &'a [Cell<Fate>],
        retry_after: &'a Cell<Option<Duration>>,
    ) -> Self {
        Self { records, fates, retry_after }
    }

    /// Says that the records at these places are safely written, whatever becomes of the others.
    pub fn written(&self, records: Range<usize>) {
        self.mark(records, Fate::Written);
    }

    /// Says that the records at these places never will be written. They are lost, for the reason
    /// [`Rejected`](crate::LossReason::Rejected).
    pub fn rejected(&self, records: Range<usize>) {
        self.mark(records, Fate::Rejected);
    }

    /// Says how long to wait before the sink is opened again, if this write fails. At most 300 s; unless said, 100 ms,
    /// doubling to 10 s.
    pub fn retry_after(&self, pause: Duration) {
        self.retry_after.set(Some(pause));
    }

    fn mark(&self, records: Range<usize>, fate: Fate) {
        for place in self.fates.get(records).unwrap_or_default() {
            place.set(fate);
        }
    }
}

impl<'a> Deref for SinkBatch<'a> {
    type Target = [SinkRecord<'a>];

    fn deref(&self) -> &Self::Target {
        &self.records
    }
}

impl<'b, 'a> IntoIterator for &'b SinkBatch<'a> {
    type Item = &'b SinkRecord<'a>;
    type IntoIter = std::slice::Iter<'b, SinkRecord<'a>>;

    fn into_iter(self) -> Self::IntoIter {
        self.records.iter()
    }
}

impl fmt::Debug for SinkBatch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.records).finish()
    }
}

/// Writes to a sink what waits, as its thread would: for tests of sinks. Says what became of each record.
#[cfg(test)]
pub(crate) fn write_to(writer: &mut dyn SinkWriter, waiting: &[&[u8]]) -> (io::Result<()>, Vec<Fate>) {
    let fates = vec![Cell::default(); waiting.len()];
    let record = |raw: &&'_ [u8]| (*raw).to_vec();
    let raw: Vec<_> = waiting.iter().map(record).collect();
    let records = raw
        .iter()
        .enumerate()
        .map(|(at, raw)| SinkRecord::new(raw, crate::event::Severity::Info, 0, b"").at(at as u64));
    let result = writer.write(&SinkBatch::new(records.collect(), &fates, &Cell::default()));
    (result, fates.iter().map(Cell::get).collect())
}
