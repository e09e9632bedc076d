//! One entry of an object, looked at where it is written. Most hold a short text or a number under a plain key, and
//! walking a whole object to find that out costs more than writing it.

use super::{
    keys::{self, KeyKind},
    policy::{ContentCapture, RedactionPolicy},
    values::{Signs, is_card_number},
    walk::{REDACTED, Role, role},
};
use crate::event::draft::Guard;

impl Guard for RedactionPolicy {
    fn hides_own(&self, key: &[u8]) -> bool {
        !self.extra_keys().is_empty() && self.hides_all(keys::classify(key, self.extra_keys()))
    }

    fn entry(&self, key: &[u8], out: &mut Vec<u8>, start: usize) -> bool {
        if role(key) != Role::None {
            return false;
        }
        let kind = keys::classify(key, self.extra_keys());
        let value = out.get(start..).unwrap_or_default();
        if self.hides_all(kind) {
            out.truncate(start);
            out.extend_from_slice(REDACTED);
            return true;
        }
        match value {
            [b'"', text @ .., b'"'] if kind == KeyKind::Plain && self.leaves(text) => {}
            [b'"', ..] if kind == KeyKind::Plain => self.walk_text(out, start),
            [b'{' | b'[' | b'"', ..] => self.walk_entry(key, out, start),
            number if self.masks_cards() && is_card_number(number) => self.walk_entry(key, out, start),
            _ => {}
        }
        true
    }

    fn text(&self, out: &mut Vec<u8>, start: usize) {
        if let Some([b'"', text @ .., b'"']) = out.get(start..)
            && !self.leaves(text)
        {
            self.walk_text(out, start);
        }
    }

    fn object(&self, json: &[u8], out: &mut Vec<u8>) {
        self.redact(json, false, out);
    }

    fn spares_own(&self) -> bool {
        self.spares_own_text()
    }
}

impl RedactionPolicy {
    fn hides_all(&self, kind: KeyKind) -> bool {
        kind == KeyKind::Secret || (kind == KeyKind::Content && self.content() == ContentCapture::MetadataOnly)
    }

    /// Whether a look at text is enough to leave it as it is.
    fn leaves(&self, text: &[u8]) -> bool {
        text.len() <= self.text_limit() && self.patterns().is_empty() && !Signs::of(text).any()
    }

    /// Whether text that needs no escaping holds anything to hide.
    pub(crate) fn masks(&self, text: &[u8]) -> bool {
        if self.leaves(text) {
            return false;
        }
        let quoted = [b"\"", text, b"\""].concat();
        let mut walked = quoted.clone();
        self.walk_text(&mut walked, 0);
        walked != quoted
    }

    fn walk_text(&self, out: &mut Vec<u8>, start: usize) {
        let text = out.split_off(start);
        self.redact(&text, false, out);
    }

    fn walk_entry(&self, key: &[u8], out: &mut Vec<u8>, start: usize) {
        let value = out.split_off(start);
        let object = [b"{\"", key, b"\":", &*value, b"}"].concat();
        self.redact(&object, false, out);
        out.pop();
        out.drain(start..start + key.len() + 4);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::json;

    proptest::proptest! {
        #[test]
        fn an_entry_alone_is_hidden_as_in_its_object(
            key in "[a-z]{1,4}|password|prompt|name|value|x-api-key|order\\.id|mail",
            text in "[a-z @=:.]{0,40}|4111 ?1111 ?1111 ?1111|https://a:b@c/?token=x|\\{\"password\":1\\}|a{5000}",
            number: i64,
            shape in 0..4,
            capture in 0..3_usize,
        ) {
            let value = match shape {
                0 => serde_json::json!(text),
                1 => serde_json::json!(number),
                2 => serde_json::json!({"token": text, "list": [text]}),
                _ => serde_json::json!(4_111_111_111_111_111_u64),
            };
            let (_, capture) = ContentCapture::NAMES[capture];
            let policy = RedactionPolicy::new().content_capture(capture).redact_keys(["mail"]);
            let (mut object, mut walked, mut alone) = (Vec::new(), Vec::new(), Vec::new());
            json::write(&serde_json::json!({&key: &value}), &mut object).unwrap();
            policy.redact(&object, false, &mut walked);
            json::write(&value, &mut alone).unwrap();
            if policy.entry(key.as_bytes(), &mut alone, 0) {
                let alone = format!("{{\"{key}\":{}}}", String::from_utf8(alone).unwrap());
                proptest::prop_assert_eq!(alone, String::from_utf8(walked).unwrap());
            } else {
                proptest::prop_assert!(matches!(&*key, "name" | "value" | "key" | "val"), "{key}");
            }
        }
    }
}
