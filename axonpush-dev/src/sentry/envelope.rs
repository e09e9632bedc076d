//! The wrapping: a line of JSON for the whole, and for each item a line of JSON and its payload.

use serde_json::{Map, Value};

use crate::problem::Problem;

pub(super) struct Envelope<'a> {
    pub(super) header: Map<String, Value>,
    pub(super) items: Vec<Item<'a>>,
}

pub(super) struct Item<'a> {
    pub(super) kind: String,
    pub(super) payload: &'a [u8],
}

/// # Errors
/// 400 for what is no envelope.
pub(super) fn read(body: &[u8]) -> Result<Envelope<'_>, Problem> {
    let (line, mut rest) = line(body);
    let header = header(line)?;
    let mut items = Vec::new();
    while !rest.trim_ascii().is_empty() {
        let (line, after) = self::line(rest);
        if line.trim_ascii().is_empty() {
            rest = after;
            continue;
        }
        let header = self::header(line)?;
        // A payload without a length ends with its line.
        let (payload, after) = match header.get("length").and_then(Value::as_u64) {
            Some(length) => usize::try_from(length)
                .ok()
                .and_then(|length| after.split_at_checked(length))
                .ok_or_else(|| Problem::bad_request("an item of the envelope ends before its length is reached"))?,
            None => self::line(after),
        };
        if items.len() == MAX_ITEMS {
            return Err(Problem::bad_request(format!("the envelope has more than {MAX_ITEMS} items")));
        }
        let kind = header.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
        items.push(Item { kind, payload });
        rest = after;
    }
    Ok(Envelope { header, items })
}

/// The first line of `text`, and what comes after it.
fn line(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| *byte == b'\n');
    let (line, rest) = text.split_at(end.unwrap_or(text.len()));
    (line, rest.get(1..).unwrap_or_default())
}

fn header(line: &[u8]) -> Result<Map<String, Value>, Problem> {
    serde_json::from_slice(line)
        .map_err(|error| Problem::bad_request(format!("a header of the envelope is no JSON object: {error}")))
}

/// More than any SDK puts into one envelope.
const MAX_ITEMS: usize = 1_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn items_end_where_their_length_or_their_line_says() {
        let body = b"{\"event_id\":\"e\"}\n{\"type\":\"a\",\"length\":3}\nx\ny\n{\"type\":\"b\"}\n{}\n\n{\"type\":\"c\"}\nlast";
        let envelope = read(body).ok().unwrap();
        let items: Vec<_> = envelope.items.iter().map(|item| (item.kind.as_str(), item.payload)).collect();
        assert_eq!(items, [("a", &b"x\ny"[..]), ("b", b"{}"), ("c", b"last")]);
        assert!(read(b"{}").ok().unwrap().items.is_empty());
        for torn in [&b""[..], b"nonsense", b"{}\n{\"type\":\"a\",\"length\":9}\nshort", b"{}\n[]\n{}"] {
            assert!(read(torn).is_err());
        }
    }

    proptest! {
        #[test]
        fn hostile_bytes_are_refused_and_nothing_worse(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
            let _ = read(&bytes);
            let _ = read(&[b"{}\n", &bytes[..]].concat());
        }
    }
}
