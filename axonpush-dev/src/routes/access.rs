//! `/access-requests`, and what only the hosted service has.

use std::sync::Arc;

use axum::extract::State;
use http::{StatusCode, Uri};
use serde_json::{Value, json};

use super::fields::Fields;
use super::resource::fresh;
use super::shape::read;
use super::{Answered, bodies, json_with};
use crate::guard::Authorized;
use crate::problem::Problem;
use crate::state::Shared;

/// It is kept, and nobody will ever grant it.
pub(super) async fn request(State(shared): State<Arc<Shared>>, Authorized(request): Authorized) -> Answered {
    let mut fields = Fields::of(&request)?;
    let document = read(&mut fields, bodies::ACCESS_REQUEST, true);
    fields.check()?;
    let mut new = fresh(&shared, &request, "access request", "requestId", Value::Object(document));
    new.document.insert("status".to_owned(), "pending".into());
    let kept = shared.create(new).await?;
    let id = kept.get("id");
    Ok(json_with(StatusCode::CREATED, &json!({"ok": true, "requestId": id, "id": id})))
}

/// What to say to a request that no route is for.
pub(super) fn no_route(uri: &Uri) -> Problem {
    let path = uri.path();
    let hosted = HOSTED
        .iter()
        .find(|(prefix, _)| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    match hosted {
        Some((_, why)) => Problem::new(StatusCode::NOT_IMPLEMENTED, *why),
        None => Problem::new(StatusCode::NOT_FOUND, "no such route; check the path"),
    }
}

/// What makes no sense without the hosted service, and why.
const HOSTED: [(&str, &str); 7] = [
    ("/admin", "a local server has no console to administer; only the hosted service does"),
    ("/billing", "a local server costs nothing; only the hosted service bills"),
    ("/gw", "no model is called through a local server; only the hosted service has a gateway"),
    ("/moderation/violations", "no traffic passes through a local server, so no rule can be violated"),
    ("/moderation/efficacy", "no traffic passes through a local server, so rules have no effect to measure"),
    ("/mcp", "a local server speaks no MCP; only the hosted service does"),
    ("/workspaces", "a local server has no workspaces; publish with `POST /event`"),
];
