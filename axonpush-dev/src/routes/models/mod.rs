//! What the server answers, as the contract has it. The routes write their answers by other means; a test holds every answer
//! against what is said here.

mod account;
mod analytics;
mod events;
mod issues;
mod resources;

use super::shape::Field;

pub(super) use account::*;
pub(super) use analytics::*;
pub(super) use events::*;
pub(super) use issues::*;
pub(super) use resources::*;

/// A JSON object that is answered, under the name that generated clients give its type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Model {
    pub(super) name: &'static str,
    /// It has all that this one has, and more.
    like: Option<&'static Model>,
    properties: &'static [Property],
    /// What was sent in a body and is shown as it was sent.
    pub(super) fields: &'static [Field],
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Property {
    pub(super) name: &'static str,
    pub(super) required: bool,
    pub(super) of: Of,
}

/// What a property is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Of {
    Text,
    TextOrNull,
    Time,
    Choice(&'static [&'static str]),
    Boolean,
    Integer,
    IntegerOrNull,
    Number,
    /// A list of strings.
    Texts,
    /// Whatever was sent.
    Anything,
    /// A list of whatever was sent.
    Things,
    /// An object with whatever was sent.
    Object,
    One(&'static Model),
    Each(&'static Model),
}

impl Model {
    const fn new(name: &'static str, properties: &'static [Property]) -> Self {
        Self { name, like: None, properties, fields: &[] }
    }

    const fn like(self, like: &'static Self) -> Self {
        Self { like: Some(like), ..self }
    }

    const fn with(self, fields: &'static [Field]) -> Self {
        Self { fields, ..self }
    }

    /// Its own properties, and those of what it is like.
    pub(super) fn properties(&self) -> Vec<Property> {
        let mut all = self.like.map(Self::properties).unwrap_or_default();
        all.extend(self.properties);
        all
    }

    /// What its properties are made of.
    pub(super) fn parts(&self) -> impl Iterator<Item = &'static Self> {
        self.properties().into_iter().filter_map(|property| match property.of {
            Of::One(model) | Of::Each(model) => Some(model),
            _ => None,
        })
    }
}

/// A property that every answer has.
const fn always(name: &'static str, of: Of) -> Property {
    Property { name, required: true, of }
}

/// A property that is left out where there is nothing to say.
const fn sometimes(name: &'static str, of: Of) -> Property {
    Property { name, required: false, of }
}

pub(super) const DONE: Model = Model::new("Done", &[always("ok", Of::Boolean)]);

pub(super) const HEALTH: Model =
    Model::new("Health", &[always("status", Of::Text), always("service", Of::Text), always("version", Of::Text)]);

pub(super) const FAULTS: Model = Model::new(
    "Faults",
    &[always("latencyMs", Of::Integer), always("fail", Of::TextOrNull), always("rateLimit", Of::IntegerOrNull)],
);

pub(super) const PROBLEM: Model = Model::new(
    "Problem",
    &[
        always("type", Of::Text),
        always("title", Of::Text),
        always("status", Of::Integer),
        always("detail", Of::Text),
        sometimes("errors", Of::Each(&FAULT)),
    ],
);

const FAULT: Model =
    Model::new("Fault", &[always("location", Of::Text), always("message", Of::Text), sometimes("value", Of::Anything)]);
