//! Changing the attributes of a draft that is finished. What is written anew passes the guard like all the rest.

use std::{ops::Range, time::SystemTime};

use super::{
    Draft, Field, Guard, Moment, Part, Parts,
    writer::{ATTRIBUTE_HEAD, attributes, both, judge_together},
};
use crate::event::{
    json::{self, Refusal},
    scan, wire,
};

/// Where an attribute stands in a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spot {
    whole: Range<usize>,
    value: Range<usize>,
}

impl Spot {
    /// Its JSON text.
    pub(crate) fn value<'a>(&self, draft: &'a [u8]) -> &'a [u8] {
        draft.get(self.value.clone()).unwrap_or_default()
    }
}

/// The first attribute whose key, as it stands between its quotes, is one that `wanted` knows.
pub(crate) fn find(draft: &[u8], wanted: impl Fn(&[u8]) -> bool) -> Option<Spot> {
    let mut parts = Parts::of(draft);
    loop {
        let start = draft.len() - parts.0.len();
        if let Part::Attribute(key, value) = parts.next()?
            && wanted(key)
        {
            let end = draft.len() - parts.0.len();
            return Some(Spot { whole: start..end, value: end - value.len()..end });
        }
    }
}

/// Where attributes end, or would.
fn attributes_end(draft: &[u8]) -> usize {
    let mut parts = Parts::of(draft);
    loop {
        let start = draft.len() - parts.0.len();
        match parts.next() {
            Some(Part::Field(Field::Resource, _)) | None => return start,
            Some(_) => {}
        }
    }
}

/// A draft that is being changed. Keys are as they stand between their quotes.
pub(crate) struct Edit<'a> {
    draft: &'a mut Vec<u8>,
    guard: &'a dyn Guard,
}

impl<'a> Edit<'a> {
    pub(crate) fn new(draft: &'a mut Vec<u8>, guard: &'a dyn Guard) -> Self {
        Self { draft, guard }
    }

    /// Sets an attribute, in the place of the one of its name or behind the others. A value that can't be sent becomes
    /// `null`: what was there may be what was to be replaced.
    pub(crate) fn set(&mut self, key: &[u8], write: impl FnOnce(&mut Vec<u8>) -> Result<(), Refusal>) {
        let old = find(self.draft, |known| known == key);
        let at = old.as_ref().map_or_else(|| attributes_end(self.draft), |old| old.whole.start);
        self.insert(at, old.map(|old| old.whole), key, |out| {
            let start = out.len();
            if write(out).is_err() {
                out.truncate(start);
                out.extend_from_slice(b"null");
            }
        });
    }

    /// Takes an attribute out.
    pub(crate) fn remove(&mut self, spot: Spot) {
        self.draft.drain(spot.whole);
    }

    /// Gives the attribute called `from` another name, in its place, and takes out the one that had it before.
    pub(crate) fn rename(&mut self, from: &[u8], to: &[u8]) {
        if from == to {
            return;
        }
        if let Some(taken) = find(self.draft, |known| known == to) {
            self.remove(taken);
        }
        if let Some(Spot { whole, value }) = find(self.draft, |known| known == from) {
            self.insert(whole.start, Some(whole), to, |out| out.extend_from_within(value));
        }
    }

    /// Writes an attribute at the end, where the guard sees it, and then moves it to `at`, in place of `old`.
    fn insert(&mut self, at: usize, old: Option<Range<usize>>, key: &[u8], write: impl FnOnce(&mut Vec<u8>)) {
        let end = self.draft.len();
        self.draft.extend_from_slice(&[Field::Attribute as u8, 0, 0, 0, 0, 0, 0, 0, 0]);
        self.draft.extend_from_slice(key);
        let start = self.draft.len();
        let judged = if self.guard.hides_own(b"attributes") {
            self.draft.extend_from_slice(b"\"[REDACTED]\"");
            true
        } else {
            write(self.draft);
            self.guard.entry(key, self.draft, start)
        };
        let lengths = both(key.len(), self.draft.len() - start);
        if let Some([_, place @ ..]) = self.draft.get_mut(end..).and_then(<[u8]>::first_chunk_mut::<ATTRIBUTE_HEAD>) {
            *place = lengths;
        }
        let length = self.draft.len() - end;
        if let Some(behind) = self.draft.get_mut(at..) {
            behind.rotate_right(length);
        }
        if let Some(old) = old {
            self.draft.drain(old.start + length..old.end + length);
        }
        if !judged {
            self.judge_together();
        }
    }

