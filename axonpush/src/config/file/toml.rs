//! Reading TOML.

use toml::de::{DeTable, DeValue};

use super::{
    Mistake, line_of,
    value::{Entry, Table, Value},
};

/// The table that `text` is.
pub(super) fn table(text: &str) -> Result<Table, Mistake> {
    let parsed = DeTable::parse(text).map_err(|error| {
        let line = line_of(text, error.span().map_or(0, |span| span.start));
        // The first line of it says what was expected; no text of the file is in it.
        let what = error.message().lines().next().unwrap_or_default();
        Mistake::new(line, format!("this is no TOML: {what}"))
    })?;
    Ok(entries(text, parsed.get_ref()))
}

fn entries(text: &str, table: &DeTable<'_>) -> Table {
    let entry = |(key, value): (&toml::Spanned<_>, &toml::Spanned<_>)| {
        let key: &toml::Spanned<std::borrow::Cow<'_, str>> = key;
        let value: &toml::Spanned<DeValue<'_>> = value;
        Entry {
            key: key.get_ref().clone().into_owned(),
            line: line_of(text, key.span().start),
            value: convert(text, value.get_ref()),
        }
    };
    table.iter().map(entry).collect()
}

fn convert(text: &str, value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(string) => Value::Text(string.clone().into_owned()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Value::Other("a number out of range"), Value::Whole),
        DeValue::Float(number) => number.as_str().parse().map_or(Value::Other("no number"), Value::Fraction),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Datetime(_) => Value::Other("a date or time"),
        DeValue::Array(values) => Value::List(values.iter().map(|value| convert(text, value.get_ref())).collect()),
        DeValue::Table(table) => Value::Table(entries(text, table)),
    }
}
