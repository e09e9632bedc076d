//! Failures, and alerts about them.

use super::super::bodies;
use super::resources::CHANGEABLE;
use super::{Model, Of, Property, always, sometimes};

const STATUS: Property = always("status", Of::Choice(&["unresolved", "resolved", "ignored", "muted"]));

const COUNT: Model = Model::new("IssueCount", &[always("bucket", Of::Time), always("count", Of::Integer)]);

const ISSUE: Model = Model::new(
    "Issue",
    &[
        always("fingerprint", Of::Text),
        always("title", Of::Text),
        always("errorType", Of::Text),
        always("message", Of::Text),
        always("operation", Of::Text),
        always("culprit", Of::Text),
        always("serviceName", Of::Text),
        STATUS,
        always("regressed", Of::Boolean),
        always("count", Of::Integer),
        always("traceCount", Of::Integer),
        always("userCount", Of::Integer),
        always("firstSeen", Of::Time),
        always("lastSeen", Of::Time),
        always("sparkline", Of::Each(&COUNT)),
        sometimes("assignee", Of::Text),
    ],
);

pub(in super::super) const ISSUES: Model = Model::new("Issues", &[always("issues", Of::Each(&ISSUE))]);

const TAG_VALUE: Model = Model::new("IssueTagValue", &[always("value", Of::Text), always("count", Of::Integer)]);

const TAG: Model = Model::new("IssueTag", &[always("key", Of::Text), always("values", Of::Each(&TAG_VALUE))]);

const BREADCRUMB: Model = Model::new(
    "Breadcrumb",
    &[
        sometimes("type", Of::Text),
        sometimes("category", Of::Text),
        sometimes("level", Of::Text),
        sometimes("message", Of::Text),
        sometimes("timestamp", Of::Text),
        always("synthesized", Of::Boolean),
    ],
);

pub(in super::super) const ISSUE_DETAIL: Model = Model::new(
    "IssueDetail",
    &[
        always("issue", Of::One(&ISSUE)),
        always("occurrences", Of::Each(&COUNT)),
        always("affectedTraceIds", Of::Texts),
        always("tags", Of::Each(&TAG)),
        // Frames are shown as clients sent them.
        always("stack", Of::Things),
        always("breadcrumbs", Of::Each(&BREADCRUMB)),
        always("sampleEvent", Of::One(&super::EVENT)),
        sometimes("resolvedAt", Of::Time),
        sometimes("resolvedInRelease", Of::Text),
        sometimes("snoozeUntil", Of::Time),
    ],
);

pub(in super::super) const TRIAGED: Model = Model::new(
    "Triaged",
    &[
        always("fingerprint", Of::Text),
        STATUS,
        always("regressed", Of::Boolean),
        sometimes("assignee", Of::Text),
        sometimes("resolvedAt", Of::Time),
        sometimes("resolvedInRelease", Of::Text),
        sometimes("snoozeUntil", Of::Time),
    ],
);

pub(in super::super) const ALERT: Model =
    Model::new("Alert", &[always("alertRuleId", Of::Text), always("enabled", Of::Boolean)])
        .like(&CHANGEABLE)
        .with(bodies::ALERT);

pub(in super::super) const ALERTS: Model = Model::new("Alerts", &[always("data", Of::Each(&ALERT))]);

pub(in super::super) const ALERT_DELETED: Model = Model::new("AlertDeleted", &[always("deleted", Of::Boolean)]);

const OCCURRENCE: Model = Model::new(
    "Occurrence",
    &[
        always("occurrenceId", Of::Text),
        always("firedAt", Of::Time),
        always("metric", Of::Text),
        always("state", Of::Choice(&["firing", "resolved"])),
        always("threshold", Of::Number),
        always("value", Of::Number),
    ],
);

pub(in super::super) const OCCURRENCES: Model = Model::new("Occurrences", &[always("data", Of::Each(&OCCURRENCE))]);
