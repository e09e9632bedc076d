//! Where a server is.

use std::{
    fmt, io,
    net::{IpAddr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs as _},
    time::Instant,
};

use super::socket::Socket;
use crate::clock;

/// Where a server listens.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Endpoint {
    Tcp {
        host: String,
        port: u16,
    },
    #[cfg(unix)]
    Unix(std::path::PathBuf),
    /// What was given is none, whatever it is.
    Malformed,
}

/// Where Fluentd and Fluent Bit listen unless told otherwise.
const PORT: u16 = 24224;

impl Endpoint {
    pub(super) fn tcp(address: &str) -> Self {
        let tcp = |host: &str, port| Self::Tcp { host: host.to_owned(), port };
        let address = address.trim();
        if let Ok(address) = address.parse::<SocketAddr>() {
            return tcp(&address.ip().to_string(), address.port());
        }
        let bare = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(address);
        if bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv6() || bare == address) {
            return tcp(bare, PORT);
        }
        let is_name = |host: &str| {
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
            !host.is_empty() && host.chars().all(fits)
        };
        match address.split_once(':') {
            None if is_name(address) => tcp(address, PORT),
            Some((host, port)) if is_name(host) => port.parse().map_or(Self::Malformed, |port| tcp(host, port)),
            _ => Self::Malformed,
        }
    }

    /// The host that a certificate must name.
    pub(super) fn host(&self) -> &str {
        match self {
            Self::Tcp { host, .. } => host,
            #[cfg(unix)]
            Self::Unix(_) => "localhost",
            Self::Malformed => "",
        }
    }

    pub(super) fn connect(&self, deadline: Instant) -> io::Result<Socket> {
        match self {
            Self::Tcp { host, port } => {
                let stream = connect(host, *port, deadline)?;
                // A chunk is written at once, and its acknowledgement waited for.
                stream.set_nodelay(true)?;
                Ok(Socket::new(stream))
            }
            #[cfg(unix)]
            Self::Unix(path) => Ok(Socket::unix(std::os::unix::net::UnixStream::connect(path)?)),
            Self::Malformed => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the address of a Fluentd sink is no `host:port`; it has neither scheme nor user nor path, as in \
                 `127.0.0.1:24224`",
            )),
        }
    }
}

/// Tries one address after the other.
fn connect(host: &str, port: u16, deadline: Instant) -> io::Result<TcpStream> {
    let mut last = None;
    for address in (host, port).to_socket_addrs()? {
        let left = deadline.saturating_duration_since(clock::now());
        if left.is_zero() {
            break;
        }
        match TcpStream::connect_timeout(&address, left) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| io::Error::new(io::ErrorKind::TimedOut, "no address of the Fluentd server answers")))
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.parse::<Ipv6Addr>().is_ok() => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            #[cfg(unix)]
            Self::Unix(path) => path.fmt(f),
            // It may be anything, a URL with a password for one.
            Self::Malformed => f.write_str("malformed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_perhaps_a_port() {
        for (address, expected) in [
            ("127.0.0.1:24224", "127.0.0.1:24224"),
            ("fluentd.logging", "fluentd.logging:24224"),
            (" fluent_bit:1 ", "fluent_bit:1"),
            ("10.0.0.1", "10.0.0.1:24224"),
            ("[::1]:5", "[::1]:5"),
            ("[::1]", "[::1]:24224"),
            ("::1", "[::1]:24224"),
        ] {
            assert_eq!(format!("{:?}", Endpoint::tcp(address)), expected);
        }
    }

    #[test]
    fn what_is_no_address_is_not_repeated() {
        for address in
            ["", ":24224", "tcp://host:1", "user:hunter2@host:1", "host:port", "host:70000", "a b", "[1.2.3.4]"]
        {
            let endpoint = Endpoint::tcp(address);
            assert_eq!(format!("{endpoint:?}"), "malformed", "{address}");
            let error = endpoint.connect(clock::now()).err().unwrap().to_string();
            assert!(error.contains("127.0.0.1:24224") && !error.contains("hunter2"), "{error}");
        }
    }
}
