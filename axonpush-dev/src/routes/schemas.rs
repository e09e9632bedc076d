//! The schemas of what is answered and of query parameters. Those of bodies are where bodies are read, in
//! [`shape`](super::shape).

use serde_json::Value;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{KnownFormat, Ref, RefOr, Schema};

use super::models::{Model, Of};
use super::parameter::Parameter;
use super::shape::Shape;

pub(super) fn model(model: &Model) -> Schema {
    let properties = model.properties();
    let mut object = properties.iter().fold(ObjectBuilder::new(), |object, property| {
        let object = object.property(property.name, of(property.of));
        if property.required { object.required(property.name) } else { object }
    });
    for field in model.fields {
        // What is there even when nothing was sent is among the properties.
        if properties.iter().all(|property| property.name != field.name) {
            object = object.property(field.name, field.shape.schema());
            object = if field.required { object.required(field.name) } else { object };
        }
    }
    object.build().into()
}

/// A reference to the schema of a model.
pub(super) fn named(model: &Model) -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name(model.name))
}

pub(super) fn list(items: RefOr<Schema>) -> RefOr<Schema> {
    RefOr::T(Schema::Array(ArrayBuilder::new().items(items).build()))
}

/// What is no JSON of ours: an object, text or bytes.
pub(super) fn media(of: &str) -> RefOr<Schema> {
    match of {
        "application/json" => Shape::Object.schema(),
        _ if of.starts_with("text/") => Shape::Words.schema(),
        _ => {
            let binary = Some(SchemaFormat::KnownFormat(KnownFormat::Binary));
            RefOr::T(ObjectBuilder::new().schema_type(Type::String).format(binary).build().into())
        }
    }
}

pub(super) fn parameter(parameter: &Parameter) -> RefOr<Schema> {
    let usual = match parameter.shape {
        _ if parameter.usual.is_empty() => return parameter.shape.schema(),
        Shape::Integer(..) => parameter.usual.parse().map_or(Value::Null, |usual: u64| usual.into()),
        Shape::Boolean => (parameter.usual == "true").into(),
        Shape::Choices(_) => parameter.usual.split(',').collect(),
        _ => parameter.usual.into(),
    };
    match parameter.shape.schema() {
        RefOr::T(Schema::Object(mut object)) => {
            object.default = Some(usual);
            RefOr::T(object.into())
        }
        RefOr::T(Schema::Array(mut array)) => {
            array.default = Some(usual);
            RefOr::T(Schema::Array(array))
        }
        other => other,
    }
}

fn of(of: Of) -> RefOr<Schema> {
    let one = |of: SchemaType| RefOr::T(Schema::from(ObjectBuilder::new().schema_type(of).build()));
    let anything = || one(SchemaType::AnyValue);
    match of {
        Of::Text => Shape::Words.schema(),
        Of::TextOrNull => one(SchemaType::Array(vec![Type::String, Type::Null])),
        Of::Time => Shape::Time.schema(),
        Of::Choice(choices) => Shape::Choice(choices).schema(),
        Of::Boolean => Shape::Boolean.schema(),
        Of::Integer => one(Type::Integer.into()),
        Of::IntegerOrNull => one(SchemaType::Array(vec![Type::Integer, Type::Null])),
        Of::Number => Shape::Number.schema(),
        Of::Texts => Shape::Texts.schema(),
        Of::Anything => anything(),
        Of::Things => list(anything()),
        Of::Object => Shape::Object.schema(),
        Of::One(model) => named(model),
        Of::Each(model) => list(named(model)),
    }
}
