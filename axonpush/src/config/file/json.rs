//! Reading JSON.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    Mistake, line_of,
    value::{Entry, Table, Value},
};

/// Tables within tables that are looked into; settings need two.
const MAX_DEPTH: usize = 8;

/// The table that `text` is.
pub(super) fn table(text: &str) -> Result<Table, Mistake> {
    let Entries(entries) = serde_json::from_str(text).map_err(|error| {
        // What is said of a mistake in the data repeats it.
        let what =
            if error.is_data() { "the settings are no object".to_owned() } else { format!("this is no JSON: {error}") };
        Mistake::new(error.line().max(1), what)
    })?;
    convert_entries(text, entries, MAX_DEPTH)
}

fn convert_entries(text: &str, entries: Vec<(String, &RawValue)>, depth: usize) -> Result<Table, Mistake> {
    let mut table = Table::new();
    for (key, raw) in entries {
        // The raw text is a part of the whole.
        let line = line_of(text, raw.get().as_ptr().addr().saturating_sub(text.as_ptr().addr()));
        if table.iter().any(|entry| entry.key == key) {
            return Err(Mistake::new(line, "a key stands here for the second time; remove one of them"));
        }
        table.push(Entry { key, line, value: convert(text, raw, depth)? });
    }
    Ok(table)
}

fn convert(text: &str, raw: &RawValue, depth: usize) -> Result<Value, Mistake> {
    let deeper = depth.checked_sub(1);
    Ok(match (raw.get().as_bytes().first(), deeper) {
        (Some(b'{'), Some(deeper)) => {
            let Entries(entries) = read(raw).unwrap_or_default();
            Value::Table(convert_entries(text, entries, deeper)?)
        }
        (Some(b'['), Some(deeper)) => {
            let values: Vec<&RawValue> = read(raw).unwrap_or_default();
            Value::List(values.into_iter().map(|value| convert(text, value, deeper)).collect::<Result<_, _>>()?)
        }
        (Some(b'{' | b'['), None) => Value::Other("a nest of tables or lists"),
        (Some(b'"'), _) => read(raw).map_or(Value::Other("text that is no Unicode"), Value::Text),
        (Some(b't' | b'f'), _) => Value::Flag(raw.get() == "true"),
        (Some(b'n'), _) => Value::Null,
        _ => read(raw)
            .map(Value::Whole)
            .or_else(|| read(raw).map(Value::Fraction))
            .unwrap_or(Value::Other("a number out of range")),
    })
}

fn read<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

/// The entries of an object, each value as the text it is.
#[derive(Default)]
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;

        impl<'de> Visitor<'de> for Visit {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(Visit)
    }
}
