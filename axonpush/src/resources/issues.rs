//! Errors, grouped into issues.

use std::time::SystemTime;

use http::Method;
use serde_json::Value;

use super::{
    StoredEvent,
    filters::{Fields, Filters, MAX_LIMIT},
    read::models,
};
use crate::{client::AxonPush, error::Error, event::TraceId};

models! {
    /// An issue: errors that are alike.
    Issue in "issues" {
        /// What they have in common, which is the issue's id.
        fingerprint: String = "fingerprint",
        /// What it is called.
        title: String = "title",
        /// The type of the error.
        error_type: String = "errorType",
        /// Its message.
        message: String = "message",
        /// Where it comes from.
        culprit: String = "culprit",
        /// The identifier of the event that reports it.
        operation: String = "operation",
        /// The service it happens in.
        service_name: String = "serviceName",
        /// `unresolved`, `resolved`, `ignored` or `muted`.
        status: String = "status",
        /// Whether it came back after it was resolved.
        regressed: bool = "regressed",
        /// Who looks after it.
        assignee: Option<String> = "assignee",
        /// How often it happened.
        count: u64 = "count",
        /// The traces it happened in.
        trace_count: u64 = "traceCount",
        /// The users it happened to.
        user_count: u64 = "userCount",
        /// When it happened first.
        first_seen: String = "firstSeen",
        /// When it happened last.
        last_seen: String = "lastSeen",
        /// How often it happened over time.
        sparkline: Vec<IssueBucket> = "sparkline",
    }

    /// How often an issue happened in a span of time.
    IssueBucket {
        /// When that begins.
        bucket: String = "bucket",
        /// How often.
        count: u64 = "count",
    }

    /// An issue with all that is known of it.
    IssueDetail {
        /// The issue.
        issue: Issue = "issue",
        /// The traces it happened in.
        affected_trace_ids: Vec<TraceId> = "affectedTraceIds",
        /// One of its events.
        sample_event: Option<StoredEvent> = "sampleEvent",
        /// How often it happened over time.
        occurrences: Vec<IssueBucket> = "occurrences",
        /// Where in the code, in the server's words, outermost frame first or last as the service wrote it.
        stack: Vec<Value> = "stack",
        /// What happened before, in the server's words.
        breadcrumbs: Vec<Value> = "breadcrumbs",
        /// Attributes, and how often each of their values came, in the server's words.
        tags: Vec<Value> = "tags",
        /// When it was resolved.
        resolved_at: Option<String> = "resolvedAt",
        /// In which release it is.
        resolved_in_release: Option<String> = "resolvedInRelease",
        /// Until when it is quiet.
        snooze_until: Option<String> = "snoozeUntil",
    }

    /// What was decided on an issue.
    IssueTriage {
        /// The issue.
        fingerprint: String = "fingerprint",
        /// `unresolved`, `resolved`, `ignored` or `muted`.
        status: String = "status",
        /// Whether it came back after it was resolved.
        regressed: bool = "regressed",
        /// Who looks after it.
        assignee: Option<String> = "assignee",
        /// When it was resolved.
        resolved_at: Option<String> = "resolvedAt",
        /// In which release it is.
        resolved_in_release: Option<String> = "resolvedInRelease",
        /// Until when it is quiet.
        snooze_until: Option<String> = "snoozeUntil",
    }
}

impl AxonPush {
    /// Errors, grouped into issues.
    ///
    /// ```no_run
    /// use axonpush::resources::{IssueQuery, Triage};
    ///
    /// # async fn f(client: axonpush::AxonPush) -> Result<(), axonpush::Error> {
    /// for issue in client.issues().list(IssueQuery::new().service("checkout")).await? {
    ///     println!("{} times: {}", issue.count, issue.title);
    ///     client.issues().triage(&issue.fingerprint, Triage::assign("ann")).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn issues(&self) -> Issues<'_> {
        Issues { client: self }
    }
}

/// Errors, grouped into issues; made by [`AxonPush::issues`].
#[derive(Debug, Clone, Copy)]
pub struct Issues<'a> {
    client: &'a AxonPush,
}

impl Issues<'_> {
    /// Finds issues. A disabled client finds none.
    ///
    /// # Errors
    ///
    /// When the query's limit is not in 1 to 500, the server refuses, or every attempt failed.
    pub async fn list(&self, query: IssueQuery) -> Result<Vec<Issue>, Error> {
        let query = query.0.into_query("IssueQuery::limit", MAX_LIMIT);
        self.client.operation("listing issues", Method::GET, "/errors").filtered(query).ask().await
    }

    /// One issue with all that is known of it.
    ///
    /// # Errors
    ///
    /// When there is none of this fingerprint, the server refuses, or every attempt failed.
    pub async fn get(&self, fingerprint: impl AsRef<str>) -> Result<IssueDetail, Error> {
        let request = self.client.operation("reading an issue", Method::GET, "/errors/{fingerprint}");
        request.segment(fingerprint).ask().await
    }

    /// The events of an issue, newest first. A disabled client finds none.
    ///
    /// # Errors
    ///
    /// When there is none of this fingerprint, the query's limit is not in 1 to 500, the server refuses, or every
    /// attempt failed.
    pub async fn events(
        &self,
        fingerprint: impl AsRef<str>,
        query: IssueEventQuery,
    ) -> Result<Vec<StoredEvent>, Error> {
        let query = query.0.into_query("IssueEventQuery::limit", MAX_LIMIT);
        let request = self.client.operation("reading an issue's events", Method::GET, "/errors/{fingerprint}/events");
        request.segment(fingerprint).filtered(query).ask().await
    }

    /// Decides what is to become of an issue.
    ///
    /// # Errors
    ///
    /// When there is none of this fingerprint, the server refuses, or every attempt failed.
    pub async fn triage(&self, fingerprint: impl AsRef<str>, triage: Triage) -> Result<IssueTriage, Error> {
        let request = self.client.operation("deciding on an issue", Method::PATCH, "/errors/{fingerprint}");
        request.segment(fingerprint).json(&triage.0).ask().await
    }
}

