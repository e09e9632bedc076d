//! What is said of a query parameter: enough to describe it, and to read it.

use super::shape::Shape;

/// A parameter that an operation reads. One that is not declared cannot be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    /// [`Shape::Texts`] may be repeated, [`Shape::Choices`] are separated by commas.
    pub(super) shape: Shape,
    pub(super) required: bool,
    /// What is meant when nothing is said, as it would be sent; empty when nothing is meant.
    pub(super) usual: &'static str,
    /// What its name and its shape do not tell.
    pub(super) about: &'static str,
}

/// Groups of them, because operations have many in common.
pub(super) type Declared = &'static [&'static [Parameter]];

pub(super) const fn of(name: &'static str, shape: Shape) -> Parameter {
    Parameter { name, shape, required: false, usual: "", about: "" }
}

pub(super) const fn text(name: &'static str) -> Parameter {
    of(name, Shape::Words)
}

pub(super) const fn time(name: &'static str) -> Parameter {
    of(name, Shape::Time)
}

pub(super) const fn integer(name: &'static str, least: u64, most: u64) -> Parameter {
    of(name, Shape::Integer(least, most))
}

/// The first of the words is meant when nothing is said.
pub(super) const fn choice(name: &'static str, choices: &'static [&'static str]) -> Parameter {
    let usual = match choices {
        [usual, ..] => usual,
        [] => "",
    };
    of(name, Shape::Choice(choices)).usually(usual)
}

/// One parameter for each of the names that a route compares columns with.
pub(super) const fn named<const N: usize>(columns: &[(&'static str, &'static str); N], shape: Shape) -> [Parameter; N] {
    let mut all = [of("", shape); N];
    let mut index = 0;
    while index < N {
        all[index] = of(columns[index].0, shape);
        index += 1;
    }
    all
}

impl Parameter {
    pub(super) const fn usually(self, usual: &'static str) -> Self {
        Self { usual, ..self }
    }

    pub(super) const fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    pub(super) const fn needed(self) -> Self {
        Self { required: true, ..self }
    }
}
