//! TLS to a server, by what this crate was built with.

#[cfg(all(feature = "native-tls", not(any(feature = "rustls", feature = "rustls-no-provider"))))]
#[path = "native.rs"]
mod backend;
#[cfg(not(any(feature = "native-tls", feature = "rustls", feature = "rustls-no-provider")))]
#[path = "none.rs"]
mod backend;
#[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
#[path = "rustls.rs"]
mod backend;

use std::io;

pub(super) use self::backend::TlsStream;

/// Whom to trust.
#[derive(Clone, Default)]
pub(super) struct Tls {
    /// Certificates in PEM: what they have not signed is refused. `None`: what the platform trusts.
    pub(super) ca: Option<Vec<u8>>,
}

/// What went wrong. It never says that records were refused, as an error of TLS itself might be understood.
fn failed(error: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("TLS with the Fluentd server failed: {error}"))
}

/// A CA that can't be read.
#[cfg(any(feature = "native-tls", feature = "rustls", feature = "rustls-no-provider"))]
fn bad_ca(error: impl std::fmt::Display) -> io::Error {
    let what = format!("what Fluentd::tls_ca was given is no certificate in PEM: {error}");
    io::Error::new(io::ErrorKind::InvalidInput, what)
}
