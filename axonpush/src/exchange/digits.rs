//! Numbers as text.

use std::{ops::Deref, time::Duration};

/// A number in decimal.
pub(super) struct Decimal {
    digits: [u8; 20],
    first: usize,
}

impl Decimal {
    pub(super) fn of(mut number: u64) -> Self {
        let mut digits = [b'0'; 20];
        let mut first = digits.len();
        for (place, digit) in digits.iter_mut().enumerate().rev() {
            (*digit, first) = (b'0' + (number % 10) as u8, place);
            number /= 10;
            if number == 0 {
                break;
            }
        }
        Self { digits, first }
    }
}

impl Deref for Decimal {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.digits.get(self.first..).unwrap_or_default()
    }
}

/// What follows the point, to the nanosecond.
pub(super) fn subseconds(time: Duration) -> [u8; 9] {
    let mut rest = time.subsec_nanos();
    let mut digits = [b'0'; 9];
    // Two digits a division.
    for pair in digits.rchunks_exact_mut(2) {
        if let [tens, ones] = pair {
            let two = (rest % 100) as u8;
            rest /= 100;
            (*tens, *ones) = (b'0' + two / 10, b'0' + two % 10);
        }
    }
    if let Some(first) = digits.first_mut() {
        *first = b'0' + (rest % 10) as u8;
    }
    digits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_are_written_as_everybody_writes_them(number: u64, nanos in 0_u32..1_000_000_000) {
            prop_assert_eq!(Decimal::of(number).to_vec(), number.to_string().into_bytes());
            let nine = subseconds(Duration::new(7, nanos));
            prop_assert_eq!(std::str::from_utf8(&nine).unwrap(), format!("{nanos:09}"));
        }
    }

    #[test]
    fn zero_is_a_digit() {
        assert_eq!(&*Decimal::of(0), b"0");
    }
}
