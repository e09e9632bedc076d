//! The page: its files, which are part of the program, and what a browser is told to do with them.

mod assets;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::state::Shared;
use assets::{ASSETS, Asset, INDEX};

/// Where the files of the page are found. Its front door, `/`, is mounted by whoever owns that path.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    ASSETS.iter().fold(Router::new(), |router, asset| {
        router.route(asset.path, get(async |headers: HeaderMap| serve(asset, &headers)))
    })
}

/// What is at the front door, for a browser; `None` for everybody who does not ask for HTML.
pub(crate) fn front(headers: &HeaderMap) -> Option<Response> {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.into_iter().any(|accepted| accepted.contains("text/html")).then(|| {
        let mut response = serve(&INDEX, headers);
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
        response
    })
}

/// Whether `path` is a part of the page, which stays whole whatever goes wrong on request.
pub(crate) fn is_part(path: &str) -> bool {
    path.starts_with(ROOT)
}

/// Browsers ask again each time, because the next start may be of another version, and are told when nothing changed.
fn serve(asset: &Asset, headers: &HeaderMap) -> Response {
    let tag = asset.tag();
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let mut response = if known.is_some_and(|known| known.split(',').any(|known| known.trim() == tag)) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let content_type = [(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type))];
        (content_type, Body::from(Bytes::from_static(asset.bytes))).into_response()
    };
    let told = response.headers_mut();
    if let Ok(tag) = HeaderValue::try_from(tag) {
        told.insert(header::ETAG, tag);
    }
    for (name, value) in [
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        told.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Nothing from elsewhere, nothing inline, in nobody's frame; and text can't be made markup, not even by our own scripts.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types 'none'";

const ROOT: &str = "/page/";
