//! A record on its way through the steps: borrowed until one of them changes it.

use std::{borrow::Cow, cell::Cell, fmt, mem};

use super::value::LogValue;
use crate::event::{
    AttributeValue, Severity,
    draft::{Edit, Field, Guard, Part, Parts, find},
    json, scan,
};

/// A log record, as a step of a [`Pipeline`](crate::Pipeline) sees and changes it.
///
/// What can be seen is redacted, and what is written passes the client's [`RedactionPolicy`](crate::RedactionPolicy) like
/// anything else. Looking costs a walk over the record's fields; the first change copies the record into a buffer that
/// the thread keeps.
pub struct LogView<'a> {
    severity: Severity,
    guard: &'a dyn Guard,
    original: &'a [u8],
    /// Empty until something is changed.
    changed: Vec<u8>,
    is_discarded: bool,
}

impl<'a> LogView<'a> {
    pub(super) fn new(record: &'a [u8], severity: Severity, guard: &'a dyn Guard) -> Self {
        Self { severity, guard, original: record, changed: Vec::new(), is_discarded: false }
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// The module that logged it, or the identifier of an [`Event::log`](crate::Event::log).
    pub fn target(&self) -> Cow<'_, str> {
        self.field(Field::Identifier).map_or(Cow::Borrowed(""), |text| scan::unescaped_text(scan::inside(text)))
    }

    /// What it says.
    pub fn body(&self) -> LogValue<'_> {
        LogValue::new(self.field(Field::Body).unwrap_or(b"null"))
    }

    /// The trace it belongs to, if any.
    pub fn trace_id(&self) -> Option<Cow<'_, str>> {
        self.field(Field::Trace).map(|text| scan::unescaped_text(scan::inside(text)))
    }

    /// The value of an attribute.
    pub fn get(&self, key: &str) -> Option<LogValue<'_>> {
        with_key(key, |key| self.value(key)).map(LogValue::new)
    }

    /// All attributes, in their order.
    pub fn attributes(&self) -> impl Iterator<Item = (Cow<'_, str>, LogValue<'_>)> {
        Parts::of(self.record()).filter_map(|part| match part {
            Part::Attribute(key, value) => Some((scan::unescaped_text(key), LogValue::new(value))),
            Part::Moment(_) | Part::Field(..) => None,
        })
    }

    /// Sets an attribute, in the place it had or behind the others. A value that can't be sent, for it is nested too
    /// deep or too large, becomes `null`.
    pub fn set(&mut self, key: &str, value: impl Into<AttributeValue>) {
        let value = value.into();
        with_key(key, |key| self.set_escaped(key, &value));
    }

    /// Takes an attribute out; says whether there was one.
    pub fn remove(&mut self, key: &str) -> bool {
        with_key(key, |key| self.remove_all(|known| known == key))
    }

    /// Gives an attribute another name, in its place; one that has that name already goes. Says whether there was one.
    pub fn rename(&mut self, from: &str, to: &str) -> bool {
        with_key(from, |from| with_key(to, |to| self.rename_escaped(from, to)))
    }

    /// Leaves the record out, which is counted as [`filtered`](crate::Stats::filtered). The steps behind this one do not
    /// see it.
    pub fn discard(&mut self) {
        self.is_discarded = true;
    }

    pub(super) fn is_discarded(&self) -> bool {
        self.is_discarded
    }

    /// Whether any step has changed it.
    pub(super) fn is_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// The draft as it is now.
    pub(super) fn record(&self) -> &[u8] {
        if self.changed.is_empty() { self.original } else { &self.changed }
    }

    pub(super) fn field(&self, wanted: Field) -> Option<&[u8]> {
        Parts::of(self.record()).find_map(|part| match part {
            Part::Field(field, text) if field == wanted => Some(text),
            _ => None,
        })
    }

    /// The JSON text of an attribute. Keys of this and what follows are as they stand between their quotes.
    pub(super) fn value(&self, key: &[u8]) -> Option<&[u8]> {
        find(self.record(), |known| known == key).map(|spot| spot.value(self.record()))
    }

    pub(super) fn set_escaped(&mut self, key: &[u8], value: &AttributeValue) {
        self.edit().set(key, |out| value.write(out));
    }

    pub(super) fn set_json(&mut self, key: &[u8], value: &[u8]) {
        self.edit().set(key, |out| {
            out.extend_from_slice(value);
            Ok(())
        });
    }

    pub(super) fn rename_escaped(&mut self, from: &[u8], to: &[u8]) -> bool {
        let is_there = self.value(from).is_some();
        if is_there {
            self.edit().rename(from, to);
        }
        is_there
    }

    pub(super) fn remove_all(&mut self, unwanted: impl Fn(&[u8]) -> bool) -> bool {
        let mut is_any = false;
        while let Some(spot) = find(self.record(), &unwanted) {
            self.edit().remove(spot);
            is_any = true;
        }
        is_any
    }

    fn edit(&mut self) -> Edit<'_> {
        if self.changed.is_empty() {
            self.changed = BUFFER.try_with(Cell::take).unwrap_or_default();
            self.changed.clear();
            self.changed.extend_from_slice(self.original);
        }
        Edit::new(&mut self.changed, self.guard)
    }
}

impl Drop for LogView<'_> {
    fn drop(&mut self) {
        if (1..=MAX_BUFFER).contains(&self.changed.capacity()) {
            let buffer = mem::take(&mut self.changed);
            // A thread that is ending has no use for the buffer.
            let _ending = BUFFER.try_with(|kept| kept.set(buffer));
        }
    }
}

impl fmt::Debug for LogView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogView")
            .field("severity", &self.severity)
            .field("target", &self.target())
            .field("body", &self.body())
            .finish_non_exhaustive()
    }
}

/// Lends `key` as it stands between its quotes.
pub(super) fn with_key<T>(key: &str, with: impl FnOnce(&[u8]) -> T) -> T {
    if json::is_plain(key) {
        return with(key.as_bytes());
    }
    let mut escaped = Vec::with_capacity(key.len() + 8);
    json::write_inside(key, &mut escaped);
    with(&escaped)
}

thread_local!(static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) });

/// A buffer that one huge record has grown is not kept for the small ones.
const MAX_BUFFER: usize = 64 << 10;
