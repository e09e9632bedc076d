//! Writing a draft, and hiding on the way what must not leave.

use super::{Field, MARK, Moment, Part, Parts};
use crate::event::{
    json::{self, Refusal},
    scan,
};

/// Decides what must not leave.
pub(crate) trait Guard {
    /// Whether the value of `key`, a name of this crate's own, is hidden because the application wants it so.
    fn hides_own(&self, key: &[u8]) -> bool;

    /// Hides what must not leave of the value that `out` has from `start` to its end, under `key` as it stands between
    /// its quotes. `false`: `key` says something about its neighbours, and all of them have to be looked at together.
    fn entry(&self, key: &[u8], out: &mut Vec<u8>, start: usize) -> bool;

    /// Hides what must not leave of the text that `out` has from `start` to its end, a JSON string whose key says nothing.
    fn text(&self, out: &mut Vec<u8>, start: usize);

    /// Appends an object without what must not leave.
    fn object(&self, json: &[u8], out: &mut Vec<u8>);

    /// Whether what this crate says in its own words may stay as it is.
    fn spares_own(&self) -> bool;
}

/// A draft that is being written, at the end of a buffer.
pub(crate) struct Draft<'a> {
    pub(super) out: &'a mut Vec<u8>,
    pub(super) guard: &'a dyn Guard,
    /// Where the attributes begin, once there are any.
    pub(super) attributes: Option<usize>,
    /// What the attributes are called.
    pub(super) names: Names,
    /// Whether each attribute was judged by itself.
    pub(super) judged: bool,
}

/// A set of names that knows for sure which are not in it: most questions are about those.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Names(u128);

impl Names {
    pub(super) fn of(key: &[u8]) -> Self {
        let at = |index: usize| u32::from(key.get(index).copied().unwrap_or_default());
        let (first, middle, last) = (at(0), at(key.len() / 2), at(key.len().saturating_sub(1)));
        let length = u32::from(key.len().to_le_bytes()[0]);
        let mixed = (first | middle << 8 | last << 16 | length << 24).wrapping_mul(0x9e37_79b1);
        // The upper bits are the ones that all of the others have a part in.
        Self(1 << (mixed >> 25))
    }

