//! Whole numbers and times, in decimal.
#![expect(clippy::cast_possible_truncation, reason = "a remainder is smaller than what it is the remainder of")]

use std::{
    ops::Deref,
    time::{Duration, SystemTime},
};

/// A number in decimal.
pub(crate) struct Decimal {
    digits: [u8; 24],
    first: usize,
}

impl Decimal {
    #[inline]
    pub(crate) fn of(mut number: u64) -> Self {
        /// As many digits as a division takes off at once.
        const PART: u64 = 100_000_000;

        let count = number.checked_ilog10().unwrap_or_default() as usize + 1;
        let mut digits = [0; 24];
        let (parts, _) = digits.as_chunks_mut();
        for part in parts.iter_mut().rev() {
            *part = eight_digits((number % PART) as u32);
            number /= PART;
            if number == 0 {
                break;
            }
        }
        Self { first: digits.len() - count, digits }
    }
}

impl Deref for Decimal {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.digits.get(self.first..).unwrap_or_default()
    }
}

/// What follows the point of seconds, to the nanosecond.
pub(crate) fn subseconds(time: Duration) -> [u8; 9] {
    let nanos = time.subsec_nanos();
    let mut digits = [b'0' + (nanos % 10) as u8; 9];
    if let Some(first) = digits.first_chunk_mut() {
        *first = eight_digits(nanos / 10);
    }
    digits
}

/// Appends a number.
#[inline]
pub(crate) fn write_number(value: u64, out: &mut Vec<u8>) {
    match u8::try_from(value) {
        Ok(value @ ..10) => out.push(b'0' + value),
        Ok(value @ ..100) => out.extend_from_slice(&[b'0' + value / 10, b'0' + value % 10]),
        _ => out.extend_from_slice(&Decimal::of(value)),
    }
}

/// A number below 10^8 in decimal, zeros before it included.
#[inline]
fn eight_digits(value: u32) -> [u8; 8] {
    let (high, low) = (value / 10_000, value % 10_000);
    let mut digits = [0; 8];
    let (pairs, _) = digits.as_chunks_mut();
    for (pair, value) in pairs.iter_mut().zip([high / 100, high % 100, low / 100, low % 100]) {
        *pair = [value / 10, value % 10].map(|digit| b'0' + digit as u8);
    }
    digits
}

/// Appends a number with its sign.
pub(crate) fn write_signed(value: i64, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    write_number(value.unsigned_abs(), out);
}

/// Appends nanoseconds since the epoch, as a string: beyond 2^53 a JSON number would lose digits on the way.
pub(crate) fn write_nanos(time: SystemTime, out: &mut Vec<u8>) {
    out.push(b'"');
    write_number(nanos(time), out);
    out.push(b'"');
}

/// Nanoseconds since the epoch. Until the year 2554 they fit; beyond that the largest will do.
pub(crate) fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    since.as_secs().saturating_mul(1_000_000_000).saturating_add(since.subsec_nanos().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_epoch_and_the_last_moment_have_their_digits() {
        // The largest time some systems have.
        for nanos in [0, 10, 100_000_000, 10_000_000_000_000_000, i64::MAX.unsigned_abs()] {
            let mut out = Vec::new();
            write_nanos(SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), format!("\"{nanos}\""));
        }
    }

    proptest::proptest! {
        #[test]
        fn numbers_are_written_as_everybody_writes_them(value: u64, digits in 0..64, nanos in 0_u32..1_000_000_000) {
            // Small ones as often as large ones.
            let value = value >> digits;
            let mut out = Vec::new();
            write_number(value, &mut out);
            proptest::prop_assert_eq!(out, value.to_string().into_bytes());
            proptest::prop_assert_eq!(Decimal::of(value).to_vec(), value.to_string().into_bytes());
            let nine = subseconds(Duration::new(7, nanos));
            proptest::prop_assert_eq!(std::str::from_utf8(&nine).unwrap(), format!("{nanos:09}"));
        }

        #[test]
        fn a_sign_stands_before_its_number(value: i64) {
            let mut out = Vec::new();
            write_signed(value, &mut out);
            proptest::prop_assert_eq!(out, value.to_string().into_bytes());
        }
    }
}
