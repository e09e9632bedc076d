//! Fluentd and Fluent Bit, by their forward protocol, version 1.

mod chunk;
mod connection;
mod endpoint;
mod entry;
mod format;
mod handshake;
mod msgpack;
mod socket;
mod tag;
mod tls;
mod writer;

use std::{fmt, fs, io, sync::Arc, time::Duration};

pub use self::format::{FluentdField, FluentdFormat, FluentdFunction};
use self::{chunk::Ids, endpoint::Endpoint, format::Base, tls::Tls, writer::FluentdWriter};
use super::{BatchPolicy, Compression, Sink, SinkBatch, SinkRecord, SinkWriter};

/// Records go to Fluentd or Fluent Bit, over TCP, TLS or a Unix socket.
///
/// ```
/// use axonpush::{AxonPush, Fluentd};
///
/// let fluentd = Fluentd::new("127.0.0.1:24224").tag_prefix("shop");
/// let builder = AxonPush::builder().api_key("ak_dev").sink("fluentd", fluentd);
/// # let client = builder.base_url("http://localhost:4000").build()?;
/// # Ok::<(), axonpush::Error>(())
/// ```
///
/// # What arrives
///
/// A record's tag is the [prefix](Self::tag_prefix), a dot, and its identifier, of a log its target: `shop.orders.place`
/// for a log of `orders::place`. `::` becomes a dot, white space and control characters underscores, and empty parts are
/// left out. Its time has nanoseconds; one before 1970 is 1970, and one from February 2106 on, where Fluentd's `EventTime`
/// ends, has whole seconds. What else it consists of says a [`FluentdFormat`].
///
/// # What is promised
///
/// | | with acknowledgements | [without](Self::ack) |
/// |---|---|---|
/// | a record counts as written | when the server has said that it has its chunk | when the operating system has taken it |
/// | the server can't be reached | it waits in the sink's queue | it waits in the sink's queue |
/// | the connection breaks | what was not acknowledged is sent once more | what was under way may be lost uncounted |
/// | a record may arrive twice | when an acknowledgement is lost; the chunk has the same id again | hardly ever |
///
/// The sink begins while the server is down, and connects again whenever it must, after 100 ms, doubling to 10 s. The
/// records of a batch that have one tag are one chunk, in the order in which they were handed over; all chunks of a batch are
/// under way at once.
///
/// # Security
///
/// With a [shared key](Self::shared_key) both sides prove that they know it, and nothing is sent to a server that does not.
/// It says nothing about who else is listening: that takes [TLS](Self::tls). Neither keys nor passwords are shown by
/// `Debug` or in an error.
#[must_use = "a Fluentd does nothing until it is a client's sink"]
pub struct Fluentd(Arc<Settings>);

/// What connections and records are like.
#[derive(Clone)]
struct Settings {
    endpoint: Endpoint,
    tag_prefix: String,
    format: FluentdFormat,
    shared_key: Option<Secret>,
    user: Option<(String, Secret)>,
    hostname: Option<String>,
    ack: bool,
    ack_timeout: Duration,
    connect_timeout: Duration,
    write_timeout: Duration,
    compression: Compression,
    tls: Option<Tls>,
    ids: Ids,
}

/// Text that nobody is shown.
#[derive(Clone)]
struct Secret(String);

/// Longer than a server takes to pass a chunk on to its buffer.
const ACK_TIMEOUT: Duration = Duration::from_secs(10);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

impl Fluentd {
    /// A server at `address`: `host:port`, or a host alone that listens on port 24224. An address that is none shows when
    /// the sink is opened, as its [`last_error`](crate::SinkStats::last_error).
    pub fn new(address: impl AsRef<str>) -> Self {
        Self::at(Endpoint::tcp(address.as_ref()))
    }

    /// A server that listens on the Unix socket at `path`.
    #[cfg(unix)]
    pub fn unix(path: impl Into<std::path::PathBuf>) -> Self {
        Self::at(Endpoint::Unix(path.into()))
    }

    fn at(endpoint: Endpoint) -> Self {
        Self(Arc::new(Settings {
            endpoint,
            tag_prefix: String::new(),
            format: FluentdFormat::new(),
            shared_key: None,
            user: None,
            hostname: None,
            ack: true,
            ack_timeout: ACK_TIMEOUT,
            connect_timeout: CONNECT_TIMEOUT,
            write_timeout: WRITE_TIMEOUT,
            compression: Compression::None,
            tls: None,
            ids: Ids::default(),
        }))
    }

    /// What the tags of all records begin with; nothing unless set.
    pub fn tag_prefix(self, prefix: impl Into<String>) -> Self {
        self.with(|settings| settings.tag_prefix = prefix.into())
    }

