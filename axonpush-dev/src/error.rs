//! Why a server could not start.

use std::fmt;
use std::io;
use std::path::Path;

/// Why a server could not start. The message names the way out where there is one.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    PortTaken,
    Bind,
    Store,
    Thread,
}

impl Error {
    /// Whether another program already listens on the port that was asked for.
    pub fn is_port_taken(&self) -> bool {
        self.kind == Kind::PortTaken
    }

    /// Whether the file that should hold the events could not be opened.
    pub fn is_store(&self) -> bool {
        self.kind == Kind::Store
    }

    pub(crate) fn bind(port: u16, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::AddrInUse {
            let message = format!(
                "port {port} is already taken; stop the program that listens there, \
                 or choose another port (`--port 0` takes any free one)"
            );
            return Self { kind: Kind::PortTaken, message, source: Some(source.into()) };
        }
        let message = format!("could not listen on 127.0.0.1:{port}: {source}");
        Self { kind: Kind::Bind, message, source: Some(source.into()) }
    }

    pub(crate) fn store(path: Option<&Path>, source: rusqlite::Error) -> Self {
        let place = path.map_or_else(|| "memory".to_owned(), |path| format!("`{}`", path.display()));
        let message = format!("could not open the event store in {place}: {source}");
        Self { kind: Kind::Store, message, source: Some(source.into()) }
    }

    pub(crate) fn other_version(path: &Path, version: i64) -> Self {
        Self::file(
            path,
            &format!(
                "holds an event store of version {version}, which this server cannot read; \
                 choose another file or delete this one"
            ),
        )
    }

    pub(crate) fn foreign_file(path: &Path) -> Self {
        Self::file(path, "holds the database of another program, which is left alone; choose another file")
    }

    pub(crate) fn read_only_file(path: &Path) -> Self {
        Self::file(path, "may not be written; change its permissions or choose another file")
    }

    pub(crate) fn directory(path: &Path) -> Self {
        Self::file(path, "is a directory; name a file in it")
    }

    pub(crate) fn file_in_use(path: &Path) -> Self {
        Self::file(path, "is in use by another server; stop that one or choose another file")
    }

    pub(crate) fn lock(path: &Path, source: io::Error) -> Self {
        let what = format!("cannot be opened, for no lock can be put beside it: {source}");
        Self { source: Some(source.into()), ..Self::file(path, &what) }
    }

    fn file(path: &Path, what: &str) -> Self {
        Self { kind: Kind::Store, message: format!("`{}` {what}", path.display()), source: None }
    }

    pub(crate) fn unwritable() -> Self {
        let message = "could not write to the event store; is there room for it, and may this user write it?";
        Self { kind: Kind::Store, message: message.to_owned(), source: None }
    }

    pub(crate) fn thread(source: io::Error) -> Self {
        let message = format!("could not start the server's thread: {source}");
        Self { kind: Kind::Thread, message, source: Some(source.into()) }
    }

    pub(crate) fn thread_ended() -> Self {
        Self { kind: Kind::Thread, message: "the server's thread ended before it was ready".to_owned(), source: None }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
