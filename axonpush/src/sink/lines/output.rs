//! What a line of JSON is written to: text, or a JSON string that holds it.

use super::escape;
#[cfg(feature = "loki")]
use crate::event::{json, scan};

/// Takes a line piece by piece.
pub(super) trait Output {
    /// For what is the same everywhere: text without quotes, backslashes and whatever else is escaped.
    fn plain(&mut self) -> &mut Vec<u8>;

    /// Appends a quote.
    fn quote(&mut self);

    /// Appends JSON text or a part of it, in which nothing deceives.
    fn json(&mut self, text: &[u8]);

    /// Where it ends.
    fn end(&self) -> Place;

    /// Takes back what was written since.
    fn take_back(&mut self, to: Place);

    /// What was written since. Two texts are the same there if they are the same.
    fn since(&self, place: Place) -> &[u8];
}

/// A place that may be gone back to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    at: usize,
    #[cfg(feature = "loki")]
    escapes: usize,
}

/// The line itself.
pub(super) struct Text<'a>(pub(super) &'a mut Vec<u8>);

impl Output for Text<'_> {
    #[inline]
    fn plain(&mut self) -> &mut Vec<u8> {
        self.0
    }

    #[inline]
    fn quote(&mut self) {
        self.0.push(b'"');
    }

    #[inline]
    fn json(&mut self, text: &[u8]) {
        escape::append(text, self.0);
    }

    #[inline]
    fn end(&self) -> Place {
        Place {
            at: self.0.len(),
            #[cfg(feature = "loki")]
            escapes: 0,
        }
    }

    fn take_back(&mut self, to: Place) {
        self.0.truncate(to.at);
    }

    #[inline]
    fn since(&self, place: Place) -> &[u8] {
        self.0.get(place.at..).unwrap_or_default()
    }
}

/// What stands between the quotes of a JSON string that holds the line. To write it so at once is cheaper than to look
/// for all the quotes of a line, which are many.
#[cfg(feature = "loki")]
pub(super) struct Inside<'a> {
    out: &'a mut Vec<u8>,
    /// Holds text that is escaped twice.
    once: &'a mut Vec<u8>,
    start: usize,
    /// Bytes that the line itself lacks.
    escapes: usize,
}

#[cfg(feature = "loki")]
impl<'a> Inside<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>, once: &'a mut Vec<u8>) -> Self {
        let start = out.len();
        Self { out, once, start, escapes: 0 }
    }

    /// Bytes of the line itself.
    pub(super) fn line_len(&self) -> usize {
        self.out.len() - self.start - self.escapes
    }

    fn rare(&mut self, text: &[u8]) {
        self.once.clear();
        escape::append(text, self.once);
        let start = self.out.len();
        json::write_inside(&scan::lossy(self.once), self.out);
        self.escapes += self.out.len() - start - self.once.len();
    }
}

#[cfg(feature = "loki")]
impl Output for Inside<'_> {
    #[inline]
    fn plain(&mut self) -> &mut Vec<u8> {
        self.out
    }

    #[inline]
    fn quote(&mut self) {
        self.out.extend_from_slice(b"\\\"");
        self.escapes += 1;
    }

    #[inline]
    fn json(&mut self, text: &[u8]) {
        match text {
            [b'"', inside @ .., b'"'] if is_plain(inside) => {
                self.quote();
                self.out.extend_from_slice(inside);
                self.quote();
            }
            text if is_plain(text) => self.out.extend_from_slice(text),
            text => self.rare(text),
        }
    }

    #[inline]
    fn end(&self) -> Place {
        Place { at: self.out.len(), escapes: self.escapes }
    }

    fn take_back(&mut self, to: Place) {
        self.out.truncate(to.at);
        self.escapes = to.escapes;
    }

    #[inline]
    fn since(&self, place: Place) -> &[u8] {
        self.out.get(place.at..).unwrap_or_default()
    }
}

/// Whether text is the same in JSON in JSON.
#[cfg(feature = "loki")]
#[inline]
fn is_plain(text: &[u8]) -> bool {
    // Without a way out in the middle, so that the compiler may look at many bytes at a time.
    !text.iter().fold(false, |found, byte| found | !matches!(byte, b' '..=b'!' | b'#'..=b'[' | b']'..=b'~'))
}
