//! What the fields of a body look like, written down once: bodies are read by it and `/openapi.json` is made of it.

use serde_json::Value;
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{KnownFormat, RefOr, Schema};

use super::fields::{Fields, LONG, NAME};
use crate::store::Document;

/// One field of a body, or of an object inside it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) required: bool,
    pub(super) shape: Shape,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// A string of so many characters.
    Text(usize, usize),
    /// A string of any length that the body has room for.
    Words,
    Choice(&'static [&'static str]),
    Boolean,
    Number,
    Integer(u64, u64),
    Time,
    /// Any object.
    Object,
    Texts,
    Choices(&'static [&'static str]),
    /// An object with these fields and no others.
    Part(&'static [Field]),
    /// A list of such objects.
    Parts(&'static [Field]),
}

pub(super) const fn needed(name: &'static str, shape: Shape) -> Field {
    Field { name, required: true, shape }
}

pub(super) const fn optional(name: &'static str, shape: Shape) -> Field {
    Field { name, required: false, shape }
}

/// The name of a thing.
pub(super) const NAMED: Shape = Shape::Text(*NAME.start(), *NAME.end());

/// A text that may be empty.
pub(super) const TEXT: Shape = Shape::Text(0, LONG);

/// A text that may not.
pub(super) const FILLED: Shape = Shape::Text(1, LONG);

/// Reads the fields of a body: all that are required, or only those that were sent.
pub(super) fn read(fields: &mut Fields, shapes: &[Field], whole: bool) -> Document {
    let mut document = Document::new();
    for field in shapes {
        if whole && field.required {
            fields.required(field.name);
        }
        let value = field.read(fields);
        if !value.is_null() {
            document.insert(field.name.to_owned(), value);
        }
    }
    document
}

/// The schema of an object with these fields and no others.
pub(super) fn schema(shapes: &[Field]) -> Schema {
    let object = ObjectBuilder::new().additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)));
    let object = shapes.iter().fold(object, |object, field| {
        let object = object.property(field.name, field.shape.schema());
        if field.required { object.required(field.name) } else { object }
    });
    Schema::Object(object.build())
}

impl Field {
    fn read(&self, fields: &mut Fields) -> Value {
        let Self { name, .. } = self;
        match self.shape {
            Shape::Text(least, most) => fields.text(name, least..=most).into(),
            Shape::Words => fields.text(name, 0..=usize::MAX).into(),
            Shape::Choice(choices) => fields.choice(name, choices).into(),
            Shape::Boolean => fields.boolean(name).into(),
            Shape::Number => fields.number(name).into(),
            Shape::Integer(least, most) => fields.integer(name, least..=most).into(),
            Shape::Time => fields.time(name).map(|time| time.to_string()).into(),
            Shape::Object => fields.object(name).map_or(Value::Null, Value::Object),
            Shape::Texts => fields.texts(name).into(),
            Shape::Choices(choices) => fields.choices(name, choices).into(),
            Shape::Part(shapes) => {
                let part = fields.part(name, |fields| Value::Object(read(fields, shapes, true)));
                part.unwrap_or_default()
            }
            Shape::Parts(shapes) => fields.parts(name, |fields| Value::Object(read(fields, shapes, true))).into(),
        }
    }
}

impl Shape {
    pub(super) fn schema(self) -> RefOr<Schema> {
        let of = |of: Type| ObjectBuilder::new().schema_type(of);
        let list = |items: RefOr<Schema>| Schema::Array(ArrayBuilder::new().items(items).build());
        let words = |choices: &[&str]| of(Type::String).enum_values(Some(choices.iter().copied()));
        RefOr::T(match self {
            Self::Text(least, most) => of(Type::String).min_length(Some(least)).max_length(Some(most)).build().into(),
            Self::Words => of(Type::String).build().into(),
            Self::Choice(choices) => words(choices).build().into(),
            Self::Boolean => of(Type::Boolean).build().into(),
            Self::Number => of(Type::Number).build().into(),
            Self::Integer(least, most) => of(Type::Integer).minimum(Some(least)).maximum(Some(most)).build().into(),
            Self::Time => {
                of(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))).build().into()
            }
            Self::Object => of(Type::Object).build().into(),
            Self::Texts => list(RefOr::T(of(Type::String).build().into())),
            Self::Choices(choices) => list(RefOr::T(words(choices).build().into())),
            Self::Part(shapes) => schema(shapes),
            Self::Parts(shapes) => list(RefOr::T(schema(shapes))),
        })
    }
}
