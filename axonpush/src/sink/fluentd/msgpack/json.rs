//! From JSON text to `MessagePack`, without a tree between them.

use super::{Container, boolean, float, signed, string, unsigned};
use crate::event::{
    json::MAX_DEPTH,
    scan::{self, Entries},
};

/// Appends the value that the JSON text is. Numbers keep their kind, and those that have no exact form are their text; what
/// is nested deeper than 100 levels is JSON text.
pub(in crate::sink::fluentd) fn value(json: &[u8], out: &mut Vec<u8>) {
    let whole = At { json, depth: 0 };
    whole.write(out);
}

/// Appends an entry of a map.
pub(in crate::sink::fluentd) fn field(key: &[u8], json: &[u8], out: &mut Vec<u8>) {
    text(key, out);
    value(json, out);
}

/// JSON text that begins with a value, and how deep that lies.
struct At<'a> {
    json: &'a [u8],
    depth: usize,
}

impl At<'_> {
    /// Appends the value, and says where it ends.
    fn write(&self, out: &mut Vec<u8>) -> usize {
        match self.json.first() {
            Some(b'{') if self.depth < MAX_DEPTH => self.object(out),
            Some(b'[') if self.depth < MAX_DEPTH => self.array(out),
            first => {
                let end = scan::value_end(self.json, 0);
                let whole = self.json.get(..end).unwrap_or_default();
                match first {
                    Some(b'"') => text(scan::inside(whole), out),
                    Some(b'{' | b'[') => string(whole, out),
                    _ => scalar(whole, out),
                }
                end
            }
        }
    }

    fn object(&self, out: &mut Vec<u8>) -> usize {
        let mut map = Container::map(out);
        let mut entries = Entries::of(self.json);
        while let Some((key, start)) = entries.key() {
            map.count();
            text(key, out);
            entries.go_on_behind(start + self.inner(start, out));
        }
        map.end(out);
        entries.end()
    }

    fn array(&self, out: &mut Vec<u8>) -> usize {
        let mut array = Container::array(out);
        let mut at = 1;
        if self.json.get(at).is_some_and(|byte| *byte != b']') {
            loop {
                array.count();
                at += self.inner(at, out);
                if self.json.get(at) != Some(&b',') {
                    break;
                }
                at += 1;
            }
        }
        array.end(out);
        at + 1
    }

    fn inner(&self, start: usize, out: &mut Vec<u8>) -> usize {
        At { json: self.json.get(start..).unwrap_or_default(), depth: self.depth + 1 }.write(out)
    }
}

fn text(inside: &[u8], out: &mut Vec<u8>) {
    string(&scan::unescaped(inside), out);
}

fn scalar(json: &[u8], out: &mut Vec<u8>) {
    match json {
        b"true" => boolean(true, out),
        b"false" => boolean(false, out),
        b"null" | b"" => out.push(0xc0),
        _ => number(json, out),
    }
}

fn number(json: &[u8], out: &mut Vec<u8>) {
    let digits = str::from_utf8(json).unwrap_or_default();
    if let Ok(value) = digits.parse() {
        return signed(value, out);
    }
    if let Ok(value) = digits.parse() {
        return unsigned(value, out);
    }
    let is_whole = !digits.contains(['.', 'e', 'E']);
    match digits.parse::<f64>() {
        Ok(value) if value.is_finite() && !is_whole => float(value, out),
        _ => string(json, out),
    }
}
