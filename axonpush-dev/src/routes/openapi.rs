//! `GET /openapi.json`: every operation, as a document that tools understand.

use std::collections::BTreeMap;

use axum::response::Response;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{
    HttpMethod, Operation as Described, OperationBuilder, Parameter as DescribedParameter, ParameterBuilder,
    ParameterIn, PathItemBuilder, PathsBuilder,
};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{Components, ComponentsBuilder, ObjectBuilder, Type};
use utoipa::openapi::{
    Content, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Required, ResponseBuilder, ResponsesBuilder, Schema,
};

use super::models::Model;
use super::operation::{Answer, Body, Operation};
use super::operations::OPERATIONS;
use super::parameter::Parameter;
use super::schemas;
use super::shape::{Field, Shape, schema};
use super::{credentials, models};

pub(super) async fn openapi() -> Response {
    super::json(&document())
}

fn document() -> OpenApi {
    let mut paths: BTreeMap<&str, Vec<&Operation>> = BTreeMap::new();
    for operation in OPERATIONS {
        paths.entry(operation.path).or_default().push(operation);
    }
    let paths = paths.into_iter().fold(PathsBuilder::new(), |paths, (path, operations)| {
        paths.path(path, operations.into_iter().fold(PathItemBuilder::new(), with_operation).build())
    });
    let description = "What this local server answers. Bodies are closed: a field that is not listed is refused. Answers \
                       are open: a client passes over what it does not know.";
    let info = InfoBuilder::new().title("AxonPush, a local server").version(env!("CARGO_PKG_VERSION"));
    OpenApiBuilder::new()
        .info(info.description(Some(description)).build())
        .paths(paths.build())
        .components(Some(components()))
        .build()
}

fn components() -> Components {
    let mut named = BTreeMap::new();
    for operation in OPERATIONS {
        if let Answer::One(model) | Answer::Each(model) | Answer::Otlp(model) = operation.answer {
            name(model, &mut named);
        }
    }
    name(&models::PROBLEM, &mut named);
    let content = content(RefOr::Ref(Ref::from_schema_name(models::PROBLEM.name)));
    let refusal = ResponseBuilder::new().description("Refused, and why").content(PROBLEM_JSON, content).build();
    let components = credentials::all()
        .fold(ComponentsBuilder::new(), |components, (name, scheme)| components.security_scheme(name, scheme));
    let components = components.response(REFUSED, refusal);
    named
        .into_iter()
        .fold(components, |components, (name, model)| components.schema(name, schemas::model(model)))
        .build()
}

/// Adds a model and everything it is made of.
fn name(model: &'static Model, named: &mut BTreeMap<&'static str, &'static Model>) {
    if named.insert(model.name, model).is_none() {
        model.parts().for_each(|part| name(part, named));
    }
}

fn with_operation(item: PathItemBuilder, operation: &Operation) -> PathItemBuilder {
    let method = match operation.method {
        "POST" => HttpMethod::Post,
        "PUT" => HttpMethod::Put,
        "PATCH" => HttpMethod::Patch,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    };
    item.operation(method, described(operation))
}

fn described(operation: &Operation) -> Described {
    let refused = || RefOr::<utoipa::openapi::Response>::Ref(Ref::from_response_name(REFUSED));
    let responses = ResponsesBuilder::new().response(operation.status.to_string(), success(operation));
    let responses = refusals(operation).fold(responses, |responses, status| responses.response(status, refused()));
    let described = OperationBuilder::new()
        .operation_id(Some(operation.id))
        .summary(Some(operation.summary))
        .tag(operation.tag())
        .responses(responses.response("default", refused()).build())
        .request_body(request_body(operation.body));
    let described = operation.placeholders().map(in_path).fold(described, OperationBuilder::parameter);
    let described =
        operation.query.iter().copied().flatten().map(in_query).fold(described, OperationBuilder::parameter);
    let described = credentials::headers(operation).fold(described, OperationBuilder::parameter);
    credentials::of(operation).fold(described, OperationBuilder::security).build()
}

fn in_path(name: &str) -> DescribedParameter {
    let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path).required(Required::True);
    parameter.schema(Some(Shape::Words.schema())).build()
}

fn in_query(parameter: &Parameter) -> DescribedParameter {
    let about = Some(parameter.about).filter(|about| !about.is_empty());
    let described = ParameterBuilder::new()
        .name(parameter.name)
        .parameter_in(ParameterIn::Query)
        .required(if parameter.required { Required::True } else { Required::False })
        .description(about)
        .schema(Some(schemas::parameter(parameter)));
    match parameter.shape {
        Shape::Choices(_) => described.explode(Some(false)).build(),
        _ => described.build(),
    }
}

fn request_body(body: Body) -> Option<RequestBody> {
    let schema = match body {
        Body::None => return None,
        Body::Fields(fields) => schema(fields),
        Body::Changes(fields) => {
            let fields: Vec<_> = fields.iter().map(|field| Field { required: false, ..*field }).collect();
            schema(&fields)
        }
        Body::Anything => ObjectBuilder::new().schema_type(Type::Object).build().into(),
        Body::Media(types) => {
            let body = RequestBodyBuilder::new().required(Some(Required::True));
            return Some(types.iter().fold(body, |body, of| body.content(*of, content(schemas::media(of)))).build());
        }
    };
    let body = RequestBodyBuilder::new().content(JSON, content(RefOr::T(schema)));
    Some(body.required(Some(Required::True)).build())
}

fn success(operation: &Operation) -> utoipa::openapi::Response {
    let done = ResponseBuilder::new().description(operation.summary);
    match operation.answer {
        Answer::One(model) => done.content(JSON, content(schemas::named(model))),
        Answer::Each(model) => done.content(JSON, content(schemas::list(schemas::named(model)))),
        Answer::Anything => done.content(JSON, content(Shape::Object.schema())),
        Answer::Media(types) => types.iter().fold(done, |done, of| done.content(*of, content(schemas::media(of)))),
        Answer::Otlp(model) => {
            done.content(JSON, content(schemas::named(model))).content(PROTOBUF, content(schemas::media(PROTOBUF)))
        }
    }
    .build()
}

/// What an operation may refuse for a reason that can be told from its description.
fn refusals(operation: &Operation) -> impl Iterator<Item = &'static str> {
    let (has_body, has_query) = (!matches!(operation.body, Body::None), !operation.query.is_empty());
    let has_path = operation.placeholders().next().is_some();
    [
        ("400", has_body || has_path),
        ("401", !operation.is_open()),
        ("403", true),
        ("404", has_path || operation.tag() == "dev"),
        ("413", has_body),
        ("415", has_body),
        ("422", has_body || has_query),
    ]
    .into_iter()
    .filter_map(|(status, may_be)| may_be.then_some(status))
}

fn content(schema: RefOr<Schema>) -> Content {
    ContentBuilder::new().schema(Some(schema)).build()
}

const REFUSED: &str = "Refused";
const JSON: &str = "application/json";
const PROBLEM_JSON: &str = "application/problem+json";
const PROTOBUF: &str = "application/x-protobuf";
