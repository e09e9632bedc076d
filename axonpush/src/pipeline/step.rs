//! The steps, one by one.

use std::{fmt, sync::Arc};

use super::{
    dedup::Dedup,
    sampling::Sampling,
    value::LogValue,
    view::{LogView, with_key},
};
use crate::event::AttributeValue;

/// A key as it stands between its quotes.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Key(Box<[u8]>);

/// The JSON text of a value.
pub(super) type Json = Box<[u8]>;

type Map = Arc<dyn Fn(LogValue<'_>) -> AttributeValue + Send + Sync>;

type Custom = Arc<dyn Fn(&mut LogView<'_>) + Send + Sync>;

#[derive(Clone)]
pub(super) enum Step {
    Add(Key, Json),
    Set(Key, Json),
    Rename(Key, Key),
    Drop(Unwanted),
    Map(Key, Map),
    Sample(Sampling),
    Dedup(Dedup),
    Custom(Custom),
}

/// Keys that are dropped.
#[derive(Debug, Clone)]
pub(super) enum Unwanted {
    Key(Key),
    /// All that begin so.
    Prefix(Key),
}

impl Key {
    pub(super) fn of(key: &str) -> Self {
        Self(with_key(key, |key| Box::from(key)))
    }
}

impl Unwanted {
    pub(super) fn of(pattern: &str) -> Self {
        match pattern.strip_suffix('*').filter(|prefix| prefix.ends_with('.')) {
            Some(prefix) => Self::Prefix(Key::of(prefix)),
            None => Self::Key(Key::of(pattern)),
        }
    }

    fn covers(&self, key: &[u8]) -> bool {
        match self {
            Self::Key(unwanted) => *unwanted.0 == *key,
            Self::Prefix(prefix) => key.starts_with(&prefix.0),
        }
    }
}

impl Step {
    /// Changes a record. Whether it passes is asked elsewhere, for the steps that decide that.
    pub(super) fn change(&self, view: &mut LogView<'_>) {
        match self {
            Self::Add(Key(key), value) => {
                if view.value(key).is_none() {
                    view.set_json(key, value);
                }
            }
            Self::Set(Key(key), value) => {
                if view.value(key) != Some(value) {
                    view.set_json(key, value);
                }
            }
            Self::Rename(Key(from), Key(to)) => {
                if from != to {
                    view.rename_escaped(from, to);
                }
            }
            Self::Drop(unwanted) => {
                view.remove_all(|key| unwanted.covers(key));
            }
            Self::Map(Key(key), map) => {
                if let Some(value) = view.value(key).map(|value| map(LogValue::new(value))) {
                    view.set_escaped(key, &value);
                }
            }
            Self::Custom(step) => step(view),
            Self::Sample(_) | Self::Dedup(_) => {}
        }
    }
}

/// The JSON text of a value, which is `null` if it has none that can be sent.
pub(super) fn json(value: &AttributeValue) -> Json {
    let mut text = Vec::new();
    match value.write(&mut text) {
        Ok(()) => text.into(),
        Err(_) => Box::from(*b"null"),
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Values may be what nobody should read.
            Self::Add(key, _) => write!(f, "add({key:?})"),
            Self::Set(key, _) => write!(f, "set({key:?})"),
            Self::Rename(from, to) => write!(f, "rename({from:?}, {to:?})"),
            Self::Drop(Unwanted::Key(key)) => write!(f, "drop({key:?})"),
            Self::Drop(Unwanted::Prefix(prefix)) => write!(f, "drop({prefix:?}*)"),
            Self::Map(key, _) => write!(f, "map({key:?})"),
            Self::Sample(sampling) => write!(f, "sample({sampling:?})"),
            Self::Dedup(dedup) => write!(f, "dedup({dedup:?})"),
            Self::Custom(_) => f.write_str("step(..)"),
        }
    }
}
