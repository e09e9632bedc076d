//! `/public-ingest-tokens`: tokens that may publish to one channel and do nothing else.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde_json::{Value, json};

use super::apps::check_channel;
use super::environments::ENVIRONMENT;
use super::fields::{Fields, LONG};
use super::path::Path;
use super::resource::{created, done, fresh, text};
use super::{Answered, json};
use crate::digest;
use crate::guard::{Authorized, PublicToken};
use crate::problem::{Fault, Problem};
use crate::state::Shared;
use crate::store::Document;

pub(super) async fn list(State(shared): State<Arc<Shared>>, _: Authorized) -> Answered {
    let tokens: Vec<_> = shared.list(TOKEN, None).await?.into_iter().map(shown).collect();
    Ok(json(&json!({"tokens": tokens})))
}

pub(super) async fn create(State(shared): State<Arc<Shared>>, Authorized(request): Authorized) -> Answered {
    let mut fields = Fields::of(&request)?;
    let name = fields.required_text("name", 1..=60);
    let channel_id = fields.required_text("channelId", 1..=LONG);
    let environment_id = fields.required_text("environmentId", 1..=LONG);
    fields.check()?;
    check_channel(&shared, &channel_id).await?;
    let environments = shared.list(ENVIRONMENT, None).await?;
    let known = |environment: &Document| {
        [text(environment, "environmentId"), text(environment, "slug")].contains(&&*environment_id)
    };
    let Some(environment) = environments.iter().find(|environment| known(environment)) else {
        let message = "expected the id of an environment that exists";
        return Err(Problem::invalid(vec![Fault::new("body.environmentId", message)]));
    };
    let token = format!("pt_{}", digest::secret());
    let prefix: String = token.chars().take(PREFIX).collect();
    let document = json!({
        "name": name, "channelId": channel_id, "environmentId": environment_id, "active": true, "prefix": prefix,
        DIGEST: digest::sha256_hex(token.as_bytes()), SLUG: text(environment, "slug"),
    });
    let document = shared.create(fresh(&shared, &request, TOKEN, "tokenId", document)).await?;
    let mut shown = shown(document);
    // Only now: what is kept is a digest.
    shown.insert("token".to_owned(), token.into());
    Ok(created(&shown))
}

/// A token that was revoked is kept, so that whoever still uses it learns why it is refused.
pub(super) async fn revoke(State(shared): State<Arc<Shared>>, _: Authorized, Path(token_id): Path<String>) -> Answered {
    let revoke = |token: &mut Document| {
        token.insert("active".to_owned(), false.into());
    };
    shared.update(TOKEN, &token_id, revoke).await?;
    Ok(done())
}

/// What a public token is bound to.
#[derive(Debug)]
pub(super) struct Binding {
    pub(super) channel_id: String,
    pub(super) environment: String,
}

impl Binding {
    /// What `token` is bound to. `None` for any other token while nobody has created one: then they are as good as
    /// keys, which are not checked either.
    ///
    /// # Errors
    /// 401 for a token that was revoked or that this server did not give out.
    pub(super) async fn of(shared: &Shared, token: &PublicToken) -> Result<Option<Self>, Problem> {
        let tokens = shared.list(TOKEN, None).await?;
        let digest = digest::sha256_hex(token.0.as_bytes());
        let same = |known: &&Document| digest::equal(text(known, DIGEST).as_bytes(), digest.as_bytes());
        let Some(known) = tokens.iter().find(same) else {
            let foreign = "this server gave out public tokens, and this is none of them";
            return if tokens.is_empty() { Ok(None) } else { Err(unauthorized(foreign)) };
        };
        if known.get("active") != Some(&Value::Bool(true)) {
            return Err(unauthorized("this public token was revoked"));
        }
        let (id, now) = (text(known, "tokenId").to_owned(), shared.clock.text());
        let used = |token: &mut Document| {
            token.insert("lastUsedAt".to_owned(), now.into());
        };
        shared.store.change(move |connection| crate::store::documents::update(connection, TOKEN, &id, used)).await?;
        let (channel_id, environment) = (text(known, "channelId").to_owned(), text(known, SLUG).to_owned());
        Ok(Some(Self { channel_id, environment }))
    }

    /// # Errors
    /// 403 for another channel than the token's.
    pub(super) fn check_channel(&self, channel_id: &str) -> Result<(), Problem> {
        if channel_id == self.channel_id {
            return Ok(());
        }
        Err(Problem::new(StatusCode::FORBIDDEN, "this public token is bound to another channel"))
    }
}

fn unauthorized(detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, detail)
}

fn shown(mut token: Document) -> Document {
    token.remove(DIGEST);
    token.remove(SLUG);
    token
}

const TOKEN: &str = "token";
const DIGEST: &str = "digest";
const SLUG: &str = "slug";

/// How much of a token is shown, so that people can tell one from another.
const PREFIX: usize = 11;
