//! Sinks beside AxonPush: standard streams, files, and whatever the application makes one of.
//!
//! What reaches them is what waits for the server, redacted and complete. Each runs on a thread of its own, so that here
//! everything may take as long as it takes.

mod console;
mod escape;
mod file;
mod known;
mod line;
mod names;
mod record;
mod stream;
mod text;
mod time;

use std::io;

pub use self::{
    file::RollingFile,
    record::SinkRecord,
    stream::{Stderr, Stdout},
};

/// Where records go besides AxonPush. It is a description that can be opened again: after a failure, and in a forked
/// child.
///
/// [`Stdout`], [`Stderr`] and [`RollingFile`] are sinks. Another one is a few lines:
///
/// ```
/// use axonpush::{Sink, SinkRecord, SinkWriter};
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
///     fn write(&mut self, records: &[SinkRecord<'_>]) -> io::Result<()> {
///         let lines: String = records.iter().map(|record| format!("{}\n", record.as_json())).collect();
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
}

/// An open [`Sink`]. It lives on the sink's own thread, where it may block; what it logs itself is not heard.
pub trait SinkWriter: Send {
    /// Writes records: 1 to 128 of them, in the order in which they were accepted.
    ///
    /// # Errors
    ///
    /// When they can't be written now. The writer is dropped, the sink opened again, and those that are not
    /// [`written`](Self::written) are written once more. An error of the kind [`io::ErrorKind::InvalidData`] says that
    /// these never can be; they are counted as lost.
    fn write(&mut self, records: &[SinkRecord<'_>]) -> io::Result<()>;

    /// Sees to it that what was written stays written even if the process ends; called after each
    /// [`write`](Self::write), before its records count as written.
    ///
    /// # Errors
    ///
    /// As those of [`write`](Self::write).
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// How many of the last batch are safely written although [`write`](Self::write) or [`flush`](Self::flush) failed.
    /// None, unless the writer knows better; then all of them are written again.
    fn written(&self) -> usize {
        0
    }
}
