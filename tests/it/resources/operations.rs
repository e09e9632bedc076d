//! The table of operations in the docs, held to what the client sends.
#![expect(clippy::panic, reason = "a test that can't go on has nothing else to say")]

use std::collections::BTreeSet;

use axonpush::{
    AxonPush, Event, EventQuery, Method,
    resources::{
        AlertMetric, AlertOperator, AlertUpdate, AnalyticsBucket, AnalyticsDimension, AnalyticsQuery, AppUpdate,
        EnvironmentUpdate, HeatmapScale, IssueEventQuery, IssueQuery, NewAlert, NewDashboard, NewEnvironment,
        NewWebhook, OrganizationUpdate, Role, TraceQuery, Triage,
    },
};
use rig::receiver::{Receiver, Reply};
use serde_json::json;

const TABLE: &str = include_str!("../../../docs/operations.md");

/// One row: `GET /apps/{appId}`, how it is reached, and what is said of it.
struct Row {
    operation: &'static str,
    reached_by: &'static str,
    note: &'static str,
}

fn rows() -> Vec<Row> {
    let cells = |line: &'static str| line.split('|').map(str::trim).collect::<Vec<_>>();
    let is_operation = |line: &&str| {
        ["| `GET ", "| `POST ", "| `PUT ", "| `PATCH ", "| `DELETE "].iter().any(|row| line.starts_with(row))
    };
    TABLE
        .lines()
        .filter(is_operation)
        .map(|line| match cells(line)[..] {
            ["", operation, reached_by, note, ""] => Row { operation: operation.trim_matches('`'), reached_by, note },
            _ => panic!("a row of another shape: {line}"),
        })
        .collect()
}

fn is_request(row: &Row) -> bool {
    row.reached_by == "`request(..)`"
}

fn is_offered(row: &Row) -> bool {
    row.reached_by != "not offered"
}

/// What a server would say to any of them: the first field of everything there is.
fn everything() -> Vec<u8> {
    let names = [
        "alertRuleId",
        "appId",
        "authMethod",
        "bucket",
        "channelId",
        "dashboardId",
        "dimension",
        "endpointId",
        "eventId",
        "fingerprint",
        "invitationId",
        "key",
        "orgId",
        "rawSecret",
        "slug",
        "status",
        "token",
        "tokenId",
        "traceId",
        "version",
    ];
    let mut all: serde_json::Map<_, _> = names.iter().map(|name| ((*name).to_owned(), json!("x"))).collect();
    all.extend(["issue", "timeseries"].map(|name| (name.to_owned(), json!({}))));
    all.extend(["data", "traces"].map(|name| (name.to_owned(), json!([]))));
    all.extend(["analyticsV2", "everIngested", "p50DurationMs", "version"].map(|name| (name.to_owned(), json!(1))));
    serde_json::to_vec(&all).unwrap()
}

/// The server, and a client of it.
fn start() -> (Receiver, AxonPush) {
    let receiver = Receiver::start(|_| Reply::status(200).body(everything()));
    let client = AxonPush::builder().api_key("ak_test").base_url(receiver.url()).build().unwrap();
    (receiver, client)
}

fn sent(receiver: &Receiver) -> Vec<String> {
    receiver.received().iter().map(|request| format!("{} {}", request.method, request.path)).collect()
}

#[tokio::test]
async fn every_method_sends_the_operation_that_the_table_says() {
    let (receiver, client) = start();
    ingest(&client).await;
    organize(&client).await;
    observe(&client).await;
    // Ids are sent under their own names, so that a path is that of the table without its braces.
    let sent: BTreeSet<_> = sent(&receiver).into_iter().collect();
    let typed = rows().into_iter().filter(|row| is_offered(row) && !is_request(row));
    let typed: BTreeSet<_> = typed.map(|row| row.operation.replace(['{', '}'], "")).collect();
    let missing: Vec<_> = typed.difference(&sent).collect();
    let unlisted: Vec<_> = sent.difference(&typed).collect();
    assert!(missing.is_empty() && unlisted.is_empty(), "not sent: {missing:?}; not in the table: {unlisted:?}");
}

#[tokio::test]
async fn every_other_operation_is_reached_by_a_request() {
    let (receiver, client) = start();
    let mut asked = Vec::new();
    for row in rows().into_iter().filter(is_request) {
        let (method, path) = row.operation.split_once(' ').unwrap();
        let request = client.request(method.parse::<Method>().unwrap(), path);
        let request = (0..path.matches('{').count()).fold(request, |request, _| request.segment("an id"));
        request.send_json().await.unwrap();
        let filled: Vec<_> = path.split('/').map(|part| if part.starts_with('{') { "an%20id" } else { part }).collect();
        asked.push(format!("{method} {}", filled.join("/")));
    }
    assert_eq!(sent(&receiver), asked);
}

