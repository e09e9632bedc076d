//! Numbers in hex, as ids have them: lowercase, sixteen digits at once.

use uuid::Uuid;

/// A word in hex, sixteen digits at once.
pub(crate) fn hex_digits(word: u64) -> [u8; 16] {
    const ONES: u128 = u128::from_ne_bytes([1; 16]);
    // One digit to a byte, the halves of what is left moved apart again and again.
    let mut digits = u128::from(word);
    for (shift, mask) in [
        (32, 0x0000_0000_ffff_ffff_0000_0000_ffff_ffff),
        (16, 0x0000_ffff_0000_ffff_0000_ffff_0000_ffff),
        (8, 0x00ff_00ff_00ff_00ff_00ff_00ff_00ff_00ff),
        (4, 0x0f0f_0f0f_0f0f_0f0f_0f0f_0f0f_0f0f_0f0f),
    ] {
        digits = (digits | digits << shift) & mask;
    }
    // Ten and more carry into the upper half of their byte, and are letters.
    let letters = (digits + ONES * 6) >> 4 & ONES;
    (digits + ONES * u128::from(b'0') + letters * u128::from(b'a' - b'0' - 10)).to_be_bytes()
}

/// A UUID as everybody writes it, with its hyphens.
pub(crate) fn uuid_digits(id: Uuid) -> [u8; 36] {
    let (high, low) = id.as_u64_pair();
    let (high, low) = (hex_digits(high), hex_digits(low));
    let mut digits = [b'-'; 36];
    digits[..8].copy_from_slice(&high[..8]);
    digits[9..13].copy_from_slice(&high[8..12]);
    digits[14..18].copy_from_slice(&high[12..]);
    digits[19..23].copy_from_slice(&low[..4]);
    digits[24..].copy_from_slice(&low[4..]);
    digits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn hex_is_written_as_everybody_writes_it(high: u64, low: u64) {
            prop_assert_eq!(hex_digits(low).to_vec(), format!("{low:016x}").into_bytes());
            let id = Uuid::from_u64_pair(high, low);
            prop_assert_eq!(uuid_digits(id).to_vec(), id.to_string().into_bytes());
        }
    }
}
