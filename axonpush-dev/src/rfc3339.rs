//! Times as the contract spells them.

use std::str::FromStr;

use jiff::Timestamp;

/// A time in RFC 3339's own form. The time library reads more than that; a client that relies on it would be refused by
/// the service.
pub(crate) struct Rfc3339(pub(crate) Timestamp);

impl FromStr for Rfc3339 {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let shaped = text.bytes().enumerate().take(19).filter(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            10 => matches!(byte, b'T' | b't'),
            13 | 16 => *byte == b':',
            _ => byte.is_ascii_digit(),
        });
        let zoned = text.ends_with(['Z', 'z']) || text.get(text.len().wrapping_sub(6)..).is_some_and(is_offset);
        if shaped.count() != 19 || !zoned {
            return Err(());
        }
        text.parse().map(Self).map_err(drop)
    }
}

fn is_offset(text: &str) -> bool {
    let bytes = text.as_bytes();
    matches!(bytes.first(), Some(b'+' | b'-')) && bytes.get(3) == Some(&b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_forms_of_rfc_3339_are_times() {
        for text in ["2026-01-01T00:00:00Z", "2026-01-01t00:00:00.123456789z", "2026-01-01T00:00:00+02:00"] {
            assert!(text.parse::<Rfc3339>().is_ok(), "{text}");
        }
        for text in [
            "",
            "Z",
            "now",
            "2026-01-01",
            "20260101T000000Z",
            "2026-01-01 00:00:00Z",
            "2026-01-01T00:00Z",
            "2026-01-01T00:00:00",
            "2026-01-01T00:00:00Z[Europe/Paris]",
            "2026-13-01T00:00:00Z",
            "2026-01-01T00:00:00+0200",
            "\u{e9}26-01-01T00:00:00Z",
        ] {
            assert!(text.parse::<Rfc3339>().is_err(), "{text}");
        }
    }
}
