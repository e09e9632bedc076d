//! The characters of a key, and the ones that only hide it from a list.

/// A key without case and separators.
pub(in crate::redact) fn folded(key: &str) -> String {
    key.chars().filter(|c| !is_separator(*c)).flat_map(char::to_lowercase).collect()
}

/// A key in ASCII: full-width letters become plain ones, what nobody sees goes, and a letter of another script becomes
/// a byte that separates nothing and matches nothing.
pub(super) fn to_ascii(key: &str) -> Vec<u8> {
    key.chars()
        .filter_map(|c| match c {
            '\u{ff01}'..='\u{ff5e}' => u8::try_from(u32::from(c) - 0xfee0).ok(),
            _ if c.is_ascii() => u8::try_from(c).ok(),
            _ if c.is_whitespace() => Some(b' '),
            _ if is_dash(c) => Some(b'-'),
            _ if c.is_control() || is_ignorable(c) => None,
            _ => Some(0xff),
        })
        .collect()
}

pub(super) fn is_ascii_separator(byte: u8) -> bool {
    SEPARATORS.get(usize::from(byte)).is_some_and(|separator| *separator)
}

const SEPARATORS: [bool; 256] = {
    let mut separators = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        separators[byte as usize] = !byte.is_ascii_alphanumeric();
        byte += 1;
    }
    separators
};

fn is_separator(c: char) -> bool {
    c.is_ascii_punctuation() || c.is_whitespace() || c.is_control() || is_dash(c) || is_ignorable(c)
}

fn is_dash(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}')
}

/// Unicode's `Default_Ignorable_Code_Point`: zero-width, bidirectional, variation selectors, tags.
fn is_ignorable(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}
