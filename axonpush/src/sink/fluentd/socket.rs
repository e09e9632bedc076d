//! A connection of the operating system, on which nothing lasts longer than a deadline.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use crate::clock;

/// A socket with a deadline, which whoever reads or writes sets before.
pub(super) struct Socket {
    kind: Kind,
    deadline: Instant,
}

enum Kind {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixStream),
}

macro_rules! either {
    ($socket:expr, $stream:ident => $what:expr) => {
        match $socket {
            Kind::Tcp($stream) => $what,
            #[cfg(unix)]
            Kind::Unix($stream) => $what,
        }
    };
}

impl Socket {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { kind: Kind::Tcp(stream), deadline: clock::now() }
    }

    #[cfg(unix)]
    pub(super) fn unix(stream: std::os::unix::net::UnixStream) -> Self {
        Self { kind: Kind::Unix(stream), deadline: clock::now() }
    }

    /// From now on it is this time by which everything must be done.
    pub(super) fn until(&mut self, deadline: Instant) {
        self.deadline = deadline;
    }

    /// Whether reading waits until there is something to read.
    pub(super) fn set_waiting(&self, waiting: bool) -> io::Result<()> {
        either!(&self.kind, stream => stream.set_nonblocking(!waiting))
    }

    fn left(&self) -> io::Result<Duration> {
        let left = self.deadline.saturating_duration_since(clock::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

impl Read for Socket {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.left()?;
        either!(&mut self.kind, stream => {
            stream.set_read_timeout(Some(left))?;
            stream.read(into)
        })
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.left()?;
        either!(&mut self.kind, stream => {
            stream.set_write_timeout(Some(left))?;
            stream.write(bytes)
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