/// How an issue stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IssueStatus {
    /// It waits for somebody.
    Unresolved,
    /// It is said not to happen any more.
    Resolved,
    /// Nobody wants to hear of it.
    Ignored,
    /// Nobody wants to hear of it for now.
    Muted,
    /// Any of these.
    All,
}

/// Which issues to find; every filter that is set must match.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use = "a query does nothing until it is passed to `list`"]
pub struct IssueQuery(Filters);

impl IssueQuery {
    /// Unresolved issues of the last 24 hours.
    pub fn new() -> Self {
        Self::default()
    }

    /// Seen not before this time; 24 hours before the end unless set.
    pub fn since(self, time: SystemTime) -> Self {
        Self(self.0.time("since", time))
    }

    /// Seen before this time; now unless set.
    pub fn until(self, time: SystemTime) -> Self {
        Self(self.0.time("until", time))
    }

    /// How they stand; unresolved unless set.
    pub fn status(self, status: IssueStatus) -> Self {
        let text = match status {
            IssueStatus::Unresolved => "unresolved",
            IssueStatus::Resolved => "resolved",
            IssueStatus::Ignored => "ignored",
            IssueStatus::Muted => "muted",
            IssueStatus::All => "all",
        };
        Self(self.0.set("status", text))
    }

    /// Of one service.
    pub fn service(self, name: impl Into<String>) -> Self {
        Self(self.0.set("service", name.into()))
    }

    /// That one user looks after.
    pub fn assignee(self, user_id: impl Into<String>) -> Self {
        Self(self.0.set("assignee", user_id.into()))
    }

    /// Whose text contains this, without regard to case.
    pub fn text(self, text: impl Into<String>) -> Self {
        Self(self.0.set("q", text.into()))
    }

    /// At most so many, 1 to 500; the service's choice unless set.
    pub fn limit(self, issues: u32) -> Self {
        Self(self.0.limit(issues))
    }
}

/// Which events of an issue to read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use = "a query does nothing until it is passed to `events`"]
pub struct IssueEventQuery(Filters);

impl IssueEventQuery {
    /// The newest.
    pub fn new() -> Self {
        Self::default()
    }

    /// Before this time: the next page, by the [`created_at`](StoredEvent::created_at) of the last event of this one.
    pub fn before(self, time: SystemTime) -> Self {
        Self(self.0.time("before", time))
    }

    /// After this time.
    pub fn after(self, time: SystemTime) -> Self {
        Self(self.0.time("after", time))
    }

    /// At most so many, 1 to 500; 50 unless set.
    pub fn limit(self, events: u32) -> Self {
        Self(self.0.limit(events))
    }
}

/// What is to become of an issue.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a decision does nothing until it is passed to `triage`"]
pub struct Triage(Fields);

impl Triage {
    /// This user looks after it.
    pub fn assign(user_id: impl Into<String>) -> Self {
        Self(Fields::default().set("action", "assign").set("assignee", user_id.into()))
    }

    /// It is said not to happen any more; when it does, it has regressed.
    pub fn resolve() -> Self {
        Self(Fields::default().set("action", "resolve"))
    }

    /// As [`resolve`](Self::resolve), from this release on.
    pub fn resolve_in(release: impl Into<String>) -> Self {
        Self(Self::resolve().0.set("resolvedInRelease", release.into()))
    }

    /// It waits for somebody again.
    pub fn unresolve() -> Self {
        Self(Fields::default().set("action", "unresolve"))
    }

    /// Nobody wants to hear of it.
    pub fn ignore() -> Self {
        Self(Fields::default().set("action", "ignore"))
    }

    /// Nobody wants to hear of it for now. For how long say [`until`](Self::until),
    /// [`until_count`](Self::until_count) and [`until_users`](Self::until_users), whichever comes first.
    pub fn mute() -> Self {
        Self(Fields::default().set("action", "mute"))
    }

    /// A muted issue is heard of again at this time.
    pub fn until(self, time: SystemTime) -> Self {
        Self(self.0.time("snoozeUntil", time))
    }

    /// A muted issue is heard of again after so many more errors.
    pub fn until_count(self, errors: u32) -> Self {
        Self(self.0.set("snoozeUntilCount", errors))
    }

    /// A muted issue is heard of again when so many users have met it.
    pub fn until_users(self, users: u32) -> Self {
        Self(self.0.set("snoozeUntilUsers", users))
    }
}
