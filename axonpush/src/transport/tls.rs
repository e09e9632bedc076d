//! Whether TLS can be had, asked before reqwest panics over it or fails at the first request.

use crate::error::Error;

/// Refuses an https server without TLS, and rustls without a provider. `what` is the URL in words.
pub(crate) fn check(what: &str, is_https: bool) -> Result<(), Error> {
    if !HAS_TLS && is_https {
        return Err(Error::config(format!(
            "{what} is https, but axonpush was built without TLS; \
             switch on one of its features `rustls`, `rustls-no-provider` and `native-tls`",
        )));
    }
    if !has_provider() {
        return Err(Error::config(
            "no TLS provider is installed; call rustls::crypto::ring::default_provider().install_default() \
             at the start of main, or switch on the axonpush feature `rustls`",
        ));
    }
    Ok(())
}

const HAS_TLS: bool = cfg!(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls"));

#[cfg(all(feature = "rustls-no-provider", not(feature = "rustls")))]
fn has_provider() -> bool {
    rustls::crypto::CryptoProvider::get_default().is_some()
}

#[cfg(not(all(feature = "rustls-no-provider", not(feature = "rustls"))))]
fn has_provider() -> bool {
    true
}
