//! `/environments`, which are addressed by their slugs.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde_json::{Value, json};

use super::fields::{Fields, NAME};
use super::path::Path;
use super::resource::{created, done, fresh, missing, object};
use super::{Answered, json};
use crate::guard::Authorized;
use crate::problem::Problem;
use crate::state::Shared;
use crate::store::{Document, NewDocument, documents};

pub(super) async fn list(State(shared): State<Arc<Shared>>, _: Authorized) -> Answered {
    Ok(json(&json!({"environments": shared.list(ENVIRONMENT, None).await?})))
}

pub(super) async fn create(State(shared): State<Arc<Shared>>, Authorized(request): Authorized) -> Answered {
    let mut fields = Fields::of(&request)?;
    let name = fields.name();
    let sent_slug = fields.text("slug", NAME);
    let color = fields.text("color", 0..=MAX_COLOR);
    let is_production = fields.boolean("isProduction").unwrap_or(false);
    let is_default = fields.boolean("isDefault").unwrap_or(false);
    if let Some(sent) = sent_slug.as_deref().filter(|sent| slug(sent) != **sent) {
        fields.fault("slug", "expected lower-case letters, digits and single dashes between them", Some(sent.into()));
    }
    let slug = sent_slug.clone().unwrap_or_else(|| slug(&name));
    if slug.is_empty() && !name.is_empty() {
        fields.fault("slug", "expected to be sent, because the name has no letter or digit to make one of", None);
    }
    fields.check()?;
    let document = json!({
        "slug": slug, "name": name, "color": color.as_deref().unwrap_or(COLOR), "isProduction": is_production,
        "isDefault": false, "isEphemeral": false,
    });
    let NewDocument { document, .. } = fresh(&shared, &request, ENVIRONMENT, "environmentId", document);
    let new = NewDocument { kind: ENVIRONMENT, id: slug.clone(), owner: String::new(), document };
    let environment = shared.create(new).await?;
    Ok(created(&if is_default { make_default(&shared, slug).await? } else { environment }))
}

pub(super) async fn update(
    State(shared): State<Arc<Shared>>,
    Authorized(request): Authorized,
    Path(slug): Path<String>,
) -> Answered {
    let mut fields = Fields::of(&request)?;
    let changes = json!({
        "name": fields.text("name", NAME),
        "color": fields.text("color", 0..=MAX_COLOR),
        "isProduction": fields.boolean("isProduction"),
    });
    fields.check()?;
    Ok(json(&shared.update(ENVIRONMENT, &slug, |environment| environment.extend(object(changes))).await?))
}

pub(super) async fn delete(State(shared): State<Arc<Shared>>, _: Authorized, Path(slug): Path<String>) -> Answered {
    shared
        .change(move |connection| {
            let Some(environment) = documents::find(connection, ENVIRONMENT, &slug)? else {
                return Ok(Err(missing(ENVIRONMENT)));
            };
            if is_default(&environment) {
                let detail = "this is the default environment; promote another one first";
                return Ok(Err(Problem::new(StatusCode::CONFLICT, detail)));
            }
            documents::remove(connection, ENVIRONMENT, &slug).map(|_| Ok(()))
        })
        .await?;
    Ok(done())
}

pub(super) async fn promote(State(shared): State<Arc<Shared>>, _: Authorized, Path(slug): Path<String>) -> Answered {
    Ok(json(&make_default(&shared, slug).await?))
}

/// Makes one environment the default and every other one not.
async fn make_default(shared: &Shared, slug: String) -> Result<Document, Problem> {
    let now = shared.clock.text();
    shared
        .change(move |connection| {
            let Some(mut promoted) = documents::find(connection, ENVIRONMENT, &slug)? else {
                return Ok(Err(missing(ENVIRONMENT)));
            };
            for other in documents::list(connection, ENVIRONMENT, None)?.into_iter().filter(is_default) {
                let other = other.get("slug").and_then(Value::as_str).unwrap_or_default();
                documents::update(connection, ENVIRONMENT, other, |other| {
                    other.insert("isDefault".to_owned(), false.into());
                })?;
            }
            promoted.insert("isDefault".to_owned(), true.into());
            promoted.insert("updatedAt".to_owned(), now.into());
            let saved = promoted.clone();
            documents::update(connection, ENVIRONMENT, &slug, |environment| *environment = saved)?;
            Ok(Ok(promoted))
        })
        .await
}

fn is_default(environment: &Document) -> bool {
    environment.get("isDefault") == Some(&Value::Bool(true))
}

/// What is left of a name in an address.
fn slug(name: &str) -> String {
    let words = name.split(|symbol: char| !symbol.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}

pub(super) const ENVIRONMENT: &str = "environment";

const COLOR: &str = "#6b7280";
const MAX_COLOR: usize = 32;

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn a_slug_of_a_slug_is_itself() {
        for (name, expected) in
            [("Production", "production"), ("  EU West (2) ", "eu-west-2"), ("a--b", "a-b"), ("ü", ""), ("a_b", "a-b")]
        {
            assert_eq!(slug(name), expected);
            assert_eq!(slug(expected), expected);
        }
    }
}
