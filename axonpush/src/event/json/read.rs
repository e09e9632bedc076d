//! Reading what a server says, whatever types it says it in.
//!
//! Three eras of servers and the proxies before them disagree on types: an id is a string or an integer, a status a
//! word or a number. What can be read as text is; the rest counts as unsaid, and costs nothing around it.

use serde_json::{Map, Value};

/// A string, number or boolean as text.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The text under the first of `names` that has any.
pub(crate) fn first_text(object: &Map<String, Value>, names: &[&str]) -> Option<String> {
    let mut texts = names.iter().filter_map(|name| object.get(*name).and_then(text));
    texts.find(|text| !text.trim().is_empty())
}

/// Whether the value is a yes in any of its spellings.
pub(crate) fn is_yes(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64().is_some_and(|number| number != 0.0),
        Value::String(text) => matches!(text.to_ascii_lowercase().as_str(), "true" | "1" | "yes"),
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}
