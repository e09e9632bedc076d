//! What an event of `tracing` says: its message and its fields, each with its type.

use std::{error::Error, fmt};

use tracing::field::{Field, Visit};

use super::{
    known::Place,
    said::{add, add_exception, write_debug, write_display, write_text},
};
use crate::event::{
    AttributeValue,
    draft::{self, Draft},
    json::{self, Refusal},
};

/// The field that is a record's body.
const MESSAGE: &str = "message";

/// Fields by which `tracing-log` passes on what a record of the `log` crate knows.
const OF_LOG: &str = "log.";

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
    /// Whether the message is one of them: a span has no body for it.
    pub(super) of_span: bool,
    /// Whether fields of `tracing-log` are left out.
    pub(super) of_log: bool,
}

impl Fields<'_, '_> {
    fn add(&mut self, field: &Field, write: impl FnOnce(&mut Vec<u8>) -> Result<(), Refusal>) {
        let name = field.name();
        if (name == MESSAGE && !self.of_span) || (self.of_log && name.starts_with(OF_LOG)) {
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
