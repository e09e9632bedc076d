//! Writing what a record says, whatever code of the application it takes.

use std::{
    error::Error,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::event::{
    AttributeValue,
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
    if let Some(name) = type_name(error) {
        add(draft, "exception.type", |out| AttributeValue::from(&name).write(out));
    }
    add(draft, "exception.message", |out| {
        write_display(&error, out);
        Ok(())
    });
    if error.source().is_some() {
        add(draft, "exception.causes", |out| {
            out.push(b'[');
            let mut cause = error.source();
            for n in 0..MAX_CAUSES {
                let Some(known) = cause else { break };
                if n > 0 {
                    out.push(b',');
                }
                write_display(&known, out);
                cause = known.source();
            }
            out.push(b']');
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
