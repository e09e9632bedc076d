//! No TLS: this crate was built without.

use std::{
    convert::Infallible,
    io::{self, Read, Write},
};

use super::{Tls, failed};
use crate::sink::fluentd::socket::Socket;

/// There is none.
pub(in crate::sink::fluentd) struct TlsStream(Infallible);

impl TlsStream {
    pub(in crate::sink::fluentd) fn open(_socket: Socket, _host: &str, _tls: &Tls) -> io::Result<Self> {
        Err(failed(
            "axonpush was built without TLS; switch on one of its features `rustls`, `rustls-no-provider` and `native-tls`",
        ))
    }

    pub(in crate::sink::fluentd) fn socket(&mut self) -> &mut Socket {
        match self.0 {}
    }
}

impl Read for TlsStream {
    fn read(&mut self, _into: &mut [u8]) -> io::Result<usize> {
        match self.0 {}
    }
}

impl Write for TlsStream {
    fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
        match self.0 {}
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0 {}
    }
}
