//! What a record says: its message and its fields, each with its type.

use std::{
    error::Error,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use tracing::field::{Field, Visit};

use super::known::Place;

use crate::event::{
    AttributeValue,
    draft::{self, Draft},
    json::{self, Refusal},
};

/// The field that is a record's body.
const MESSAGE: &str = "message";

/// Fields by which `tracing-log` passes on what a record of the `log` crate knows.
const OF_LOG: &str = "log.";

/// Causes of an error that are told.
const MAX_CAUSES: usize = 16;

/// Bytes of a type's name.
const MAX_TYPE: usize = 256;

/// Writes the message of an event as the body of a draft.
pub(super) struct Body<'a, 'd> {
    pub(super) draft: &'a mut Draft<'d>,
    pub(super) written: bool,
}

impl Body<'_, '_> {
    fn write(&mut self, field: &Field, write: impl FnOnce(&mut Vec<u8>)) {
        if field.name() == MESSAGE && !self.written {
            self.written = true;
            self.say(write);
        }
    }

    /// Writes the body.
    pub(super) fn say(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        // What can't be written is text by now.
        let _infallible = self.draft.value(draft::Field::Body, |out| {
            write(out);
            Ok(())
        });
    }
}

impl Visit for Body<'_, '_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.write(field, |out| write_text(value, out));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.write(field, |out| write_debug(value, out));
    }
}

/// Writes all other fields as attributes of a draft.
pub(super) struct Fields<'a, 'd> {
    pub(super) draft: &'a mut Draft<'d>,
    /// Whether fields of `tracing-log` are left out.
    pub(super) of_log: bool,
}

impl Fields<'_, '_> {
    fn add(&mut self, field: &Field, write: impl FnOnce(&mut Vec<u8>) -> Result<(), Refusal>) {
        let name = field.name();
        if name == MESSAGE || (self.of_log && name.starts_with(OF_LOG)) {
            return;
        }
        // `r#type` is how Rust spells `type`.
        add(self.draft, name.strip_prefix("r#").unwrap_or(name), write);
    }

    fn text(&mut self, field: &Field, write: impl FnOnce(&mut Vec<u8>)) {
        self.add(field, |out| {
            write(out);
            Ok(())
        });
    }
}

macro_rules! typed {
    ($($record:ident($kind:ty)),* $(,)?) => {$(
        fn $record(&mut self, field: &Field, value: $kind) {
            self.add(field, |out| AttributeValue::from(value).write(out));
        }
    )*};
}

impl Visit for Fields<'_, '_> {
    typed! {
        record_u64(u64), record_i64(i64), record_u128(u128), record_i128(i128), record_f64(f64), record_bool(bool),
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, |out| write_text(value, out));
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        self.text(field, |out| {
            json::write_shown(out, |text| value.iter().try_for_each(|byte| write!(text, "{byte:02x}")));
        });
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.text(field, |out| write_display(&value, out));
        add_exception(self.draft, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, |out| write_debug(value, out));
    }
}

/// Where a record of the `log` crate stands, as `tracing-log` passes it on.
#[derive(Default)]
pub(super) struct FromLog {
    target: Option<String>,
    module: Option<String>,
    file: Option<String>,
    line: Option<u32>,
}

impl FromLog {
    /// `None`: it comes from `tracing` itself.
    pub(super) fn of(event: &tracing::Event<'_>) -> Option<Self> {
        // All such events have one of few static descriptions, whose target is this.
        if event.metadata().target() != "log" || event.metadata().fields().field("log.target").is_none() {
            return None;
        }
        let mut from_log = Self::default();
        event.record(&mut from_log);
        Some(from_log)
    }

    pub(super) fn place(&self) -> Place<'_> {
        Place {
            target: self.target.as_deref().unwrap_or_default(),
            module: self.module.as_deref(),
            file: self.file.as_deref(),
            line: self.line,
        }
    }
}

impl Visit for FromLog {
    fn record_str(&mut self, field: &Field, value: &str) {
        let place = match field.name() {
            "log.target" => &mut self.target,
            "log.module_path" => &mut self.module,
            "log.file" => &mut self.file,
            _ => return,
        };
        *place = Some(value.to_owned());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "log.line" {
            self.line = u32::try_from(value).ok();
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

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
