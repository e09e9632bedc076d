//! Text that is escaped while it is written.

use std::fmt;

use super::{MAX_STRING_BYTES, prefix, write_inside};

/// Appends what `show` writes, as a JSON string. Of endless text as much as an event could carry is kept, and what was
/// written before an error stays.
pub(crate) fn write_shown(out: &mut Vec<u8>, show: impl FnOnce(&mut dyn fmt::Write) -> fmt::Result) {
    out.push(b'"');
    let _cut = show(&mut Escaping { out, left: MAX_STRING_BYTES });
    out.push(b'"');
}

struct Escaping<'a> {
    out: &'a mut Vec<u8>,
    left: usize,
}

impl fmt::Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let kept = prefix(text, self.left);
        write_inside(kept, self.out);
        self.left -= kept.len();
        if kept.len() < text.len() {
            // Nothing of what comes later may follow what was cut.
            self.left = 0;
            return Err(fmt::Error);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(show: impl FnOnce(&mut dyn fmt::Write) -> fmt::Result) -> String {
        let mut out = Vec::new();
        write_shown(&mut out, show);
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn what_is_shown_is_escaped_piece_by_piece() {
        assert_eq!(shown(|out| write!(out, "{:?} \n{}\\", "a\"b", 1)), "\"a\\\"b\" \n1\\");
    }

    #[test]
    fn endless_text_is_cut_and_broken_text_kept() {
        let endless = shown(|out| {
            while out.write_str("é").is_ok() {}
            // Whoever ignores that it was enough adds nothing.
            let _ignored = out.write_str("x");
            Ok(())
        });
        assert_eq!(endless.len(), MAX_STRING_BYTES);
        assert!(endless.ends_with('é'));
        let broken = shown(|out| {
            out.write_str("half")?;
            Err(fmt::Error)
        });
        assert_eq!(broken, "half");
    }
}
