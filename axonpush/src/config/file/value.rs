//! A value in a file, and what it can be read as.

use std::time::Duration;

use crate::config::builder::MAX_TIMEOUT;

/// A value, whichever language it was written in.
#[derive(Debug)]
pub(super) enum Value {
    Text(String),
    Whole(i64),
    Fraction(f64),
    Flag(bool),
    List(Vec<Value>),
    Table(Table),
    /// JSON's `null`, which says nothing.
    Null,
    /// What no setting is written as, by name: a date.
    Other(&'static str),
}

/// The entries of a table, in no particular order.
pub(super) type Table = Vec<Entry>;

/// A key, the line it stands in, and its value.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) line: usize,
    pub(super) value: Value,
}

impl Value {
    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(super) fn flag(&self) -> Option<bool> {
        if let Self::Flag(flag) = self { Some(*flag) } else { None }
    }

    /// A whole number, of at least `least`.
    pub(super) fn count<T: TryFrom<i64> + PartialOrd + Copy>(&self, least: T) -> Option<T> {
        let Self::Whole(number) = self else { return None };
        T::try_from(*number).ok().filter(|number| *number >= least)
    }

    /// A number of bytes, or text with a unit.
    pub(super) fn bytes(&self, least: usize) -> Option<usize> {
        const UNITS: [(&str, usize); 4] = [("", 1), ("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20)];
        let Some(text) = self.text() else { return self.count(least) };
        let (number, unit) = split_unit(text);
        let (_, bytes) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
        number.parse::<usize>().ok()?.checked_mul(bytes).filter(|bytes| *bytes >= least)
    }

    /// A number of seconds, or text with a unit; at most a day.
    pub(super) fn duration(&self) -> Option<Duration> {
        match self {
            Self::Whole(seconds) => u64::try_from(*seconds).ok().map(Duration::from_secs),
            Self::Fraction(seconds) => Duration::try_from_secs_f64(*seconds).ok(),
            Self::Text(text) => duration(text),
            _ => None,
        }
        .filter(|duration| *duration <= MAX_TIMEOUT)
    }

    /// As [`duration`](Self::duration), above zero.
    pub(super) fn positive(&self) -> Option<Duration> {
        self.duration().filter(|duration| !duration.is_zero())
    }

    /// A list of nothing but text.
    pub(super) fn texts(&self) -> Option<Vec<&str>> {
        let Self::List(values) = self else { return None };
        values.iter().map(Self::text).collect()
    }

    /// The one of `names` that this is, in lower or upper case.
    pub(super) fn one_of<T: Copy>(&self, names: &[(&str, T)]) -> Option<T> {
        let text = self.text()?.trim();
        names.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, value)| *value)
    }

    /// What it looks like, without saying it.
    pub(super) fn shape(&self) -> String {
        let what = match self {
            Self::Text(text) => return format!("text of {} characters", text.chars().count()),
            Self::List(values) if values.iter().all(|value| value.text().is_some()) => "a list of text",
            Self::List(_) => "a list of other things",
            Self::Whole(number) if *number < 0 => "a negative number",
            Self::Whole(_) => "a whole number",
            Self::Fraction(_) => "a number with a fraction",
            Self::Flag(_) => "a boolean",
            Self::Table(_) => "a table",
            Self::Null => "null",
            Self::Other(what) => what,
        };
        what.to_owned()
    }
}

/// `"500ms"`, `"2.5s"`, `"5m"`, `"1h"`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    const UNITS: [(&str, f64); 4] = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let (number, unit) = split_unit(text);
    let (_, seconds) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
    Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()
}

/// A number and the unit behind it, with or without a space in between.
fn split_unit(text: &str) -> (&str, &str) {
    let text = text.trim();
    let unit = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(unit).unwrap_or((text, ""));
    (number.trim_end(), unit)
}