    /// What records look like there; [`FluentdFormat::new`] unless set.
    pub fn format(self, format: FluentdFormat) -> Self {
        self.with(|settings| settings.format = format)
    }

    /// The `shared_key` of the server's `<security>` section. A server that asks for none is refused then, as it may be
    /// another one.
    pub fn shared_key(self, key: impl Into<String>) -> Self {
        self.with(|settings| settings.shared_key = Some(Secret(key.into())))
    }

    /// Who is sending, for a server that asks for a user besides the [shared key](Self::shared_key).
    pub fn user(self, name: impl Into<String>, password: impl Into<String>) -> Self {
        self.with(|settings| settings.user = Some((name.into(), Secret(password.into()))))
    }

    /// The name by which this process introduces itself, which must not be that of the server, and that
    /// [`FluentdField::Hostname`] says. That of the machine unless set, or `localhost` where that is not known.
    pub fn hostname(self, name: impl Into<String>) -> Self {
        self.with(|settings| settings.hostname = Some(name.into()))
    }

    /// Whether records count as written only when the server has acknowledged them, as they do unless set.
    pub fn ack(self, ack: bool) -> Self {
        self.with(|settings| settings.ack = ack)
    }

    /// How long the next acknowledgement is waited for before what lacks one is sent again; 10 s unless set.
    pub fn ack_timeout(self, timeout: Duration) -> Self {
        self.with(|settings| settings.ack_timeout = timeout)
    }

    /// How long connecting may take, with TLS and the handshake; 5 s unless set.
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        self.with(|settings| settings.connect_timeout = timeout)
    }

    /// How long the server may take to read what it is sent, 64 KiB or a single chunk at a time; 10 s unless set.
    pub fn write_timeout(self, timeout: Duration) -> Self {
        self.with(|settings| settings.write_timeout = timeout)
    }

    /// How the entries of a chunk are compressed; not at all unless set. Fluentd takes gzip, as does Fluent Bit.
    pub fn compression(self, compression: Compression) -> Self {
        self.with(|settings| settings.compression = compression)
    }

    /// Encrypts the connection, and refuses a server that is not whom its certificate names. It takes one of the features
    /// `rustls`, `rustls-no-provider` and `native-tls`, the first of which counts where there are several.
    pub fn tls(self) -> Self {
        self.with(|settings| _ = settings.tls.get_or_insert_default())
    }

    /// As [`tls`](Self::tls), where a certificate counts if one of these has signed it, and not if one does that the
    /// platform trusts: certificates in PEM.
    pub fn tls_ca(self, pem: impl Into<Vec<u8>>) -> Self {
        self.with(|settings| settings.tls.get_or_insert_default().ca = Some(pem.into()))
    }

    /// Records are what events consist of, and what is added to them.
    pub(crate) fn of_payloads(self) -> Self {
        self.with(|settings| settings.format.base = Base::Payload)
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

impl Sink for Fluentd {
    fn open(&self) -> io::Result<Box<dyn SinkWriter>> {
        Ok(Box::new(FluentdWriter::open(&self.0)?))
    }

    /// 1,000 records or 1 MiB, and none waits longer than 100 ms for others: each batch is waited for until it is
    /// acknowledged.
    fn batches(&self) -> BatchPolicy {
        BatchPolicy::new().max_events(1000).max_age(Duration::from_millis(100))
    }
}

impl fmt::Debug for Fluentd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = &*self.0;
        f.debug_struct("Fluentd")
            .field("endpoint", &settings.endpoint)
            .field("tag_prefix", &settings.tag_prefix)
            .field("format", &settings.format.base)
            .field("shared_key", &settings.shared_key.is_some())
            .field("user", &settings.user.is_some())
            .field("ack", &settings.ack)
            .field("compression", &settings.compression)
            .field("tls", &settings.tls.is_some())
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// What this process is called.
    fn hostname(&self) -> String {
        self.hostname.clone().or_else(machine_name).unwrap_or_else(|| "localhost".to_owned())
    }
}

/// The name of the machine, where it can be read.
fn machine_name() -> Option<String> {
    let files = ["/proc/sys/kernel/hostname", "/etc/hostname"].into_iter().map(|file| fs::read_to_string(file).ok());
    let variables = ["HOSTNAME", "COMPUTERNAME"].into_iter().map(|name| std::env::var(name).ok());
    let known = files.chain(variables).flatten();
    known.map(|name| name.trim().to_owned()).find(|name| !name.is_empty())
}

#[cfg(test)]
mod tests;
