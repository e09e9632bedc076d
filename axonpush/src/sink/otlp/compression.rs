//! Making batches smaller on the wire.

use http::HeaderValue;

/// How OTLP batches are compressed. Single events never are: they are too small to gain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// gzip at its fastest level: a batch of logs shrinks to about a tenth, for some 10 ms of the worker's time a
    /// megabyte. The server must take `Content-Encoding: gzip`; OTLP receivers do.
    #[cfg(feature = "gzip")]
    #[cfg_attr(docsrs, doc(cfg(feature = "gzip")))]
    Gzip,
}

impl Compression {
    /// What goes on the wire, and how to name what was done to it.
    pub(in crate::sink) fn apply(self, body: Vec<u8>) -> (Vec<u8>, Option<HeaderValue>) {
        match self {
            Self::None => (body, None),
            #[cfg(feature = "gzip")]
            Self::Gzip => match gzip(&body) {
                Ok(smaller) => (smaller, Some(HeaderValue::from_static("gzip"))),
                // Writing to memory does not fail; if it did, the batch would go as it is.
                Err(_) => (body, None),
            },
        }
    }
}

#[cfg(feature = "gzip")]
fn gzip(body: &[u8]) -> std::io::Result<Vec<u8>> {
    use std::io::Write as _;

    let out = Vec::with_capacity(body.len() / 4 + 64);
    let mut encoder = flate2::write::GzEncoder::new(out, flate2::Compression::fast());
    encoder.write_all(body)?;
    encoder.finish()
}
