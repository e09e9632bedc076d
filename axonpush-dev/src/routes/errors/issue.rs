//! One group of failures.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::query::Window;
use super::triage::Triage;
use crate::digest::sha256_hex;
use crate::store::Seen;

/// What the failures of a group add up to. They must be added in the order they arrived.
#[derive(Debug)]
pub(super) struct Issue {
    fingerprint: String,
    triage: Triage,
    window: Window,
    first_seen: Timestamp,
    last_seen: Timestamp,
    latest: Latest,
    /// How many there were in the window, and in each of its hours.
    count: u64,
    hours: BTreeMap<Timestamp, u64>,
    traces: HashSet<String>,
    users: HashSet<String>,
    /// How many there ever were.
    total: u64,
    releases_before: HashSet<String>,
    regressed: bool,
    /// Since it was muted.
    since_muted: u64,
    users_since_muted: HashSet<String>,
}

/// What the latest failure said.
#[derive(Debug, Default)]
struct Latest {
    error_type: String,
    message: String,
    operation: String,
    culprit: String,
    service: String,
}

impl Issue {
    pub(super) fn new(fingerprint: &str, triage: Option<&Triage>, window: Window) -> Self {
        Self {
            fingerprint: fingerprint.to_owned(),
            triage: triage.cloned().unwrap_or_default(),
            window,
            first_seen: Timestamp::MAX,
            last_seen: Timestamp::MIN,
            latest: Latest::default(),
            count: 0,
            hours: BTreeMap::new(),
            traces: HashSet::new(),
            users: HashSet::new(),
            total: 0,
            releases_before: HashSet::new(),
            regressed: false,
            since_muted: 0,
            users_since_muted: HashSet::new(),
        }
    }

    pub(super) fn add(&mut self, event: &Seen) {
        let at = event.row.created_at;
        self.total += 1;
        self.first_seen = self.first_seen.min(at);
        self.last_seen = self.last_seen.max(at);
        self.latest = Latest::of(event);
        let user = event.facts.user_id.as_ref();
        if at >= self.window.since && self.window.until.is_none_or(|until| at < until) {
            self.count += 1;
            let hour = Timestamp::from_second(at.as_second().div_euclid(3_600) * 3_600).unwrap_or(at);
            *self.hours.entry(hour).or_default() += 1;
            self.traces.extend(event.body.trace_id.clone());
            self.users.extend(user.cloned());
        }
        let release = event.facts.release.as_ref();
        match self.triage.resolved_at {
            Some(resolved) if at > resolved => self.regressed |= self.is_regression(release),
            _ => self.releases_before.extend(release.cloned()),
        }
        if self.triage.muted_at.is_some_and(|muted| at > muted) {
            self.since_muted += 1;
            self.users_since_muted.extend(user.cloned());
        }
    }

    /// A release that was out before a later one fixed the issue may go on failing.
    fn is_regression(&self, release: Option<&String>) -> bool {
        match (&self.triage.resolved_in_release, release) {
            (Some(fixed), Some(release)) => release == fixed || !self.releases_before.contains(release),
            _ => true,
        }
    }

    /// Puts a newer decision in the place of the one that was known. What was counted for the other one does not count.
    pub(super) fn triage(&mut self, triage: Triage) {
        self.triage = triage;
        self.regressed = false;
        self.since_muted = 0;
        self.users_since_muted.clear();
    }

    pub(super) fn status(&self, now: Timestamp) -> &str {
        let triage = &self.triage;
        let over = |most: Option<u64>, count: u64| most.is_some_and(|most| count >= most);
        match triage.status.as_str() {
            "resolved" if self.regressed => UNRESOLVED,
            "muted"
                if triage.snooze_until.is_some_and(|until| now >= until)
                    || over(triage.snooze_until_count, self.since_muted)
                    || over(triage.snooze_until_users, self.users_since_muted.len() as u64) =>
            {
                UNRESOLVED
            }
            "" => UNRESOLVED,
            status => status,
        }
    }

    pub(super) fn is_in_window(&self) -> bool {
        self.count > 0
    }

    pub(super) fn was_seen(&self) -> bool {
        self.total > 0
    }

    pub(super) fn service(&self) -> &str {
        &self.latest.service
    }

    pub(super) fn assignee(&self) -> Option<&String> {
        self.triage.assignee.as_ref()
    }

    /// Whether what it says contains `text`, which is in lower case.
    pub(super) fn contains(&self, text: &str) -> bool {
        let Latest { error_type, message, operation, .. } = &self.latest;
        [error_type, message, operation].into_iter().any(|said| said.to_lowercase().contains(text))
    }

