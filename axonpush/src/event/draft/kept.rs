//! Attributes that are written once and added to many drafts: those of a span, of a line of source, of a thread.

use super::{
    Draft, Guard, Open,
    writer::{Names, attributes, push_attribute},
};
use crate::event::scan;

/// Attributes kept for drafts to come.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kept {
    attributes: Vec<u8>,
    names: Names,
    judged: bool,
}

/// What is told of an error is told of one error: its message, and with it type and causes.
const EXCEPTION: &[u8] = b"exception.message";

fn is_of_an_error(key: &[u8]) -> bool {
    key.starts_with(b"exception.")
}

impl Kept {
    /// What `write` adds to nothing.
    pub(crate) fn new(guard: &dyn Guard, write: impl FnOnce(&mut Draft<'_>)) -> Self {
        let mut attributes = Vec::new();
        let mut draft = Draft { attributes: Some(0), ..Draft::nothing(&mut attributes, guard) };
        write(&mut draft);
        let (names, judged) = (draft.names, draft.judged);
        Self { attributes, names, judged }
    }

    /// As [`new`](Self::new), in this crate's own words, which are judged where they are added.
    pub(crate) fn own(write: impl FnOnce(&mut Draft<'_>)) -> Self {
        Self::new(&Open, write)
    }

    /// These, without those that `later` has as well, and then `later`.
    pub(crate) fn replaced_by(&mut self, later: &Self) {
        let mut all = Vec::with_capacity(self.attributes.len() + later.attributes.len());
        let other_error = attributes(&later.attributes).any(|(key, _)| key == EXCEPTION);
        for (key, value) in attributes(&self.attributes) {
            let is_same = attributes(&later.attributes).any(|(known, _)| known == key);
            if !(is_same || (other_error && is_of_an_error(key))) {
                push_attribute(key, value, &mut all);
            }
        }
        all.extend_from_slice(&later.attributes);
        let (names, judged) = (self.names.with(later.names), self.judged && later.judged);
        *self = Self { attributes: all, names, judged };
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.attributes.is_empty()
    }
}

impl Draft<'_> {
    /// Adds kept attributes in this crate's own words, as far as there are none of their names.
    pub(crate) fn add_own(&mut self, kept: &Kept) {
        if self.guard.spares_own() { self.add_kept(kept) } else { self.add_judged(kept) }
    }

    /// As [`add_kept`](Self::add_kept), for attributes that another guard has judged.
    pub(crate) fn add_judged(&mut self, kept: &Kept) {
        let other_error = self.has("exception.message");
        for (key, value) in attributes(&kept.attributes) {
            let name = scan::unescaped(key);
            let name = std::str::from_utf8(&name).unwrap_or_default();
            let is_taken = (other_error && is_of_an_error(key)) || self.has(name);
            if !is_taken {
                // What was written before has a JSON form.
                let _infallible = self.attribute(name, |out| {
                    out.extend_from_slice(value);
                    Ok(())
                });
            }
        }
    }

    /// Adds kept attributes, as far as there are none of their names.
    pub(crate) fn add_kept(&mut self, kept: &Kept) {
        self.judged &= kept.judged;
        let start = self.start_attributes();
        if self.names.may_share_any(kept.names) {
            let own = self.out.len();
            let other_error = self.has("exception.message");
            for (key, value) in attributes(&kept.attributes) {
                let is_taken = (other_error && is_of_an_error(key))
                    || self.names.may_share_any(Names::of(key)) && {
                        let written = self.out.get(start..own).unwrap_or_default();
                        attributes(written).any(|(known, _)| known == key)
                    };
                if !is_taken {
                    push_attribute(key, value, self.out);
                }
            }
        } else {
            self.out.extend_from_slice(&kept.attributes);
        }
        self.names = self.names.with(kept.names);
    }
}