    /// Looks at all attributes as at one object.
    #[cold]
    fn judge_together(&mut self) {
        let start = find(self.draft, |_| true).map_or(self.draft.len(), |first| first.whole.start);
        let end = attributes_end(self.draft);
        let rest = self.draft.split_off(end);
        let written = self.draft.split_off(start);
        judge_together(attributes(&written), false, self.guard, self.draft);
        self.draft.extend_from_slice(&rest);
    }
}

/// Appends what `draft` says as a record of its own, of `time`, with a key of its own, [judged again](judge_again).
pub(crate) fn renew(draft: &[u8], time: SystemTime, guard: &dyn Guard, out: &mut Vec<u8>) {
    rewrite(draft, Some(time), guard, out);
}

/// Appends what `draft` says without what `guard` hides, which may be more than was hidden when it was written.
pub(crate) fn judge_again(draft: &[u8], guard: &dyn Guard, out: &mut Vec<u8>) {
    rewrite(draft, None, guard, out);
}

fn rewrite(draft: &[u8], time: Option<SystemTime>, guard: &dyn Guard, out: &mut Vec<u8>) {
    let mut written = Draft::begin(out, guard);
    let mut resource = None;
    // What was written before has a JSON form.
    let copy = |text: &[u8], out: &mut Vec<u8>| {
        out.extend_from_slice(text);
        Ok(())
    };
    for part in Parts::of(draft) {
        match (part, time) {
            (Part::Attribute(key, value), _) => {
                let name = scan::unescaped(key);
                let name = String::from_utf8_lossy(&name);
                let _infallible = written.attribute(&name, |out| copy(value, out));
            }
            (Part::Moment(moment), time) => {
                written.moment(Moment { nanos: time.map_or(moment.nanos, json::nanos), ..moment });
            }
            (Part::Field(Field::Dedup, _), Some(time)) => {
                let body = wire::Body { made_at: Some(time), ..wire::Body::default() };
                written.field(Field::Dedup, |out| wire::dedup_key(&body, out));
            }
            (Part::Field(Field::OccurredAt, _), Some(time)) => {
                if let Some(time) = wire::timestamp(time) {
                    written.text(Field::OccurredAt, &time);
                }
            }
            // Behind the attributes, which are judged together first.
            (Part::Field(Field::Resource, text), _) => resource = Some(text),
            (Part::Field(field @ (Field::Metadata | Field::Body), text), _) => {
                let _infallible = written.value(field, |out| copy(text, out));
            }
            (Part::Field(field, text), _) => written.field(field, |out| out.extend_from_slice(text)),
        }
    }
    written.end_attributes();
    if let Some(text) = resource {
        let _infallible = written.value(Field::Resource, |out| copy(text, out));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        event::{
            Event, LogPayload,
            draft::{to_body, write_log},
            wire::Surroundings,
        },
        redact::RedactionPolicy,
    };

    proptest! {
        #[test]
        fn what_is_judged_again_is_as_if_it_had_been_judged_so_at_once(
            body in "[a-z @.=\"\\\\\\n]{0,20}|password=hunter2|canary",
            attributes in prop::collection::vec(("[a-z\"\\n]{0,3}|name|value|password|mail|prompt", "[a-z]{0,4}|canary|a@b.co"), 0..6),
            resource: bool,
        ) {
            let payload = LogPayload::new(body).attributes(attributes.into_iter().collect());
            let payload = if resource { payload.resource([("mail", "canary")].into_iter().collect()) } else { payload };
            let event = Event::log("t", payload).dedup_key("k").metadata(&serde_json::json!({"mail": "canary"})).unwrap();
            let written = |policy: &RedactionPolicy| {
                let mut out = Vec::new();
                write_log(&event, event.as_log().unwrap(), &Surroundings::default(), |_| {}, policy, &mut out).unwrap();
                out
            };
            let judged = |draft: &[u8], policy: &RedactionPolicy| {
                let mut out = Vec::new();
                judge_again(draft, policy, &mut out);
                out
            };
            let text = |draft: &[u8]| String::from_utf8(to_body(draft)).unwrap();
            let (few, more) = (RedactionPolicy::new(), RedactionPolicy::new().redact_keys(["mail", "body"]));
            let first = written(&few);
            prop_assert_eq!(text(&judged(&first, &few)), text(&first));
            prop_assert_eq!(text(&judged(&first, &more)), text(&written(&more)));
        }
    }
}
