//! W3C Trace Context, level 1 and 2: the `traceparent` header.

use std::{fmt, str::FromStr};

use super::hex::hex_digits;
use crate::{error::Error, event::id::random_words};

/// A parsed `traceparent` header.
///
/// ```
/// use axonpush::TraceParent;
/// let parent: TraceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse()?;
/// assert_eq!(parent.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
/// assert!(parent.is_sampled());
/// # Ok::<(), axonpush::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceParent {
    trace_id: Hex<32>,
    span_id: Hex<16>,
    flags: u8,
}

impl TraceParent {
    /// The root of a new, sampled trace.
    pub fn generate() -> Self {
        let [high, low, span] = random_words();
        Self { trace_id: Hex::of([high, low]), span_id: Hex::of([span]), flags: 1 }
    }

    /// A new span in the same trace. Of the flags it keeps those the specification knows, sampled and random trace id;
    /// what others mean is for their version to say.
    pub fn child(&self) -> Self {
        Self { span_id: Hex::of(random_words::<1>()), flags: self.flags & 0b11, ..*self }
    }

    /// Reads a header value; `None` unless the specification says it is valid. Versions after 00 are read as far as
    /// version 00 reaches, as the specification asks.
    pub fn parse(header: &[u8]) -> Option<Self> {
        const LENGTH: usize = 55;
        let version = hex_byte(header.get(..2)?)?;
        let separated = [2, 35, 52].iter().all(|at| header.get(*at) == Some(&b'-'));
        let ends = match header.get(LENGTH) {
            None => header.len() == LENGTH,
            Some(b'-') => version != 0,
            Some(_) => false,
        };
        if !separated || !ends || version == 0xff {
            return None;
        }
        Some(Self {
            trace_id: Hex::parse(header.get(3..35)?)?,
            span_id: Hex::parse(header.get(36..52)?)?,
            flags: hex_byte(header.get(53..55)?)?,
        })
    }

    /// The trace id: 32 lowercase hex digits.
    pub fn trace_id(&self) -> &str {
        self.trace_id.as_str()
    }

    /// As [`trace_id`](Self::trace_id), for whoever writes bytes.
    pub(crate) fn trace_id_digits(&self) -> &[u8] {
        &self.trace_id.0
    }

    /// As [`span_id`](Self::span_id), for whoever writes bytes.
    pub(crate) fn span_id_digits(&self) -> &[u8] {
        &self.span_id.0
    }

    /// The span id: 16 lowercase hex digits.
    pub fn span_id(&self) -> &str {
        self.span_id.as_str()
    }

    /// Whether the caller may have recorded this trace.
    pub fn is_sampled(&self) -> bool {
        self.flags & 1 == 1
    }
}

impl FromStr for TraceParent {
    type Err = Error;

    fn from_str(header: &str) -> Result<Self, Self::Err> {
        Self::parse(header.as_bytes()).ok_or_else(|| {
            Error::invalid(format!(
                "a traceparent of {} bytes is not of the form 00-<32 hex>-<16 hex>-<2 hex> with non-zero ids",
                header.len(),
            ))
        })
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{:02x}", self.trace_id(), self.span_id(), self.flags)
    }
}

/// `N` lowercase hex digits, not all zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Hex<const N: usize>([u8; N]);

impl<const N: usize> Hex<N> {
    /// As many words as there are digits for.
    fn of<const WORDS: usize>(words: [u64; WORDS]) -> Self {
        let mut digits = [b'0'; N];
        for (chunk, word) in digits.chunks_exact_mut(16).zip(words) {
            chunk.copy_from_slice(&hex_digits(word));
        }
        // All zero means "no id"; a generator that says so by chance is corrected.
        if words.iter().all(|word| *word == 0) {
            digits.fill(b'1');
        }
        Self(digits)
    }

    fn parse(digits: &[u8]) -> Option<Self> {
        let hex = digits.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !hex || digits.iter().all(|byte| *byte == b'0') {
            return None;
        }
        digits.try_into().ok().map(Self)
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl<const N: usize> fmt::Debug for Hex<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    digits.iter().try_fold(0_u8, |byte, digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(byte << 4 | value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    #[test]
    fn valid_headers_are_read() {
        for (header, sampled) in [
            (format!("00-{TRACE}-{SPAN}-01"), true),
            (format!("00-{TRACE}-{SPAN}-00"), false),
            (format!("00-{TRACE}-{SPAN}-03"), true),
            (format!("cc-{TRACE}-{SPAN}-01"), true),
            (format!("cc-{TRACE}-{SPAN}-01-what-the-future-holds"), true),
        ] {
            let parent = TraceParent::parse(header.as_bytes()).expect(&header);
            assert_eq!((parent.trace_id(), parent.span_id(), parent.is_sampled()), (TRACE, SPAN, sampled));
        }
    }

    #[test]
    fn invalid_headers_are_not() {
        for header in [
            String::new(),
            "00".to_owned(),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-01-extra"),
            format!("00-{TRACE}-{SPAN}-01 "),
            format!("cc-{TRACE}-{SPAN}-01x"),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{}-{SPAN}-01", "0".repeat(32)),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00_{TRACE}_{SPAN}_01"),
            format!("0x-{TRACE}-{SPAN}-01"),
            "é".repeat(28),
        ] {
            assert!(TraceParent::parse(header.as_bytes()).is_none(), "{header}");
        }
    }

    #[test]
    fn a_child_keeps_the_trace_and_gets_a_span_of_its_own() {
        let root = TraceParent::generate();
        let child = root.child();
        assert_eq!(root.trace_id(), child.trace_id());
        assert_ne!(root.span_id(), child.span_id());
    }

    #[test]
    fn a_child_passes_on_the_flags_that_are_known_and_no_others() {
        for (flags, passed_on) in [("00", "00"), ("01", "01"), ("02", "02"), ("03", "03"), ("ff", "03"), ("fc", "00")] {
            let parent: TraceParent = format!("00-{TRACE}-{SPAN}-{flags}").parse().unwrap();
            let child = parent.child().to_string();
            assert_eq!(child.get(53..), Some(passed_on), "{parent} had {child}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_generated_reads_back(_case: u8) {
            let parent = TraceParent::generate();
            proptest::prop_assert_eq!(TraceParent::parse(parent.to_string().as_bytes()), Some(parent));
        }
    }
}
