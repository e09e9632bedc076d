//! What the service makes of events: issues, sums, alerts and dashboards; and what it says of itself.

use std::time::{Duration, SystemTime};

use axonpush::{
    AxonPush, Event, EventType, Method,
    resources::{
        AlertMetric, AlertOperator, AlertUpdate, AnalyticsBucket, AnalyticsDimension, AnalyticsQuery, HeatmapScale,
        IssueEventQuery, IssueQuery, IssueStatus, NewAlert, NewDashboard, Triage,
    },
};
use rig::{client, server};
use serde_json::{Value, json};

/// Three calls of a model, of which one failed.
async fn calls(client: &AxonPush) {
    for (i, (model, millis, error)) in
        [("small", 100, None), ("small", 200, None), ("large", 900, Some("Timeout"))].into_iter().enumerate()
    {
        let mut attributes = json!({"gen_ai.request.model": model, "gen_ai.usage.cost": 0.25, "team": "red"});
        if let Some(error) = error {
            attributes["error.type"] = json!(error);
        }
        let payload = json!({
            "startTimeUnixNano": "0", "endTimeUnixNano": (millis * 1_000_000).to_string(), "attributes": attributes,
            "resource": {"service.name": "shop"},
        });
        let event = Event::new("chat").event_type(EventType::AppSpan).trace_id(format!("tr-{i}"));
        client.events().publish(event.payload(&payload).unwrap()).await.unwrap();
    }
}

#[tokio::test]
async fn sums_are_read_over_time_by_duration_and_by_dimension() {
    let server = server();
    let client = client(&server);
    let analytics = client.analytics();
    assert!(!analytics.ingestion_status(None).await.unwrap().ever_ingested);
    calls(&client).await;
    assert!(analytics.ingestion_status(None).await.unwrap().ever_ingested);

    let shop = || AnalyticsQuery::new().service("shop");
    let series = analytics.timeseries(shop(), AnalyticsBucket::Day).await.unwrap();
    let events: u64 = series.points.iter().map(|point| point.event_count).sum();
    assert_eq!((series.bucket.as_str(), events), ("day", 3));
    let failed = analytics.timeseries(shop().error_type("Timeout"), AnalyticsBucket::Hour).await.unwrap();
    assert_eq!((failed.points[0].error_count, failed.points[0].trace_count), (1, 1));

    let latency = analytics.latency(shop()).await.unwrap();
    assert!(latency.p50_duration_ms < latency.p99_duration_ms && latency.max_duration_ms >= 900.0, "{latency:?}");
    let models = analytics.breakdown(shop(), AnalyticsDimension::Model).await.unwrap();
    let rows: Vec<_> = models.rows.iter().map(|row| (row.key.as_str(), row.event_count)).collect();
    assert_eq!((models.dimension.as_str(), rows), ("model", vec![("small", 2), ("large", 1)]));
    assert_eq!(analytics.breakdown(shop().limit(1), AnalyticsDimension::Model).await.unwrap().rows.len(), 1);
    let teams = analytics.breakdown(shop(), AnalyticsDimension::Tag("team".into())).await.unwrap();
    assert_eq!((teams.rows[0].key.as_str(), teams.rows[0].event_count), ("red", 3));

    let overview = analytics.overview(shop(), AnalyticsBucket::Day, &[AnalyticsDimension::Status]).await.unwrap();
    assert_eq!((overview.timeseries, overview.latency), (series, latency));
    assert_eq!(overview.breakdowns[0].dimension, "status");
    let heatmap = analytics.heatmap(shop(), AnalyticsBucket::Hour, HeatmapScale::Linear, 4).await.unwrap();
    assert_eq!((heatmap.sample_count, heatmap.duration_bands.len()), (3, 4));
    assert_eq!(heatmap.cells.iter().map(|cell| cell.count).sum::<u64>(), 3);

    let dimensions = analytics.dimensions(None, Some(500)).await.unwrap();
    assert!(dimensions.iter().any(|dimension| dimension.key == "team"), "{dimensions:?}");
    let values = analytics.dimension_values("team", None, None).await.unwrap();
    assert_eq!((values.key.as_str(), values.values[0].value.as_str()), ("team", "red"));
    let error = analytics.latency(AnalyticsQuery::new().limit(501)).await.unwrap_err();
    assert!(error.is_invalid() && error.to_string().contains("AnalyticsQuery::limit is 501"), "{error}");
}

