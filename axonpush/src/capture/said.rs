//! Writing what a record says, whatever code of the application it takes.

use std::{
    error::Error,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::event::{
    draft::Draft,
    json::{self, Refusal},
};

/// Causes of an error that are told.
const MAX_CAUSES: usize = 16;

/// Bytes of a type's name.
const MAX_TYPE: usize = 256;

/// Adds an attribute. One that has no JSON form is left out, and costs nothing else.
pub(super) fn add(draft: &mut Draft<'_>, key: &str, write: impl FnOnce(&mut Vec<u8>) -> Result<(), Refusal>) {
    let _left_out = draft.attribute(key, write);
}

/// Adds what is known of an error, unless another one was there before it.
pub(super) fn add_exception(draft: &mut Draft<'_>, error: &(dyn Error + 'static)) {
    if draft.has("exception.message") {
        return;
    }
    add_missing(draft, "exception.message", |out| write_display(&error, out));
    if let Some(name) = type_name(error) {
        add_missing(draft, "exception.type", |out| write_text(&name, out));
    }
    let before = draft.len();
    // A `source` is code of the application, and may panic in the middle.
    if catch_unwind(AssertUnwindSafe(|| add_causes(draft, error))).is_err() {
        draft.truncate(before);
    }
}

fn add_causes(draft: &mut Draft<'_>, error: &(dyn Error + 'static)) {
    let Some(first) = error.source() else { return };
    add_missing(draft, "exception.causes", |out| {
        out.push(b'[');
        write_display(&first, out);
        let mut cause = first.source();
        for _ in 1..MAX_CAUSES {
            let Some(known) = cause else { break };
            out.push(b',');
            write_display(&known, out);
            cause = known.source();
        }
        out.push(b']');
    });
}

/// Adds an attribute where there is none of its name.
pub(super) fn add_missing(draft: &mut Draft<'_>, key: &str, write: impl FnOnce(&mut Vec<u8>)) {
    if !draft.has(key) {
        add(draft, key, |out| {
            write(out);
            Ok(())
        });
    }
}

/// The name of an error's type, as far as its `Debug` begins with one, which a derived one does.
fn type_name(error: &(dyn Error + 'static)) -> Option<String> {
    let mut text = Vec::new();
    write_debug(&error, &mut text);
    let text: String = serde_json::from_slice(&text).ok()?;
    let end = text.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | ':')).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    let is_name = name.starts_with(char::is_uppercase) && name.len() <= MAX_TYPE;
    let rest = rest.trim_start();
    (is_name && (rest.is_empty() || rest.starts_with(['(', '{']))).then(|| name.to_owned())
}

/// Appends text as a JSON string.
pub(super) fn write_text(text: &str, out: &mut Vec<u8>) {
    json::write_str(json::prefix(text, json::MAX_STRING_BYTES), out);
}

/// Appends what a value's `Display` writes.
pub(super) fn write_display(value: &dyn fmt::Display, out: &mut Vec<u8>) {
    write_guarded(out, |text| write!(text, "{value}"));
}

/// Appends what a value's `Debug` writes.
pub(super) fn write_debug(value: &dyn fmt::Debug, out: &mut Vec<u8>) {
    write_guarded(out, |text| write!(text, "{value:?}"));
}

/// Appends what code of the application writes, which may panic.
fn write_guarded(out: &mut Vec<u8>, show: impl FnOnce(&mut dyn fmt::Write) -> fmt::Result) {
    let start = out.len();
    let shown = catch_unwind(AssertUnwindSafe(|| json::write_shown(&mut *out, show)));
    if shown.is_err() {
        out.truncate(start);
        json::write_plain_str("[panicked while it was shown]", out);
    }
}
