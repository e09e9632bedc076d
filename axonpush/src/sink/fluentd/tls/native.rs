//! TLS by the operating system.

use std::io::{self, Read, Write};

use native_tls::{Certificate, HandshakeError, TlsConnector};

use super::{Tls, bad_ca, failed};
use crate::sink::fluentd::socket::Socket;

/// An encrypted connection.
pub(in crate::sink::fluentd) struct TlsStream(native_tls::TlsStream<Socket>);

impl TlsStream {
    /// Shakes hands with the server that `host` must be.
    pub(in crate::sink::fluentd) fn open(socket: Socket, host: &str, tls: &Tls) -> io::Result<Self> {
        let mut builder = TlsConnector::builder();
        if let Some(pem) = &tls.ca {
            builder.disable_built_in_roots(true);
            let certificates = Certificate::stack_from_pem(pem).map_err(bad_ca)?;
            if certificates.is_empty() {
                return Err(bad_ca("it has none"));
            }
            for certificate in certificates {
                builder.add_root_certificate(certificate);
            }
        }
        match builder.build().map_err(failed)?.connect(host, socket) {
            Ok(stream) => Ok(Self(stream)),
            Err(HandshakeError::Failure(error)) => Err(failed(error)),
            Err(HandshakeError::WouldBlock(_)) => Err(failed("the server does not answer in time")),
        }
    }

    pub(in crate::sink::fluentd) fn socket(&mut self) -> &mut Socket {
        self.0.get_mut()
    }
}

impl Read for TlsStream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl Write for TlsStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
