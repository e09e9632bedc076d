//! TLS by rustls.

use std::{
    io::{self, Read, Write},
    sync::Arc,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use rustls_platform_verifier::BuilderVerifierExt as _;

use super::{Tls, bad_ca, failed};
use crate::sink::fluentd::socket::Socket;

/// An encrypted connection.
pub(in crate::sink::fluentd) struct TlsStream(StreamOwned<ClientConnection, Socket>);

impl TlsStream {
    /// Shakes hands with the server that `host` must be.
    pub(in crate::sink::fluentd) fn open(socket: Socket, host: &str, tls: &Tls) -> io::Result<Self> {
        let name = ServerName::try_from(host.to_owned()).map_err(failed)?;
        let connection = ClientConnection::new(Arc::new(config(tls)?), name).map_err(failed)?;
        let mut stream = StreamOwned::new(connection, socket);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock).map_err(failed)?;
        }
        Ok(Self(stream))
    }

    pub(in crate::sink::fluentd) fn socket(&mut self) -> &mut Socket {
        &mut self.0.sock
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

fn config(tls: &Tls) -> io::Result<ClientConfig> {
    // The one that the application has installed, or else that of this crate; none is installed here.
    let provider = CryptoProvider::get_default().cloned();
    #[cfg(feature = "rustls")]
    let provider = provider.or_else(|| Some(Arc::new(rustls::crypto::aws_lc_rs::default_provider())));
    let provider = provider.ok_or_else(|| failed(NO_PROVIDER))?;
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(failed)?;
    let builder = match &tls.ca {
        None => builder.with_platform_verifier().map_err(failed)?,
        Some(pem) => {
            let mut roots = RootCertStore::empty();
            for certificate in CertificateDer::pem_slice_iter(pem) {
                roots.add(certificate.map_err(bad_ca)?).map_err(bad_ca)?;
            }
            if roots.is_empty() {
                return Err(bad_ca("it has none"));
            }
            builder.with_root_certificates(roots)
        }
    };
    Ok(builder.with_no_client_auth())
}

const NO_PROVIDER: &str = "no TLS provider is installed; call rustls::crypto::ring::default_provider().install_default() at \
                           the start of main, or switch on the axonpush feature `rustls`";
