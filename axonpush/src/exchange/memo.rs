//! Texts that come again and again, such as a browser's name and a route's template, and that have nothing to escape or
//! to mask: to look for that costs much more than to write them.

use std::cell::RefCell;

use crate::client::Snapshot;

/// Texts a thread remembers.
const TEXTS: usize = 32;

/// Bytes of the longest one.
const LONGEST: usize = 512;

thread_local!(static PLAIN: RefCell<Vec<Text>> = const { RefCell::new(Vec::new()) });

#[derive(Default)]
struct Text {
    /// Another client, or the same one with other settings, may mask something in it.
    settings: u64,
    text: Vec<u8>,
}

/// Whether `client` is known to write a text as it stands.
pub(super) fn is_plain(client: &Snapshot, text: &[u8]) -> bool {
    let (Some(id), Some(place)) = (client.id(), place(text)) else { return false };
    // A thread that is ending remembers nothing.
    let known = PLAIN
        .try_with(|texts| texts.borrow().get(place).is_some_and(|known| known.settings == id && known.text == text));
    known.unwrap_or(false)
}

/// Remembers that `client` wrote `text` as `written`, if that is as it stands. What was masked is not kept.
pub(super) fn wrote(client: &Snapshot, text: &[u8], written: &[u8]) {
    let (Some(id), Some(place)) = (client.id(), place(text)) else { return };
    if !matches!(written, [b'"', inside @ .., b'"'] if inside == text) {
        return;
    }
    let _ending = PLAIN.try_with(|texts| {
        let mut texts = texts.borrow_mut();
        if texts.is_empty() {
            texts.resize_with(TEXTS, Text::default);
        }
        if let Some(known) = texts.get_mut(place) {
            known.settings = id;
            known.text.clear();
            known.text.extend_from_slice(text);
        }
    });
}

/// Where a text is remembered, if it is. Two that share a place take turns.
fn place(text: &[u8]) -> Option<usize> {
    let (first, last) = (text.first_chunk::<8>()?, text.last_chunk::<8>()?);
    let middle = text.get(text.len() / 2 - 4..)?.first_chunk::<8>()?;
    let mixed = [first, middle, last].into_iter().fold(text.len() as u64, |mixed, word| {
        (mixed ^ u64::from_le_bytes(*word)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
    });
    (text.len() <= LONGEST).then_some((mixed >> 32) as usize % TEXTS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::MemorySink;

    #[test]
    fn a_text_is_known_to_its_client_once_it_was_written_as_it_stands() {
        let (one, another) = (MemorySink::new().client().snapshot(), MemorySink::new().client().snapshot());
        let text = b"/orders/{id}/items";
        assert!(!is_plain(&one, text));
        wrote(&one, text, b"\"/orders/{id}/items\"");
        assert!(is_plain(&one, text) && !is_plain(&another, text) && !is_plain(&one, b"/orders/{id}/prices"));
        wrote(&another, text, b"\"/orders/{id}/items\"");
        assert!(!is_plain(&one, text) && is_plain(&another, text), "they take turns");
    }

    #[test]
    fn what_was_escaped_or_masked_is_not_kept_nor_what_is_very_short_or_long() {
        let client = MemorySink::new().client().snapshot();
        let long = "x".repeat(LONGEST + 1);
        for (text, written) in [
            ("say \"hello\"", r#""say \"hello\"""#),
            ("password=canary", "\"password=[REDACTED]\""),
            ("short", "\"short\""),
            (&long, &format!("\"{long}\"")),
        ] {
            wrote(&client, text.as_bytes(), written.as_bytes());
            assert!(!is_plain(&client, text.as_bytes()), "{text}");
        }
        wrote(&Snapshot::disabled(), b"/orders/{id}", b"\"/orders/{id}\"");
        assert!(!is_plain(&Snapshot::disabled(), b"/orders/{id}"));
    }
}