#[tokio::test]
async fn an_issue_is_found_looked_into_and_decided_on() {
    let server = server();
    let client = client(&server);
    calls(&client).await;
    let issues = client.issues();
    let found = issues.list(IssueQuery::new().service("shop")).await.unwrap();
    assert_eq!(found.len(), 1);
    let issue = &found[0];
    assert_eq!((issue.error_type.as_str(), issue.count, issue.status.as_str()), ("Timeout", 1, "unresolved"));

    let detail = issues.get(&issue.fingerprint).await.unwrap();
    assert_eq!(detail.issue.fingerprint, issue.fingerprint);
    assert_eq!(detail.affected_trace_ids, ["tr-2"]);
    assert_eq!(detail.sample_event.unwrap().error_type.as_deref(), Some("Timeout"));
    assert_eq!(issues.events(&issue.fingerprint, IssueEventQuery::new()).await.unwrap().len(), 1);
    let earlier = IssueEventQuery::new().before(SystemTime::UNIX_EPOCH).limit(5);
    assert!(issues.events(&issue.fingerprint, earlier).await.unwrap().is_empty());

    let week = SystemTime::now() + Duration::from_secs(7 * 24 * 3600);
    for (triage, status) in [
        (Triage::assign("user_dev"), "unresolved"),
        (Triage::mute().until(week).until_count(10).until_users(3), "muted"),
        (Triage::ignore(), "ignored"),
        (Triage::unresolve(), "unresolved"),
        (Triage::resolve_in("1.5.0"), "resolved"),
    ] {
        assert_eq!(issues.triage(&issue.fingerprint, triage).await.unwrap().status, status);
    }
    let detail = issues.get(&issue.fingerprint).await.unwrap();
    assert_eq!(detail.resolved_in_release.as_deref(), Some("1.5.0"));
    assert!(issues.list(IssueQuery::new()).await.unwrap().is_empty());
    let resolved = IssueQuery::new().status(IssueStatus::Resolved).assignee("user_dev").text("timeout").limit(1);
    assert_eq!(issues.list(resolved).await.unwrap().len(), 1);
    assert_eq!(issues.triage("nobody", Triage::resolve()).await.unwrap_err().status(), Some(404));
}

#[tokio::test]
async fn an_alert_is_kept_changed_and_deleted() {
    let server = server();
    let client = client(&server);
    let alert = NewAlert::webhook("dear", "https://ops.example/hook")
        .when(AlertMetric::CostUsd, AlertOperator::AtLeast, 2.5)
        .enabled(true)
        .app_id("a")
        .environment_id("e")
        .model("m")
        .release("r")
        .service("s");
    let rule = client.alerts().create(alert).await.unwrap();
    assert_eq!((rule.metric.as_str(), rule.operator.as_str(), rule.enabled), ("cost_usd", "gte", true));
    assert!((rule.threshold - 2.5).abs() < f64::EPSILON);
    let update = AlertUpdate::new().name("dearer").email("ops@shop.example").enabled(false);
    let changed = client.alerts().update(&rule.alert_rule_id, update).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.destination_type.as_str(), changed.enabled), ("dearer", "email", false));
    assert_eq!(client.alerts().list().await.unwrap(), [changed]);
    client.alerts().delete(&rule.alert_rule_id).await.unwrap();
    assert!(client.alerts().list().await.unwrap().is_empty());
    let unfinished = client.alerts().create(NewAlert::email("never", "a@b.example")).await.unwrap_err();
    assert!(unfinished.is_invalid() && unfinished.to_string().contains("body.metric"), "{unfinished}");
    let error = client.alerts().occurrences("x", Some(0)).await.unwrap_err();
    assert!(error.is_invalid() && error.to_string().contains("1 to 500"), "{error}");
}

#[tokio::test]
async fn a_dashboard_is_kept_as_it_was_written() {
    let server = server();
    let client = client(&server);
    let spec = |title: &str| json!({"widgets": [{"type": "kpi", "title": title}]});
    let made = client.dashboards().create(NewDashboard::new("Shop", &spec("a")).description("x")).await.unwrap();
    let new = client.dashboards().replace(&made.dashboard_id, NewDashboard::new("Till", &spec("b"))).await.unwrap();
    assert_eq!((new.name.as_str(), &new.spec), ("Till", &spec("b")));
    assert_eq!(client.dashboards().get(&made.dashboard_id).await.unwrap(), new);
    assert_eq!(client.dashboards().list().await.unwrap(), [new]);
    client.dashboards().delete(&made.dashboard_id).await.unwrap();
    assert_eq!(client.dashboards().get(&made.dashboard_id).await.unwrap_err().status(), Some(404));
}

#[tokio::test]
async fn the_server_says_what_it_is() {
    let server = server();
    let client = client(&server);
    let health = client.health().await.unwrap();
    assert_eq!((health.status.as_str(), health.service.as_str()), ("ok", "api"));
    let capabilities = client.capabilities().await.unwrap();
    assert!(capabilities.api_key_scopes.iter().any(|scope| scope.scope == "events:publish"));
    assert!(capabilities.controls.analytics.breakdown_dimensions.iter().any(|dimension| dimension == "model"));
    assert!(capabilities.controls.inline_moderation.is_some());
    assert_eq!(capabilities.feature_flags, client.feature_flags().await.unwrap());
    assert_eq!(client.license().await.unwrap().status, "active");
    let selection = json!({"selection": {"service": "a"}, "baseline": {"service": "b"}});
    let diff = client.request(Method::POST, "/analytics/diff").json(&selection).repeatable();
    assert_eq!(diff.send::<Value>().await.unwrap(), json!({"attributes": []}));
}
