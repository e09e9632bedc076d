//! The standard streams.

use std::{
    fmt,
    io::{self, IsTerminal, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use crate::sink::{
    lines::{Form, Lines},
    writer::{Sink, SinkBatch, SinkWriter},
};

macro_rules! stream {
    ($(#[doc = $doc:literal])* $name:ident, $std:path) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone)]
        #[must_use = "a stream does nothing until it is a client's sink"]
        pub struct $name(Stream);

        impl $name {
            /// One line of JSON a record, for containers and log shippers.
            ///
            /// Each line has, in this order and as far as they are known: `timestamp` (RFC 3339 with nanoseconds, UTC),
            /// `level`, `event` (what a log says; of any other event its identifier), `target` (a log's identifier; of
            /// any other event its type), `service`, `version`, `environment`, `request_id`, `trace_id`, `span_id`,
            /// `user_id` (`user.id`), `error` (`exception.message`) and `error_type` (`exception.type`). The other
            /// attributes follow under their own names, then what an event that is no log consists of, and what surrounds
            /// it: `agent_id`, metadata. Dedup key, channel and parent span stay out.
            ///
            /// No line has a key twice: a field named like one of these, or like an earlier one, is called
            /// `fields.<name>`, or `fields.<name>.2` and so on where that is taken as well. Control and bidi
            /// characters are escaped, so that a record is one line and looks like what it says.
            pub fn json() -> Self {
                Self(Stream::new(Form::Json))
            }

            /// One line a record for humans: time, level, target, message, fields, the error, and the end of the request
            /// id. Where it stands in the source and what process it comes from is left out; control and bidi
            /// characters are escaped.
            ///
            /// It has colours on a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`, and anywhere else if
            /// `CLICOLOR_FORCE` is set. See also [`colors`](Self::colors).
            pub fn console() -> Self {
                Self(Stream::new(Form::Console { colors: None }))
            }

            /// Whether [`console`](Self::console) has colours, whatever the environment says. JSON has none.
            pub fn colors(mut self, colors: bool) -> Self {
                if let Form::Console { colors: of } = &mut self.0.form {
                    *of = Some(colors);
                }
                self
            }
        }

        impl Sink for $name {
            fn open(&self) -> io::Result<Box<dyn SinkWriter>> {
                let stream = $std();
                let is_terminal = stream.is_terminal();
                Ok(self.0.open(own(stream)?, is_terminal))
            }
        }
    };
}

stream! {
    /// Records go to standard output, written by a thread of their own: a pipe that nobody reads holds up no caller.
    ///
    /// It writes whole lines straight to the stream. What the program prints itself stands between them, and a line of
    /// its own that it prints in parts may be torn by one of ours.
    ///
    /// ```
    /// use axonpush::{AxonPush, Stdout};
    ///
    /// let builder = AxonPush::builder().api_key("ak_dev").sink("stdout", Stdout::json());
    /// # let client = builder.base_url("http://localhost:4000").build()?;
    /// # Ok::<(), axonpush::Error>(())
    /// ```
    Stdout, io::stdout
}

stream! {
    /// Records go to standard error. In all else it is as [`Stdout`].
    Stderr, io::stderr
}

/// A stream, as it is described.
#[derive(Clone)]
struct Stream {
    form: Form,
    /// Whether the last line that was written is torn.
    torn: Arc<AtomicBool>,
}

impl Stream {
    fn new(form: Form) -> Self {
        Self { form, torn: Arc::default() }
    }

    fn open(&self, to: impl Write + Send + 'static, is_terminal: bool) -> Box<dyn SinkWriter> {
        let lines = Lines::new(self.form, is_terminal);
        let torn = Arc::clone(&self.torn);
        Box::new(StreamWriter { to, lines, buffer: Vec::new(), ends: Vec::new(), torn })
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.form.fmt(f)
    }
}

struct StreamWriter<W> {
    to: W,
    lines: Lines,
    buffer: Vec<u8>,
    /// Where each line of the buffer ends.
    ends: Vec<usize>,
    torn: Arc<AtomicBool>,
}

impl<W: Write + Send> SinkWriter for StreamWriter<W> {
    fn write(&mut self, batch: &SinkBatch<'_>) -> io::Result<()> {
        self.buffer.clear();
        self.ends.clear();
        if self.torn.load(Ordering::Relaxed) {
            self.buffer.push(b'\n');
        }
        for record in batch {
            self.lines.write(record, &mut self.buffer);
            self.ends.push(self.buffer.len());
        }
        let (bytes, result) = write_all(&mut self.to, &self.buffer);
        batch.written(0..self.ends.partition_point(|end| *end <= bytes));
        if bytes > 0 {
            let at_end = self.buffer.get(bytes - 1) == Some(&b'\n');
            self.torn.store(!at_end, Ordering::Relaxed);
        }
        result.and_then(|()| self.to.flush())
    }
}

/// Writes all bytes, or says how many. Waits where the stream is one that others have told not to wait.
pub(super) fn write_all(to: &mut impl Write, bytes: &[u8]) -> (usize, io::Result<()>) {
    const PAUSE: Duration = Duration::from_millis(5);
    let mut written = 0;
    while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
        match to.write(rest) {
            Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
            Ok(count) => written += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(PAUSE),
            Err(error) => return (written, Err(error)),
        }
    }
    (written, Ok(()))
}

/// The stream without the lock of the standard library, which a program may hold for as long as it runs, and which in a
/// forked child may never be let go of.
#[cfg(unix)]
fn own(stream: impl std::os::fd::AsFd) -> io::Result<std::fs::File> {
    stream.as_fd().try_clone_to_owned().map(Into::into)
}

/// Consoles want another encoding here, which the standard library knows.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "its twin may fail")]
fn own<S>(stream: S) -> io::Result<S> {
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use super::*;
    use crate::sink::writer::{Fate, write_to};

    /// Takes so many bytes and no more.
    #[derive(Clone)]
    struct Narrow(Arc<Mutex<Vec<u8>>>, usize);

    impl Write for Narrow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let room = self.1 - taken.len();
            if room == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            taken.extend(bytes.iter().take(room));
            Ok(room.min(bytes.len()))
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn event(number: usize) -> String {
        format!(r#"{{"identifier":"e{number}","payload":{{}}}}"#)
    }

    fn write(stream: &Stream, to: &Narrow, numbers: std::ops::Range<usize>) -> (usize, bool) {
        let events: Vec<_> = numbers.map(event).collect();
        let waiting: Vec<_> = events.iter().map(String::as_bytes).collect();
        let (result, fates) = write_to(&mut *stream.open(to.clone(), false), &waiting);
        (fates.iter().filter(|fate| **fate == Fate::Written).count(), result.is_ok())
    }

    #[test]
    fn after_a_torn_line_the_others_are_written_whole_and_once() {
        let to = Narrow(Arc::default(), usize::MAX);
        assert_eq!(write(&Stream::new(Form::Json), &to, 0..1), (1, true));
        let line = to.0.lock().unwrap().len();

        let stream = Stream::new(Form::Json);
        let mut to = Narrow(Arc::default(), 2 * line + 10);
        assert_eq!(write(&stream, &to, 0..4), (2, false));
        to.1 = usize::MAX;
        assert_eq!(write(&stream, &to, 2..4), (2, true));
        let text = String::from_utf8(to.0.lock().unwrap().clone()).unwrap();
        let whole = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let names: Vec<_> = whole.map(|line| line["event"].as_str().unwrap().to_owned()).collect();
        assert_eq!(names, ["e0", "e1", "e2", "e3"]);
        assert_eq!(text.lines().count(), 5);
    }
}
