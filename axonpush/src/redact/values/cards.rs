//! Numbers of payment cards.

/// Whether digits are the number of a card: a length and a beginning that some network gives out, and the right check
/// digit. Of random numbers about one in two hundred passes.
pub(super) fn is_card(digits: impl Iterator<Item = u8>) -> bool {
    let mut number = [0; 19];
    let mut length = 0;
    for digit in digits {
        // No network gives out numbers that begin like this.
        if length == 0 && !matches!(digit, b'2'..=b'6') {
            return false;
        }
        let Some(place) = number.get_mut(length) else { return false };
        *place = digit.wrapping_sub(b'0');
        length += 1;
    }
    let Some(number) = number.get(..length) else { return false };
    is_given_out(number) && luhn(number)
}

fn is_given_out(number: &[u8]) -> bool {
    let [first, second, ..] = number else { return false };
    let lengths: &[usize] = match (first, second) {
        // Visa.
        (4, _) => &[13, 16, 19],
        // Mastercard, and JCB.
        (5, 1..=5) | (2, 2..=7) | (3, 5) => &[16],
        // American Express.
        (3, 4 | 7) => &[15],
        // Diners Club.
        (3, 0 | 6 | 8) => &[14],
        // Discover, UnionPay, Maestro.
        (6, _) => &[16, 17, 18, 19],
        _ => &[],
    };
    lengths.contains(&number.len())
}

fn luhn(number: &[u8]) -> bool {
    let sum: u32 = number
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(*digit) << (place % 2);
            digit / 10 + digit % 10
        })
        .sum();
    sum.is_multiple_of(10)
}
