//! What somebody decided about an issue.

use jiff::Timestamp;
use serde_json::json;

use super::super::fields::{Fields, LONG, NAME};
use super::super::resource::object;
use crate::problem::Problem;
use crate::requests::ReceivedRequest;
use crate::store::{Document, Kind};

/// The decision as it is kept. Without one, an issue is unresolved.
#[derive(Clone, Debug, Default)]
pub(super) struct Triage {
    /// `resolved`, `ignored`, `muted` or nothing.
    pub(super) status: String,
    pub(super) assignee: Option<String>,
    pub(super) resolved_at: Option<Timestamp>,
    pub(super) resolved_in_release: Option<String>,
    pub(super) muted_at: Option<Timestamp>,
    pub(super) snooze_until: Option<Timestamp>,
    pub(super) snooze_until_count: Option<u64>,
    pub(super) snooze_until_users: Option<u64>,
}

/// What a request decides.
#[derive(Debug)]
pub(super) struct Change {
    action: String,
    assignee: Option<String>,
    resolved_in_release: Option<String>,
    snooze_until: Option<Timestamp>,
    snooze_until_count: Option<u64>,
    snooze_until_users: Option<u64>,
    now: Timestamp,
}

impl Triage {
    pub(super) fn read(document: Option<&Document>) -> Self {
        let text = |name| document?.get(name)?.as_str().map(str::to_owned);
        let time = |name| text(name)?.parse().ok();
        let count = |name| document?.get(name)?.as_u64();
        Self {
            status: text("status").unwrap_or_default(),
            assignee: text("assignee"),
            resolved_at: time("resolvedAt"),
            resolved_in_release: text("resolvedInRelease"),
            muted_at: time("mutedAt"),
            snooze_until: time("snoozeUntil"),
            snooze_until_count: count("snoozeUntilCount"),
            snooze_until_users: count("snoozeUntilUsers"),
        }
    }

    fn document(self, fingerprint: &str) -> Document {
        let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
        object(json!({
            "fingerprint": fingerprint, "status": self.status, "assignee": self.assignee,
            "resolvedAt": time(self.resolved_at), "resolvedInRelease": self.resolved_in_release,
            "mutedAt": time(self.muted_at), "snoozeUntil": time(self.snooze_until),
            "snoozeUntilCount": self.snooze_until_count, "snoozeUntilUsers": self.snooze_until_users,
        }))
    }
}

impl Change {
    /// # Errors
    /// 422 for a body that decides nothing that can be decided.
    pub(super) fn of(request: &ReceivedRequest, now: Timestamp) -> Result<Self, Problem> {
        let mut fields = Fields::of(request)?;
        let change = Self {
            action: fields.required_choice("action", &["resolve", "unresolve", "ignore", "mute", "assign"]),
            assignee: fields.text("assignee", 0..=*NAME.end()),
            resolved_in_release: fields.text("resolvedInRelease", 0..=LONG),
            snooze_until: fields.time("snoozeUntil"),
            snooze_until_count: fields.integer("snoozeUntilCount", 1..=u32::MAX.into()),
            snooze_until_users: fields.integer("snoozeUntilUsers", 1..=u32::MAX.into()),
            now,
        };
        if change.action == "assign" && change.assignee.is_none() {
            fields.fault("assignee", "expected to be sent along with the action assign; empty for nobody", None);
        }
        fields.check()?;
        Ok(change)
    }

    /// The decision from now on, as it is to be kept.
    pub(super) fn apply(self, known: Triage, fingerprint: &str) -> Document {
        let assignee = self.assignee.map_or(known.assignee.clone(), |who| Some(who).filter(|who| !who.is_empty()));
        let fresh = Triage { assignee: assignee.clone(), ..Triage::default() };
        let triage = match self.action.as_str() {
            "resolve" => Triage {
                status: "resolved".to_owned(),
                resolved_at: Some(self.now),
                resolved_in_release: self.resolved_in_release.filter(|release| !release.is_empty()),
                ..fresh
            },
            "ignore" => Triage { status: "ignored".to_owned(), ..fresh },
            "mute" => Triage {
                status: "muted".to_owned(),
                muted_at: Some(self.now),
                snooze_until: self.snooze_until,
                snooze_until_count: self.snooze_until_count,
                snooze_until_users: self.snooze_until_users,
                ..fresh
            },
            "assign" => Triage { assignee, ..known },
            _ => fresh,
        };
        triage.document(fingerprint)
    }
}

pub(super) const ISSUE: Kind = "issue";
