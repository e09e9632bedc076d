//! Looking at many bytes at a time. Strings are most of what an event is made of, and every byte of them is looked at
//! several times: for what must be escaped, and for where they end.

const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);

/// Whether text holds a byte that JSON escapes: a quote, a backslash or a control character.
#[inline]
pub(super) fn needs_escape(text: &[u8]) -> bool {
    holds(text, |word| {
        let controls = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        controls | quotes(word)
    })
}

/// Whether text holds a backslash.
#[inline]
pub(crate) fn has_backslash(text: &[u8]) -> bool {
    holds(text, |word| zeros(word ^ (ONES * u64::from(b'\\'))))
}

/// Whether `marks` marks a byte in any eight of text.
#[inline]
fn holds(text: &[u8], marks: impl Fn(u64) -> u64) -> bool {
    // The last bytes may be looked at twice, which is faster than one by one.
    let Some(last) = text.last_chunk() else { return marks(short(text)) != 0 };
    // Without a way out in the middle, so that the compiler may do several words at once.
    let (words, _) = text.as_chunks();
    let found = words.iter().fold(0, |found, word| found | marks(u64::from_le_bytes(*word)));
    found | marks(u64::from_le_bytes(*last)) != 0
}

/// The bytes of a text of less than eight, and others that nobody looks for.
#[inline]
fn short(text: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        return u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32;
    }
    let at = |index| text.get(index).copied().unwrap_or(b'x');
    u64::from_le_bytes([at(0), at(1), at(2), b'x', b'x', b'x', b'x', b'x'])
}

/// Where the first quote or backslash stands.
#[inline]
pub(in crate::event) fn quote_or_backslash(text: &[u8]) -> Option<usize> {
    let (words, rest) = text.as_chunks::<8>();
    for (i, word) in words.iter().enumerate() {
        let found = quotes(u64::from_le_bytes(*word));
        if found != 0 {
            return Some(8 * i + found.trailing_zeros() as usize / 8);
        }
    }
    let at = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    Some(8 * words.len() + at)
}

/// The high bit of every byte that is a quote or backslash. Bytes after the first such one may be marked wrongly, so
/// only the lowest mark counts.
fn quotes(word: u64) -> u64 {
    zeros(word ^ (ONES * u64::from(b'"'))) | zeros(word ^ (ONES * u64::from(b'\\')))
}

fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGHS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn eight_at_a_time_finds_what_one_at_a_time_finds(bytes in prop::collection::vec(prop_oneof![
            any::<u8>(), Just(b'"'), Just(b'\\'), Just(0x1f), Just(0x20), Just(b'x'), Just(b'!'), Just(b'#'), Just(0xa2)
        ], 0..40)) {
            let special = |byte: &u8| matches!(byte, b'"' | b'\\');
            prop_assert_eq!(quote_or_backslash(&bytes), bytes.iter().position(special));
            prop_assert_eq!(needs_escape(&bytes), bytes.iter().any(|byte| special(byte) || *byte < 0x20));
            prop_assert_eq!(has_backslash(&bytes), bytes.contains(&b'\\'));
        }
    }
}
