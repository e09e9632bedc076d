//! The numbers by which long texts are looked up: an index of them is a third as large as one of the texts.

/// A number that follows from `text`, today and in any file of another day: FNV-1a of 64 bits.
///
/// Two texts may have the same, so whoever finds something by it compares the text as well.
pub(super) fn hash(text: &str) -> i64 {
    text.bytes().fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME)).cast_signed()
}

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;

#[cfg(test)]
mod tests {
    #[test]
    fn the_published_values_hold() {
        for (text, value) in
            [("", 0xcbf2_9ce4_8422_2325_u64), ("a", 0xaf63_dc4c_8601_ec8c), ("foobar", 0x8594_4171_f739_67e8)]
        {
            assert_eq!(super::hash(text), value.cast_signed(), "{text}");
        }
    }
}
