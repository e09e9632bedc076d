//! How the document says who may call an operation, and which headers beside the key tell what a request is about.

use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};

use super::operation::Operation;
use super::shape::Shape;

/// Every way to carry a key, under the name that operations refer to it by.
pub(super) fn all() -> impl Iterator<Item = (&'static str, SecurityScheme)> {
    let header = |name, about| SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(name, about)));
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("The API key, as a bearer token."));
    let query = ApiKeyValue::with_description("sentry_key", "The key of a DSN.");
    [
        (KEY, header("x-axonpush-api-key", "An API key. This server takes any that begins with `ak_`.")),
        (OLD_KEY, header("x-api-key", "An API key, under the header's former name.")),
        (BEARER, SecurityScheme::Http(bearer.build())),
        (PUBLIC_TOKEN, header("x-public-token", "A public token, which may publish and nothing else.")),
        (SENTRY, header("x-sentry-auth", "`Sentry sentry_key=…`, with the key of a DSN.")),
        (SENTRY_KEY, SecurityScheme::ApiKey(ApiKey::Query(query))),
    ]
    .into_iter()
}

/// The ways to carry a key that an operation takes, each of them enough. None for one that asks for no key.
pub(super) fn of(operation: &Operation) -> impl Iterator<Item = SecurityRequirement> {
    let keys: &[&str] = match (operation.is_open(), operation.is_public(), operation.tag()) {
        (true, ..) => &[],
        (_, true, "sentry") => &[SENTRY, SENTRY_KEY, KEY, OLD_KEY, BEARER, PUBLIC_TOKEN],
        (_, true, _) => &[KEY, OLD_KEY, BEARER, PUBLIC_TOKEN],
        _ => &[KEY, OLD_KEY, BEARER],
    };
    keys.iter().map(|name| SecurityRequirement::new(*name, [] as [&str; 0]))
}

/// The headers that an operation reads.
pub(super) fn headers(operation: &Operation) -> impl Iterator<Item = Parameter> {
    let publishes = operation.is_public();
    [
        ("x-tenant-id", !operation.is_open(), "The organization that the request is about. Without it, `org_dev`."),
        ("x-axonpush-environment", publishes, "The slug of the environment that the events are of."),
        (
            "x-axonpush-channel",
            operation.tag() == "otlp",
            "The channel that the records are for. A public token that is bound to a channel does without it.",
        ),
        ("last-event-id", operation.id == "event.stream", "The last event that was seen; the stream goes on after it."),
    ]
    .into_iter()
    .filter(|(_, is_read, _)| *is_read)
    .map(|(name, _, about)| header(name, about))
}

fn header(name: &str, about: &str) -> Parameter {
    let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Header).description(Some(about));
    parameter.schema(Some(Shape::Words.schema())).build()
}

const KEY: &str = "key";
const OLD_KEY: &str = "oldKey";
const BEARER: &str = "bearer";
const PUBLIC_TOKEN: &str = "publicToken";
const SENTRY: &str = "sentry";
const SENTRY_KEY: &str = "sentryKey";
