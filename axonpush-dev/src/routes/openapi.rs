//! `GET /openapi.json`: every operation, as a document that tools understand.

use std::collections::BTreeMap;

use axum::response::Response;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{
    HttpMethod, Operation as Described, OperationBuilder, ParameterBuilder, ParameterIn, PathItemBuilder, PathsBuilder,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ArrayBuilder, ComponentsBuilder, ObjectBuilder, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Required, ResponseBuilder, Schema};

use super::operations::{Body, OPERATIONS, Operation};
use super::shape::{Field, schema};

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
    let description = "What this local server answers. Bodies are closed: a field that is not listed is refused.";
    let info = InfoBuilder::new().title("AxonPush, a local server").version(env!("CARGO_PKG_VERSION"));
    let key = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("x-axonpush-api-key")));
    let components = ComponentsBuilder::new().schema(PROBLEM, problem()).security_scheme(KEY, key);
    OpenApiBuilder::new()
        .info(info.description(Some(description)).build())
        .paths(paths.build())
        .components(Some(components.build()))
        .build()
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
    let mut described = OperationBuilder::new()
        .operation_id(Some(operation.id))
        .summary(Some(operation.summary))
        .tag(operation.tag())
        .response(operation.status.to_string(), ResponseBuilder::new().description("Done"))
        .response("default", refusal());
    if !operation.is_open() {
        described = described.security(SecurityRequirement::new(KEY, [] as [&str; 0]));
    }
    for name in placeholders(operation.path) {
        let text = ObjectBuilder::new().schema_type(Type::String).build();
        let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path).required(Required::True);
        described = described.parameter(parameter.schema(Some(Schema::Object(text))));
    }
    match operation.body {
        Body::None => described,
        Body::Fields(fields) => described.request_body(Some(json_body(schema(fields)))),
        Body::Changes(fields) => {
            let fields: Vec<_> = fields.iter().map(|field| Field { required: false, ..*field }).collect();
            described.request_body(Some(json_body(schema(&fields))))
        }
        Body::Anything => {
            let anything = Schema::Object(ObjectBuilder::new().schema_type(Type::Object).build());
            described.request_body(Some(json_body(anything)))
        }
        Body::Media(types) => {
            let body = RequestBodyBuilder::new().required(Some(Required::True));
            let body = types.iter().fold(body, |body, of| body.content(*of, ContentBuilder::new().build()));
            described.request_body(Some(body.build()))
        }
    }
    .build()
}

fn json_body(schema: Schema) -> utoipa::openapi::request_body::RequestBody {
    let content = ContentBuilder::new().schema(Some(schema)).build();
    RequestBodyBuilder::new().content("application/json", content).required(Some(Required::True)).build()
}

fn refusal() -> ResponseBuilder {
    let content = ContentBuilder::new().schema(Some(RefOr::<Schema>::Ref(Ref::from_schema_name(PROBLEM)))).build();
    ResponseBuilder::new().description("Refused, and why").content("application/problem+json", content)
}

fn problem() -> Schema {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let fault = ObjectBuilder::new().property("location", text()).property("message", text()).required("location");
    let fault = fault.required("message").property("value", ObjectBuilder::new());
    let problem = ObjectBuilder::new()
        .property("type", text())
        .property("title", text())
        .property("status", ObjectBuilder::new().schema_type(Type::Integer))
        .property("detail", text())
        .property("errors", ArrayBuilder::new().items(fault));
    Schema::Object(problem.required("title").required("status").required("detail").build())
}

/// The names in the braces of a path.
fn placeholders(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

const PROBLEM: &str = "Problem";
const KEY: &str = "key";