    pub(super) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn may_share_any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl<'a> Draft<'a> {
    pub(crate) fn begin(out: &'a mut Vec<u8>, guard: &'a dyn Guard) -> Self {
        out.push(MARK);
        Self::nothing(out, guard)
    }

    /// Attributes alone, at the end of `out`.
    pub(crate) fn attributes(out: &'a mut Vec<u8>, guard: &'a dyn Guard) -> Self {
        Self { attributes: Some(out.len()), ..Self::nothing(out, guard) }
    }

    pub(super) fn nothing(out: &'a mut Vec<u8>, guard: &'a dyn Guard) -> Self {
        Self { out, guard, attributes: None, names: Names::default(), judged: true }
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

    /// As [`text`](Self::text), for text that needs no escaping.
    pub(super) fn plain(&mut self, field: Field, text: &[u8]) {
        self.out.push(field as u8);
        self.out.extend_from_slice(&count(text.len() + 2));
        write_quoted(text, self.out);
    }

    /// Adds a field that is an object of the application's.
    pub(crate) fn object(&mut self, field: Field, object: &[u8]) {
        let guard = self.guard;
        self.field(field, |out| guard.object(object, out));
    }

    /// Adds a field that is an object in this crate's own words.
    pub(crate) fn own_object(&mut self, field: Field, object: &[u8]) {
        if self.guard.hides_own(field.name().as_bytes()) {
            self.field(field, |out| out.extend_from_slice(b"\"[REDACTED]\""));
        } else if self.guard.spares_own() {
            self.field(field, |out| out.extend_from_slice(object));
        } else {
            self.object(field, object);
        }
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

    /// Adds when it was, and how bad.
    pub(crate) fn moment(&mut self, moment: Moment) {
        self.out.extend_from_slice(&[Field::Moment as u8, 9, 0, 0, 0]);
        self.out.extend_from_slice(&moment.nanos.to_le_bytes());
        self.out.push(moment.severity as u8);
    }

    /// Adds an attribute, whose value `write` appends, in place of one of its name. All attributes come one after the
    /// other.
    #[inline]
    pub(crate) fn attribute(
        &mut self,
        key: &str,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let first = self.start_attributes();
        let before = self.out.len();
        let key_length = self.distinct(key, write)?;
        let key = self.out.get(before + ATTRIBUTE_HEAD..).and_then(|rest| rest.get(..key_length));
        let name = Names::of(key.unwrap_or_default());
        let may_be_taken = self.names.may_share_any(name);
        self.names = self.names.with(name);
        if may_be_taken {
            self.forget_earlier(first, before);
        }
        Ok(())
    }

    /// As [`attribute`](Self::attribute), of a name that none has. Says how long its key is.
    #[inline]
    pub(crate) fn distinct(
        &mut self,
        key: &str,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), Refusal>,
    ) -> Result<usize, Refusal> {
        let before = self.out.len();
        self.out.extend_from_slice(&[Field::Attribute as u8, 0, 0, 0, 0, 0, 0, 0, 0]);
        json::write_inside(key, self.out);
        let start = self.out.len();
        if let Err(refusal) = write(self.out) {
            self.out.truncate(before);
            return Err(refusal);
        }
        let key_length = start - before - ATTRIBUTE_HEAD;
        // A key that is escaped is longer between its quotes.
        self.judged &= if key_length == key.len() {
            self.guard.entry(key.as_bytes(), self.out, start)
        } else {
            let key = self.out.get(start - key_length..start).unwrap_or_default().to_vec();
            self.guard.entry(&key, self.out, start)
        };
        let value_length = self.out.len() - start;
        if let Some([_, lengths @ ..]) = self.out.get_mut(before..).and_then(<[u8]>::first_chunk_mut::<ATTRIBUTE_HEAD>)
        {
            *lengths = both(key_length, value_length);
        }
        Ok(key_length)
    }

    /// Takes out the attribute between `first` and `last` that has the name of the one at `last`.
    #[cold]
    fn forget_earlier(&mut self, first: usize, last: usize) {
        let Some((earlier, latest)) = self.out.get(first..).and_then(|all| all.split_at_checked(last - first)) else {
            return;
        };
        let name = attributes(latest).next().map(|(key, _)| key);
        let mut parts = Parts(earlier);
        let mut at = first;
        while let Some(part) = parts.next() {
            let end = last - parts.0.len();
            if matches!(part, Part::Attribute(key, _) if Some(key) == name) {
                self.out.drain(at..end);
                return;
            }
            at = end;
        }
    }

    /// Whether there is an attribute of this name.
    pub(crate) fn has(&self, key: &str) -> bool {
        let mut name = Vec::new();
        let name = if json::is_plain(key) {
            key.as_bytes()
        } else {
            json::write_inside(key, &mut name);
            &name
        };
        self.names.may_share_any(Names::of(name)) && attributes(self.written()).any(|(known, _)| known == name)
    }

    /// The attributes so far.
    fn written(&self) -> &[u8] {
        self.attributes.and_then(|start| self.out.get(start..)).unwrap_or_default()
    }

    /// Adds an attribute in this crate's own words: short text that needs no escaping.
    pub(crate) fn own_text(&mut self, key: &'static str, text: &[u8]) {
        if self.guard.spares_own() {
            self.start_attributes();
            self.names = self.names.with(Names::of(key.as_bytes()));
            self.out.push(Field::Attribute as u8);
            self.out.extend_from_slice(&both(key.len(), text.len() + 2));
            self.out.extend_from_slice(key.as_bytes());
            write_quoted(text, self.out);
        } else {
            // Text has a JSON form.
            let _infallible = self.attribute(key, |out| {
                write_quoted(text, out);
                Ok(())
            });
        }
    }

    pub(super) fn start_attributes(&mut self) -> usize {
        *self.attributes.get_or_insert(self.out.len())
    }

    /// What decides what must not leave.
    #[cfg(any(feature = "tracing-layer", feature = "log-bridge"))]
    pub(crate) fn guard(&self) -> &'a dyn Guard {
        self.guard
    }

    /// Whether no code of the application has a say in what is hidden.
    pub(crate) fn spares_own(&self) -> bool {
        self.guard.spares_own()
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
        let hidden = self.guard.hides_own(b"attributes");
        if self.judged && !hidden {
            return;
        }
        let written = self.out.split_off(start);
        judge_together(attributes(&written), hidden, self.guard, self.out);
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
        let length = self.out.len() - start;
        if let Some(place) = self.out.get_mut(start - 4..).and_then(<[u8]>::first_chunk_mut) {
            *place = count(length);
        }
    }
}

/// Appends a length and what `write` appends, which it counts.
#[inline]
pub(super) fn framed<T>(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    out.extend_from_slice(&[0; 4]);
    let start = out.len();
    let written = write(out);
    let length = out.len().saturating_sub(start);
    if let Some(place) = out.get_mut(start - 4..).and_then(<[u8]>::first_chunk_mut) {
        *place = count(length);
    }
    written
}

fn write_quoted(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(text);
    out.push(b'"');
}

pub(super) fn push_attribute(key: &[u8], value: &[u8], out: &mut Vec<u8>) {
    out.push(Field::Attribute as u8);
    out.extend_from_slice(&both(key.len(), value.len()));
    out.extend_from_slice(key);
    out.extend_from_slice(value);
}

/// Appends attributes without what must not leave of them when all are looked at as one object; all of it, where they are
/// `hidden`.
#[cold]
pub(super) fn judge_together<'a>(
    attributes: impl Iterator<Item = (&'a [u8], &'a [u8])>,
    hidden: bool,
    guard: &dyn Guard,
    out: &mut Vec<u8>,
) {
    let (mut object, mut redacted) = (vec![b'{'], Vec::new());
    for (key, value) in attributes {
        if object.len() > 1 {
            object.push(b',');
        }
        object.push(b'"');
        object.extend_from_slice(key);
        object.extend_from_slice(b"\":");
        object.extend_from_slice(if hidden { b"\"[REDACTED]\"" } else { value });
    }
    object.push(b'}');
    guard.object(&object, &mut redacted);
    for (key, value) in scan::Entries::of(&redacted) {
        push_attribute(key, value, out);
    }
}

/// The attributes among these parts.
pub(super) fn attributes(parts: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    Parts(parts).filter_map(|part| match part {
        Part::Attribute(key, value) => Some((key, value)),
        Part::Moment(_) | Part::Field(..) => None,
    })
}

/// Bytes before an attribute's key: what it is, and the lengths of key and value.
pub(super) const ATTRIBUTE_HEAD: usize = 9;

/// A length as it is written. What is longer than this counts is refused for its size.
fn count(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes()
}

pub(super) fn both(key: usize, value: usize) -> [u8; 8] {
    let mut counts = [0; 8];
    let (places, _) = counts.as_chunks_mut();
    for (place, length) in places.iter_mut().zip([key, value]) {
        *place = count(length);
    }
    counts
}