#[test]
fn the_table_is_whole_and_says_why_something_is_not_offered() {
    let rows = rows();
    let operations: BTreeSet<_> = rows.iter().map(|row| row.operation).collect();
    assert_eq!(operations.len(), rows.len(), "an operation stands there twice");
    let unexplained = rows.iter().find(|row| !is_offered(row) && row.note.is_empty());
    assert!(unexplained.is_none_or(|row| panic!("{} needs a reason", row.operation)));
    let requests = rows.iter().filter(|row| is_request(row)).count();
    let refused = rows.iter().filter(|row| !is_offered(row)).count();
    let text = TABLE.split_whitespace().collect::<Vec<_>>().join(" ");
    for counted in [
        format!("{} by a method", rows.len() - requests - refused),
        format!("{requests} by `client.request"),
        format!("{refused} are not offered"),
    ] {
        assert!(text.contains(&counted), "the table says otherwise: {counted}");
    }
    // 122 operations of the contract, and three of servers to come.
    assert_eq!(rows.len(), 125);
}

async fn ingest(client: &AxonPush) {
    client.events().publish(Event::new("x")).await.unwrap();
    client.events().search(EventQuery::new()).await.unwrap();
    client.traces().list(TraceQuery::new()).await.unwrap();
    client.traces().get("traceId").await.unwrap();

    client.webhooks().create(NewWebhook::new("https://a.example", "c")).await.unwrap();
    client.webhooks().list("channelId").await.unwrap();
    client.webhooks().delete("endpointId").await.unwrap();
    client.webhooks().deliveries("endpointId").await.unwrap();
    client.tokens().list().await.unwrap();
    client.tokens().create("x", "c", "e").await.unwrap();
    client.tokens().revoke("tokenId").await.unwrap();
}

async fn organize(client: &AxonPush) {
    let (apps, channels, environments) = (client.apps(), client.channels("appId"), client.environments());
    apps.list().await.unwrap();
    apps.create("x").await.unwrap();
    apps.get("appId").await.unwrap();
    apps.update("appId", AppUpdate::new("x")).await.unwrap();
    apps.delete("appId").await.unwrap();
    channels.list().await.unwrap();
    channels.create("x").await.unwrap();
    channels.get("channelId").await.unwrap();
    channels.rename("channelId", "x").await.unwrap();
    channels.delete("channelId").await.unwrap();
    environments.list().await.unwrap();
    environments.create(NewEnvironment::new("x")).await.unwrap();
    environments.update("slug", EnvironmentUpdate::new()).await.unwrap();
    environments.delete("slug").await.unwrap();
    environments.promote("slug").await.unwrap();

    client.users().me().await.unwrap();
    client.users().update(None, Some("x")).await.unwrap();
    client.users().set_active_organization("x").await.unwrap();
    let organizations = client.organizations();
    organizations.list().await.unwrap();
    organizations.current().await.unwrap();
    organizations.update(OrganizationUpdate::new()).await.unwrap();
    organizations.delete("orgId").await.unwrap();
    organizations.members("orgId").await.unwrap();
    organizations.set_role("orgId", "userId", Role::Owner).await.unwrap();
    organizations.remove_member("orgId", "userId").await.unwrap();
    organizations.invitations("orgId").await.unwrap();
    organizations.invite("orgId", "a@b.example", Role::User).await.unwrap();
    organizations.cancel_invitation("orgId", "invitationId").await.unwrap();
    organizations.accept_invitation("code").await.unwrap();
    organizations.leave("orgId").await.unwrap();
    organizations.transfer_ownership("orgId", "x").await.unwrap();
    organizations.telemetry_policy("orgId").await.unwrap();
    organizations.set_telemetry_policy("orgId", &json!({})).await.unwrap();
}

async fn observe(client: &AxonPush) {
    let (issues, alerts, dashboards) = (client.issues(), client.alerts(), client.dashboards());
    issues.list(IssueQuery::new()).await.unwrap();
    issues.get("fingerprint").await.unwrap();
    issues.triage("fingerprint", Triage::ignore()).await.unwrap();
    issues.events("fingerprint", IssueEventQuery::new()).await.unwrap();
    let alert = NewAlert::webhook("x", "https://a.example").when(AlertMetric::CostUsd, AlertOperator::AtMost, 1.0);
    alerts.list().await.unwrap();
    alerts.create(alert).await.unwrap();
    alerts.update("alertRuleId", AlertUpdate::new()).await.unwrap();
    alerts.delete("alertRuleId").await.unwrap();
    alerts.occurrences("alertRuleId", None).await.unwrap();
    dashboards.list().await.unwrap();
    dashboards.create(NewDashboard::new("x", &json!({}))).await.unwrap();
    dashboards.get("dashboardId").await.unwrap();
    dashboards.replace("dashboardId", NewDashboard::new("x", &json!({}))).await.unwrap();
    dashboards.delete("dashboardId").await.unwrap();

    let (analytics, query) = (client.analytics(), AnalyticsQuery::new);
    analytics.ingestion_status(None).await.unwrap();
    analytics.timeseries(query(), AnalyticsBucket::Day).await.unwrap();
    analytics.latency(query()).await.unwrap();
    analytics.overview(query(), AnalyticsBucket::Day, &[]).await.unwrap();
    analytics.breakdown(query(), AnalyticsDimension::Tool).await.unwrap();
    analytics.heatmap(query(), AnalyticsBucket::Day, HeatmapScale::Log, 9).await.unwrap();
    analytics.dimensions(None, None).await.unwrap();
    analytics.dimension_values("k", None, None).await.unwrap();

    client.health().await.unwrap();
    client.capabilities().await.unwrap();
    client.feature_flags().await.unwrap();
    client.license().await.unwrap();
}
