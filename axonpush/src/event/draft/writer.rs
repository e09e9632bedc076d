//! Writing a draft, and hiding on the way what must not leave.

use super::{Field, MARK, Part, Parts};
use crate::event::{
    json::{self, Refusal},
    scan,
};

/// Decides what must not leave.
pub(crate) trait Guard {
    /// Whether the value of `key` is hidden, whatever it is.
    fn hides(&self, key: &[u8]) -> bool;

    /// Hides what must not leave of the value that `out` has from `start` to its end, under `key` as it stands between
    /// its quotes. `false`: `key` says something about its neighbours, and all of them have to be looked at together.
    fn entry(&self, key: &[u8], out: &mut Vec<u8>, start: usize) -> bool;

    /// Appends an object without what must not leave.
    fn object(&self, json: &[u8], out: &mut Vec<u8>);
}

/// A draft that is being written, at the end of a buffer.
pub(crate) struct Draft<'a> {
    out: &'a mut Vec<u8>,
    guard: &'a dyn Guard,
    /// Where the attributes begin, once there are any.
    attributes: Option<usize>,
    /// Whether each attribute was judged by itself.
    judged: bool,
}

impl<'a> Draft<'a> {
    pub(crate) fn begin(out: &'a mut Vec<u8>, guard: &'a dyn Guard) -> Self {
        out.push(MARK);
        Self { out, guard, attributes: None, judged: true }
    }

    /// Adds a field that holds nothing to hide; `write` appends its JSON text.
    #[inline]
    pub(crate) fn field(&mut self, field: Field, write: impl FnOnce(&mut Vec<u8>)) {
        self.out.push(field as u8);
        let start = self.measure();
        write(self.out);
        self.measured(start);
    }

    /// Adds a field with a text that holds nothing to hide.
    #[inline]
    pub(crate) fn text(&mut self, field: Field, text: &str) {
        self.field(field, |out| json::write_str(text, out));
    }

    /// Adds a field that is an object of the application's.
    pub(crate) fn object(&mut self, field: Field, object: &[u8]) {
        let guard = self.guard;
        self.field(field, |out| guard.object(object, out));
    }

    /// Adds a field with a value of the application's, which `write` appends.
    pub(crate) fn value(
        &mut self,
        field: Field,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        self.out.push(field as u8);
        let start = self.measure();
        write(self.out)?;
        // None of the fields has a name that says anything about its neighbours.
        let _alone = self.guard.entry(field.name().as_bytes(), self.out, start);
        self.measured(start);
        Ok(())
    }

    /// Adds an attribute, whose value `write` appends. All attributes come one after the other.
    #[inline]
    pub(crate) fn attribute(
        &mut self,
        key: &str,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let before = self.out.len();
        self.attributes.get_or_insert(before);
        self.out.push(Field::Attribute as u8);
        let key_start = self.measure();
        json::write_inside(key, self.out);
        self.measured(key_start);
        let start = self.measure();
        if let Err(refusal) = write(self.out) {
            self.out.truncate(before);
            return Err(refusal);
        }
        // A key that is escaped is as long between its quotes.
        if start - 4 - key_start == key.len() {
            self.judged &= self.guard.entry(key.as_bytes(), self.out, start);
        } else {
            let key = self.out.get(key_start..start - 4).unwrap_or_default().to_vec();
            self.judged &= self.guard.entry(&key, self.out, start);
        }
        self.measured(start);
        Ok(())
    }

    /// Whether there is an attribute of this name.
    pub(crate) fn has(&self, key: &str) -> bool {
        let Some(written) = self.attributes.and_then(|start| self.out.get(start..)) else { return false };
        let mut name = Vec::new();
        let name = if written.contains(&b'\\') {
            json::write_inside(key, &mut name);
            &name
        } else {
            key.as_bytes()
        };
        Parts(written).any(|part| matches!(part, Part::Attribute(known, _) if known == name))
    }

    /// How much is written so far.
    pub(crate) fn len(&self) -> usize {
        self.out.len()
    }

    /// Forgets what came after `len`.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.out.truncate(len);
    }

    /// Ends the attributes: those that can only be judged together are.
    pub(crate) fn end_attributes(&mut self) {
        let Some(start) = self.attributes else { return };
        if self.judged && !self.guard.hides(b"attributes") {
            return;
        }
        let hidden = self.guard.hides(b"attributes");
        let written = self.out.split_off(start);
        let (mut object, mut redacted) = (vec![b'{'], Vec::new());
        for part in Parts(&written) {
            if let Part::Attribute(key, value) = part {
                if object.len() > 1 {
                    object.push(b',');
                }
                object.push(b'"');
                object.extend_from_slice(key);
                object.extend_from_slice(b"\":");
                object.extend_from_slice(if hidden { b"\"[REDACTED]\"" } else { value });
            }
        }
        object.push(b'}');
        self.guard.object(&object, &mut redacted);
        for (key, value) in scan::Entries::of(&redacted) {
            self.out.push(Field::Attribute as u8);
            for text in [key, value] {
                let start = self.measure();
                self.out.extend_from_slice(text);
                self.measured(start);
            }
        }
    }

    /// Leaves room for a length; says where what it counts begins.
    #[inline]
    fn measure(&mut self) -> usize {
        self.out.extend_from_slice(&[0; 4]);
        self.out.len()
    }

    /// Enters how long it is what begins at `start`.
    #[inline]
    fn measured(&mut self, start: usize) {
        // What is longer than this counts is refused for its size.
        let length = u32::try_from(self.out.len() - start).unwrap_or(u32::MAX);
        if let Some(place) = self.out.get_mut(start - 4..start) {
            place.copy_from_slice(&length.to_le_bytes());
        }
    }
}
