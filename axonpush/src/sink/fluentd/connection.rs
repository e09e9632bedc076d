//! An open connection: what is sent, and what is answered.

use std::{
    io::{self, Read as _, Write as _},
    time::Instant,
};

use super::{
    Settings, handshake,
    msgpack::{self, Value},
    socket::Socket,
    tls::TlsStream,
};
use crate::clock;

/// A connection to a server that takes records.
pub(super) struct Connection {
    stream: Stream,
    /// What was read and is no whole answer yet.
    answers: Vec<u8>,
    /// Whether it may carry more than one chunk.
    pub(super) keepalive: bool,
}

enum Stream {
    Plain(Socket),
    Tls(Box<TlsStream>),
}

/// The largest answer that is read: more than a handshake or an acknowledgement of any server has.
const MAX_ANSWER: usize = 64 << 10;

impl Connection {
    /// Connects, and shakes hands where there is a shared key.
    pub(super) fn open(settings: &Settings) -> io::Result<Self> {
        let deadline = clock::after(clock::now(), settings.connect_timeout);
        let mut socket = settings.endpoint.connect(deadline)?;
        socket.until(deadline);
        let stream = match &settings.tls {
            None => Stream::Plain(socket),
            Some(tls) => Stream::Tls(Box::new(TlsStream::open(socket, settings.endpoint.host(), tls)?)),
        };
        let mut connection = Self { stream, answers: Vec::new(), keepalive: true };
        if let Some(key) = &settings.shared_key {
            connection.keepalive = handshake::shake_hands(&mut connection, settings, key, deadline)?;
        }
        Ok(connection)
    }

    pub(super) fn send(&mut self, bytes: &[u8], deadline: Instant) -> io::Result<()> {
        self.socket().until(deadline);
        let sent = match &mut self.stream {
            Stream::Plain(socket) => socket.write_all(bytes),
            Stream::Tls(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
        };
        sent.map_err(|error| timed_out(error, "the Fluentd server takes nothing; it may be busy, or hang"))
    }

    /// The next answer of the server; `None` when there is none in time.
    pub(super) fn answer(&mut self, deadline: Instant) -> io::Result<Option<Value>> {
        self.socket().until(deadline);
        loop {
            if let Some(answer) = self.take_answer()? {
                return Ok(Some(answer));
            }
            match self.read() {
                Ok(()) => {}
                Err(error) if is_timeout(&error) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    /// What the server has said unasked, if it has. An error says that nothing can be sent any more.
    pub(super) fn overheard(&mut self) -> io::Result<Option<Value>> {
        let soon = clock::after(clock::now(), std::time::Duration::from_secs(1));
        self.socket().until(soon);
        self.socket().set_waiting(false)?;
        let read = self.read();
        self.socket().set_waiting(true)?;
        match read {
            Ok(()) => self.take_answer(),
            Err(error) if is_timeout(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads more of what is answered.
    fn read(&mut self) -> io::Result<()> {
        let mut bytes = [0; 4096];
        let count = loop {
            let read = match &mut self.stream {
                Stream::Plain(socket) => socket.read(&mut bytes),
                Stream::Tls(stream) => stream.read(&mut bytes),
            };
            match read {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        if count == 0 {
            let what = if self.answers.is_empty() { "" } else { " in the middle of an answer" };
            let what = format!("the Fluentd server closed the connection{what}");
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, what));
        }
        self.answers.extend_from_slice(bytes.get(..count).unwrap_or_default());
        Ok(())
    }

    fn take_answer(&mut self) -> io::Result<Option<Value>> {
        let read = msgpack::read(&self.answers).map_err(|msgpack::Malformed| {
            io::Error::other("what listens there answers in no MessagePack; is it the forward port of Fluentd?")
        })?;
        match read {
            Some((answer, length)) => {
                self.answers.drain(..length.min(self.answers.len()));
                Ok(Some(answer))
            }
            None if self.answers.len() > MAX_ANSWER => {
                Err(io::Error::other(format!("an answer of the Fluentd server has more than {MAX_ANSWER} bytes")))
            }
            None => Ok(None),
        }
    }

    fn socket(&mut self) -> &mut Socket {
        match &mut self.stream {
            Stream::Plain(socket) => socket,
            Stream::Tls(stream) => stream.socket(),
        }
    }
}

/// Whether it is the time that ran out. Systems call that by either name.
pub(super) fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// Says `what` of an error, if it is that the time ran out.
fn timed_out(error: io::Error, what: &'static str) -> io::Error {
    if is_timeout(&error) { io::Error::new(io::ErrorKind::TimedOut, what) } else { error }
}
