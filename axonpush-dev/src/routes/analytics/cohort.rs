//! Which events an analysis is about.

use http::StatusCode;

use super::super::environments::ENVIRONMENT;
use super::super::parameters::COHORT_FILTERS;
use super::super::query::{Parameters, Window};
use super::super::resource::text;
use crate::problem::Problem;
use crate::state::Shared;
use crate::store::Scan;

/// The filters that all analyses share. Every one of them must match.
#[derive(Debug, Default)]
pub(super) struct Cohort {
    equal: Vec<(&'static str, String)>,
    environment: Option<String>,
    tag: Option<(String, String)>,
    by_key: bool,
}

impl Cohort {
    pub(super) fn of_query(parameters: &mut Parameters) -> Self {
        let cohort = Self::new(|name| parameters.text(name).map(str::to_owned));
        let pair = [TAG_KEY, TAG_VALUE].map(|name| parameters.text(name).is_some());
        if pair == [true, false] {
            parameters.fault(TAG_VALUE, "expected to be sent along with filterTagKey");
        } else if pair == [false, true] {
            parameters.fault(TAG_KEY, "expected to be sent along with filterTagValue");
        }
        cohort
    }

    /// The filters that `value` has values for. It is asked for each of them once.
    pub(super) fn new(mut value: impl FnMut(&'static str) -> Option<String>) -> Self {
        let equal = COHORT_FILTERS.iter().filter_map(|(name, column)| Some((*column, value(name)?))).collect();
        let (key, of_key) = (value(TAG_KEY), value(TAG_VALUE));
        Self { equal, environment: value("environment"), tag: key.zip(of_key), by_key: value("apiKey").is_some() }
    }

    /// # Errors
    /// 501 for a filter by key: keys are masked before anything is stored.
    pub(super) async fn scan(self, shared: &Shared, window: Window) -> Result<Scan, Problem> {
        if self.by_key {
            return Err(keys_are_not_kept());
        }
        let mut scan = Scan::default();
        scan.window(window.since, window.until);
        for (column, value) in self.equal {
            scan.equals(column, value);
        }
        if let Some(environment) = self.environment {
            scan.equals("environment_id", slug(shared, &environment).await?);
        }
        if let Some((key, value)) = self.tag {
            scan.attribute(key, value);
        }
        Ok(scan)
    }
}

/// The slug of an environment that may be named by its id. What is neither is a slug nobody has created, which events
/// may carry all the same.
pub(super) async fn slug(shared: &Shared, environment: &str) -> Result<String, Problem> {
    let environments = shared.list(ENVIRONMENT, None).await?;
    let named = environments.iter().find(|known| text(known, "environmentId") == environment);
    Ok(named.map_or(environment, |known| text(known, "slug")).to_owned())
}

pub(super) fn keys_are_not_kept() -> Problem {
    let detail = "this server takes any API key and keeps none, so nothing can be told apart by it";
    Problem::new(StatusCode::NOT_IMPLEMENTED, detail)
}

pub(super) const TAG_KEY: &str = "filterTagKey";
pub(super) const TAG_VALUE: &str = "filterTagValue";