    /// What was seen last comes first.
    pub(super) fn order(&self) -> (Reverse<Timestamp>, &str) {
        (Reverse(self.last_seen), &self.fingerprint)
    }

    pub(super) fn traces(&self) -> &HashSet<String> {
        &self.traces
    }

    pub(super) fn buckets(&self) -> Vec<Value> {
        self.hours.iter().map(|(hour, count)| json!({"bucket": hour.to_string(), "count": count})).collect()
    }

    pub(super) fn shown(&self, now: Timestamp) -> Value {
        let Latest { error_type, message, operation, culprit, service } = &self.latest;
        let title = match (error_type.as_str(), message.as_str()) {
            ("", "") => operation.clone(),
            ("", said) | (said, "") => said.to_owned(),
            (kind, said) => format!("{kind}: {said}"),
        };
        let mut shown = json!({
            "fingerprint": self.fingerprint, "title": title, "errorType": error_type, "message": message,
            "operation": operation, "culprit": culprit, "serviceName": service, "status": self.status(now),
            "regressed": self.regressed, "count": self.count, "traceCount": self.traces.len(),
            "userCount": self.users.len(), "firstSeen": self.first_seen.to_string(),
            "lastSeen": self.last_seen.to_string(), "sparkline": self.buckets(),
        });
        if let (Some(shown), Some(assignee)) = (shown.as_object_mut(), self.assignee()) {
            shown.insert("assignee".to_owned(), assignee.as_str().into());
        }
        shown
    }

    /// What was decided about it.
    pub(super) fn triaged(&self, now: Timestamp) -> Value {
        let Triage { resolved_at, resolved_in_release, snooze_until, assignee, .. } = &self.triage;
        let shown = json!({
            "fingerprint": self.fingerprint, "status": self.status(now), "regressed": self.regressed,
            "assignee": assignee, "resolvedAt": resolved_at.map(|at| at.to_string()),
            "resolvedInRelease": resolved_in_release, "snoozeUntil": snooze_until.map(|at| at.to_string()),
        });
        Value::Object(super::super::resource::object(shown))
    }
}

impl Latest {
    fn of(event: &Seen) -> Self {
        let operation = event.body.identifier.clone();
        let code = ["code.function.name", "code.function"];
        let code = code.iter().find_map(|name| event.body.attribute(name)?.as_str());
        Self {
            error_type: event.facts.error_type.clone().unwrap_or_default(),
            message: message(event),
            culprit: code.map_or_else(|| operation.clone(), str::to_owned),
            operation,
            service: event.facts.service_name.clone().unwrap_or_default(),
        }
    }
}

/// What failures of one group have in common: what the client says they do, else the service, the operation and the type;
/// without a type, the message apart from its numbers.
pub(super) fn fingerprint(event: &Seen) -> String {
    if let Some(given) = event.body.attribute("error.fingerprint").filter(|given| !given.is_null()) {
        return short_digest(&["given", &given.to_string()]);
    }
    let service = event.facts.service_name.as_deref().unwrap_or_default();
    let operation = event.body.identifier.as_str();
    match event.facts.error_type.as_deref() {
        Some(kind) => short_digest(&["type", service, operation, kind]),
        None => short_digest(&["text", service, operation, &without_numbers(&message(event))]),
    }
}

/// What a failure says about itself.
fn message(event: &Seen) -> String {
    let said = event.facts.error_message.as_deref();
    let logged = || event.body.payload.get("body").and_then(Value::as_str);
    said.or_else(logged).unwrap_or_default().to_owned()
}

fn short_digest(parts: &[&str]) -> String {
    // As JSON, the parts cannot run into each other.
    sha256_hex(json!(parts).to_string().as_bytes()).chars().take(32).collect()
}

/// `text` with every word that has a digit in it replaced: such words are ids, times and counts.
fn without_numbers(text: &str) -> String {
    let words = text.split_whitespace();
    let plain = words.map(|word| if word.bytes().any(|byte| byte.is_ascii_digit()) { "#" } else { word });
    plain.collect::<Vec<_>>().join(" ")
}

const UNRESOLVED: &str = "unresolved";

#[cfg(test)]
mod tests {
    use super::{short_digest, without_numbers};

    #[test]
    fn messages_that_differ_in_their_numbers_are_the_same() {
        assert_eq!(without_numbers("order 17 took 3ms"), without_numbers("order 18  took 41ms"));
        assert_ne!(without_numbers("order 17 failed"), without_numbers("order 17 took 3ms"));
    }

    #[test]
    fn parts_of_a_fingerprint_do_not_run_into_each_other() {
        assert_ne!(short_digest(&["a", "bc"]), short_digest(&["ab", "c"]));
        assert_eq!(short_digest(&["a"]).len(), 32);
    }
}
