//! Patterns of the caller's own.

use std::{
    borrow::Cow,
    fmt,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use super::policy::RedactionPolicy;
use crate::event::json;

/// Something to hide in text that only the application knows: customer numbers, internal tokens.
///
/// ```
/// use axonpush::{RedactionPattern, RedactionPolicy};
/// let policy = RedactionPolicy::new().redact_patterns([
///     // `cust_` and at least eight letters, digits, `_` or `-`.
///     RedactionPattern::token("customer", "cust_", 8),
///     // Anything that a function finds; with a regular expression: `|text| Some(regex.find(text)?.range())`.
///     RedactionPattern::new("iban", |text| text.find("DE89").map(|at| at..text.len().min(at + 22))),
/// ]);
/// let report = policy.inspect(&serde_json::json!({"note": "paid by cust_00112233 today"}))?;
/// assert_eq!(report.to_string(), "/note: [REDACTED_CUSTOMER]");
/// # Ok::<(), axonpush::Error>(())
/// ```
///
/// # When it runs, and what it costs
///
/// On the caller's thread, once for each string value that no key hides, before anything else is searched for, and for
/// as long as it finds something. Patterns run in the order they were given, each over what those before it left. A
/// policy without patterns reads most text in one quick look; with one, every string is decoded and handed over, about
/// a hundred nanoseconds each beside the time of the pattern itself.
///
/// Keys, numbers and the ids of an event are not handed over.
///
/// # It fails closed
///
/// When the function panics, answers with a range that is empty or is none of the text, or finds more than 1000 places
/// in one string, the whole string becomes `[REDACTED]`; so does one that is no Unicode text. A panic is still reported by the panic hook, and ends the
/// process where the program is built to abort on one.
#[derive(Clone)]
pub struct RedactionPattern {
    mask: Arc<str>,
    find: Arc<AssertUnwindSafe<Box<Find>>>,
}

type Find = dyn Fn(&str) -> Option<Range<usize>> + Send + Sync;

/// Places in one string that one pattern may find.
const MAX_PLACES: usize = 1000;

/// Characters of a label that are kept.
const MAX_LABEL: usize = 32;

const HIDDEN: &str = "[REDACTED]";

impl RedactionPattern {
    /// What `find` finds first in a text is replaced by `[REDACTED_LABEL]`, and the rest is handed over again. The label
    /// is put in capitals, at most 32 letters, digits and `_`.
    pub fn new(label: &str, find: impl Fn(&str) -> Option<Range<usize>> + Send + Sync + 'static) -> Self {
        let label =
            label.chars().take(MAX_LABEL).map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' });
        let label: String = label.collect();
        let mask = if label.is_empty() { HIDDEN.to_owned() } else { format!("[REDACTED_{label}]") };
        Self { mask: mask.into(), find: Arc::new(AssertUnwindSafe(Box::new(find))) }
    }

    /// A token that begins with `prefix`, at the beginning of a word, with at least `least` (and one) ASCII letters,
    /// digits, `_` or `-` behind it. An empty prefix finds nothing.
    pub fn token(label: &str, prefix: impl Into<String>, least: usize) -> Self {
        let prefix = prefix.into();
        let belongs = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        Self::new(label, move |text| {
            let starts = text.match_indices(prefix.as_str()).map(|(start, _)| start).filter(|_| !prefix.is_empty());
            starts
                .filter(|start| {
                    !text.as_bytes().get(..*start).and_then(<[u8]>::last).is_some_and(u8::is_ascii_alphanumeric)
                })
                .find_map(|start| {
                    let rest = text.as_bytes().get(start + prefix.len()..)?;
                    let length = rest.iter().take_while(|byte| belongs(byte)).count();
                    (length >= least.max(1)).then_some(start..start + prefix.len() + length)
                })
        })
    }

    /// `text` with what this pattern finds masked; `None` when that is nothing.
    fn apply(&self, text: &str) -> Option<String> {
        let mut out = String::new();
        let mut rest = text;
        for _ in 0..MAX_PLACES {
            // What it has broken it breaks for itself: it is a function of the text.
            let Ok(found) = catch_unwind(AssertUnwindSafe(|| (self.find)(rest))) else {
                return Some(HIDDEN.to_owned());
            };
            let Some(found) = found else {
                return (rest.len() < text.len()).then(|| out + rest);
            };
            let (Some(before), Some(after)) = (rest.get(..found.start), rest.get(found.end..)) else {
                return Some(HIDDEN.to_owned());
            };
            if found.start >= found.end {
                return Some(HIDDEN.to_owned());
            }
            out.push_str(before);
            out.push_str(&self.mask);
            rest = after;
        }
        Some(HIDDEN.to_owned())
    }
}

/// `text`, the inside of a JSON string, with what the caller's patterns find masked; `None` when that is nothing.
pub(super) fn masked(text: &[u8], policy: &RedactionPolicy) -> Option<Vec<u8>> {
    let patterns = policy.patterns();
    if patterns.is_empty() {
        return None;
    }
    let quoted = [b"\"", text, b"\""].concat();
    // Half a surrogate pair, in JSON that came as a string: nobody can say what a pattern would find there.
    let Ok(text) = serde_json::from_slice::<String>(&quoted) else { return Some(HIDDEN.into()) };
    let mut text = Cow::Borrowed(text.as_str());
    for pattern in patterns {
        if let Some(masked) = pattern.apply(&text) {
            text = Cow::Owned(masked);
        }
    }
    let Cow::Owned(text) = text else { return None };
    let mut out = Vec::with_capacity(text.len() + 2);
    json::write_str(&text, &mut out);
    out.pop();
    Some(out.split_off(1))
}

/// Two are equal when one is a clone of the other.
impl PartialEq for RedactionPattern {
    fn eq(&self, other: &Self) -> bool {
        self.mask == other.mask && Arc::ptr_eq(&self.find, &other.find)
    }
}

impl Eq for RedactionPattern {}

impl fmt::Debug for RedactionPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RedactionPattern").field(&self.mask).finish()
    }
}
