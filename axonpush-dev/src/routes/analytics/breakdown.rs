//! Sums by what events have in common.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashMap;

use serde::Serialize;

use super::super::parameters::DIMENSIONS;
use super::super::query::Parameters;
use super::cohort::keys_are_not_kept;
use super::dimensions;
use super::sums::Sums;
use crate::problem::Problem;
use crate::store::{Scan, Seen};

/// What tells one row from another.
#[derive(Debug)]
pub(super) struct Dimension {
    name: String,
    /// The attribute, when the dimension is `tag`.
    tag: Option<String>,
}

#[derive(Debug)]
pub(super) struct Rows {
    dimension: Dimension,
    rows: HashMap<String, Sums>,
}

/// The rows with the most events first.
#[derive(Debug, Serialize)]
pub(super) struct Breakdown {
    dimension: String,
    rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    key: String,
    #[serde(flatten)]
    sums: Sums,
}

impl Dimension {
    /// Reads the name of a dimension. What is wrong with it is noted under `parameter`.
    ///
    /// # Errors
    /// 501 for keys, which are not kept.
    pub(super) fn of_query(parameters: &mut Parameters, parameter: &str, name: &str) -> Result<Self, Problem> {
        if name == "apiKey" {
            return Err(keys_are_not_kept());
        }
        let tag = (name == "tag").then(|| parameters.text("tagKey").map(str::to_owned)).flatten();
        if name == "tag" && tag.is_none() {
            parameters.fault("tagKey", "expected to be sent along with the dimension tag");
        } else if !DIMENSIONS.contains(&name) {
            parameters.fault(parameter, &format!("expected one of {}", DIMENSIONS.join(", ")));
        }
        Ok(Self { name: name.to_owned(), tag })
    }

    /// Leaves events out that have no row, as far as the database can tell.
    pub(super) fn narrow(&self, scan: &mut Scan) {
        if let Some((_, column)) = COLUMNS.iter().find(|(name, _)| *name == self.name) {
            scan.has(column);
        }
    }

    fn key<'a>(&self, event: &'a Seen) -> Option<Cow<'a, str>> {
        let Seen { row, body, facts } = event;
        if let Some(tag) = &self.tag {
            return dimensions::text(body.attribute(tag)?);
        }
        let text = match self.name.as_str() {
            "agent" => body.agent_id.as_deref(),
            "app" => Some(row.app_id.as_str()),
            "channel" => Some(body.channel_id.as_str()),
            "errorType" => facts.error_type.as_deref(),
            "eventType" => Some(body.event_type.as_str()),
            "finishReason" => facts.finish_reason.as_deref(),
            "model" => facts.request_model.as_deref(),
            "operation" => Some(body.identifier.as_str()),
            "provider" => facts.provider_name.as_deref(),
            "semanticKind" => facts.semantic_kind,
            "service" => facts.service_name.as_deref(),
            "source" => Some(row.source.as_str()),
            "status" => facts.status.as_deref(),
            "tool" => facts.tool_name.as_deref(),
            "user" => facts.user_id.as_deref(),
            _ => None,
        };
        text.map(Cow::Borrowed)
    }
}

impl Rows {
    pub(super) fn new(dimension: Dimension) -> Self {
        Self { dimension, rows: HashMap::new() }
    }

    pub(super) fn add(&mut self, event: &Seen) {
        let Some(key) = self.dimension.key(event) else { return };
        match self.rows.get_mut(key.as_ref()) {
            Some(sums) => sums.add(event),
            None => self.rows.entry(key.into_owned()).or_default().add(event),
        }
    }

    pub(super) fn finish(self, limit: usize) -> Breakdown {
        let mut rows: Vec<_> = self.rows.into_iter().map(|(key, sums)| Row { key, sums }).collect();
        rows.sort_by(|one, other| {
            let order = |row: &Row| Reverse(row.sums.event_count());
            order(one).cmp(&order(other)).then_with(|| one.key.cmp(&other.key))
        });
        rows.truncate(limit);
        Breakdown { dimension: self.dimension.name, rows }
    }
}

/// The dimensions that are columns.
const COLUMNS: [(&str, &str); 14] = [
    ("agent", "agent_id"),
    ("app", "app_id"),
    ("channel", "channel_id"),
    ("errorType", "error_type"),
    ("eventType", "event_type"),
    ("model", "request_model"),
    ("operation", "operation_name"),
    ("provider", "provider_name"),
    ("semanticKind", "semantic_kind"),
    ("service", "service_name"),
    ("source", "source"),
    ("status", "status"),
    ("tool", "tool_name"),
    ("user", "user_id"),
];
