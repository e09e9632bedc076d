//! `/analytics`: what stored events add up to.

use std::time::{Duration, UNIX_EPOCH};

use reqwest::Method;
use serde_json::{Value, json};

use crate::rig::{Rig, event, locations, names, problem};

/// A call of a model.
fn call(model: &str, input: i64, milliseconds: u64, failed: bool) -> Value {
    let mut attributes = json!({
        "gen_ai.request.model": model, "gen_ai.provider.name": "acme", "gen_ai.usage.input_tokens": input,
        "gen_ai.usage.output_tokens": 10, "gen_ai.usage.cost": 0.25, "team": if failed { "blue" } else { "red" },
        "gen_ai.server.time_to_first_token": 0.5, "shard": 3, "list": [1],
    });
    if failed {
        attributes["error.type"] = json!("Timeout");
    }
    let end = 1_000_000 * milliseconds;
    json!({"identifier": "chat", "traceId": format!("t{input}"), "payload": {
        "attributes": attributes, "startTimeUnixNano": "0", "endTimeUnixNano": end.to_string(),
        "resource": {"service.name": "shop", "deployment.environment": "staging"},
    }})
}

/// Three calls and a bare event in two hours of one day: 10:00 and 12:59.
async fn rig() -> Rig {
    let rig = Rig::start().await;
    rig.server.set_time(UNIX_EPOCH + Duration::from_secs(10 * 3_600));
    rig.publish(call("small", 1, 100, false)).await;
    rig.publish(call("small", 2, 200, false)).await;
    rig.server.set_time(UNIX_EPOCH + Duration::from_secs(13 * 3_600 - 1));
    rig.publish(call("large", 3, 900, true)).await;
    rig.publish(event("bare")).await;
    rig.server.set_time(UNIX_EPOCH + Duration::from_secs(14 * 3_600));
    rig
}

#[tokio::test]
async fn a_series_has_a_point_for_each_hour_that_had_events() {
    let rig = rig().await;
    let series = rig.get_json("/analytics/timeseries").await;
    assert_eq!(series["bucket"], "hour");
    assert_eq!(names(&series["points"], "bucket"), ["1970-01-01T10:00:00Z", "1970-01-01T12:00:00Z"]);
    assert_eq!(
        series["points"][0],
        json!({
            "bucket": "1970-01-01T10:00:00Z", "eventCount": 2, "errorCount": 0, "traceCount": 2,
            "inputTokens": 3, "outputTokens": 20, "totalTokens": 23, "reasoningTokens": 0, "cacheReadTokens": 0,
            "cacheWriteTokens": 0, "costUsd": 0.5, "avgDurationMs": 150.0, "avgTtftMs": 500.0,
        })
    );
    // The bare event has no duration, which is not a duration of zero.
    let second = &series["points"][1];
    assert_eq!((&second["eventCount"], &second["avgDurationMs"]), (&json!(2), &json!(900.0)));
    assert_eq!((&second["errorCount"], &second["traceCount"]), (&json!(1), &json!(1)));
    let days = rig.get_json("/analytics/timeseries?bucket=day").await;
    assert_eq!(days["points"][0]["eventCount"], 4);
    assert_eq!(names(&days["points"], "bucket"), ["1970-01-01T00:00:00Z"]);
}

#[tokio::test]
async fn a_window_and_every_filter_choose_what_is_summed_up() {
    let rig = rig().await;
    let count = async |query: &str| {
        let series = rig.get_json(&format!("/analytics/timeseries?bucket=day&{query}")).await;
        series["points"].as_array().unwrap().iter().map(|point| point["eventCount"].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!(count("since=1970-01-01T10:00:01Z").await, 2);
    assert_eq!(count("until=1970-01-01T10:00:00Z").await, 0);
    assert_eq!(count("since=1970-01-01T10:00:00Z&until=1970-01-01T12:59:59Z").await, 2);
    for (query, expected) in [
        ("model=small", 2),
        ("model=large&errorType=Timeout", 1),
        ("model=small&errorType=Timeout", 0),
        ("provider=acme", 3),
        ("service=shop", 3),
        ("operation=bare", 1),
        ("environment=staging", 3),
        ("app=app_dev", 4),
        ("channel=default", 4),
        ("source=otlp", 0),
        ("user=nobody", 0),
        ("filterTagKey=team&filterTagValue=red", 2),
        ("filterTagKey=shard&filterTagValue=3", 3),
        ("model=%25", 0),
        ("model='%20OR%201=1--", 0),
    ] {
        assert_eq!(count(query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn an_environment_may_be_named_by_its_id() {
    let rig = rig().await;
    let created = rig.ask(Method::POST, "/environments", json!({"name": "Staging"}), 201).await;
    let id = created["environmentId"].as_str().unwrap();
    let by_id = rig.get_json(&format!("/analytics/timeseries?environment={id}")).await;
    assert_eq!(by_id, rig.get_json("/analytics/timeseries?environment=staging").await);
    assert_eq!(by_id["points"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_breakdown_has_the_busiest_first_and_no_row_for_what_has_no_key() {
    let rig = rig().await;
    let models = rig.get_json("/analytics/breakdown").await;
    assert_eq!(models["dimension"], "model");
    assert_eq!(names(&models["rows"], "key"), ["small", "large"]);
    assert_eq!(
        models["rows"][1],
        json!({"key": "large", "eventCount": 1, "errorCount": 1, "inputTokens": 3, "outputTokens": 10,
               "totalTokens": 13, "costUsd": 0.25, "avgDurationMs": 900.0})
    );
    let keys = async |query: &str| {
        names(&rig.get_json(&format!("/analytics/breakdown?{query}")).await["rows"], "key").join(" ")
    };
    for (query, expected) in [
        ("dimension=model&limit=1", "small"),
        ("dimension=operation", "chat bare"),
        ("dimension=tag&tagKey=team", "red blue"),
        ("dimension=tag&tagKey=list", ""),
        ("dimension=status", "error"),
        ("dimension=errorType", "Timeout"),
        ("dimension=service", "shop"),
        ("dimension=provider", "acme"),
        ("dimension=eventType", "custom"),
        ("dimension=semanticKind", "llm"),
        ("dimension=source", "app"),
        ("dimension=app", "app_dev"),
        ("dimension=channel", "default"),
        ("dimension=agent", ""),
        ("dimension=tool", ""),
        ("dimension=user", ""),
        ("dimension=finishReason", ""),
    ] {
        assert_eq!(keys(query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn every_dimension_that_capabilities_name_can_be_asked_for() {
    let rig = rig().await;
    let capabilities = rig.get_json("/capabilities").await;
    for dimension in capabilities["controls"]["analytics"]["breakdownDimensions"].as_array().unwrap() {
        let path = format!("/analytics/breakdown?tagKey=team&dimension={}", dimension.as_str().unwrap());
        assert_eq!(rig.get(&path).await.status(), 200, "{dimension}");
    }
}

#[tokio::test]
async fn latencies_are_those_of_events() {
    let rig = rig().await;
    assert_eq!(
        rig.get_json("/analytics/latency").await,
        json!({"p50DurationMs": 200.0, "p95DurationMs": 900.0, "p99DurationMs": 900.0, "maxDurationMs": 900.0,
               "p50TtftMs": 500.0, "p95TtftMs": 500.0, "p99TtftMs": 500.0, "maxTtftMs": 500.0})
    );
    let none = rig.get_json("/analytics/latency?operation=bare").await;
    assert_eq!(none["maxDurationMs"], 0.0);
}

#[tokio::test]
async fn an_overview_is_its_parts() {
    let rig = rig().await;
    let overview = rig.get_json("/analytics/overview?dimensions=status,tag,model&tagKey=team&limit=1").await;
    assert_eq!(overview["timeseries"], rig.get_json("/analytics/timeseries").await);
    assert_eq!(overview["latency"], rig.get_json("/analytics/latency").await);
    for (index, dimension) in ["status", "tag", "model"].into_iter().enumerate() {
        let alone = rig.get_json(&format!("/analytics/breakdown?limit=1&tagKey=team&dimension={dimension}")).await;
        assert_eq!(overview["breakdowns"][index], alone);
    }
    let usual = rig.get_json("/analytics/overview").await;
    assert_eq!(names(&usual["breakdowns"], "dimension"), ["model", "provider", "status"]);
}

#[tokio::test]
async fn a_heatmap_counts_every_duration_once() {
    let rig = rig().await;
    let linear = rig.get_json("/analytics/heatmap?scale=linear&buckets=8").await;
    assert_eq!(linear["timeBuckets"], json!(["1970-01-01T10:00:00Z", "1970-01-01T12:00:00Z"]));
    assert_eq!((&linear["minDurationMs"], &linear["maxDurationMs"]), (&json!(100.0), &json!(900.0)));
    assert_eq!(linear["durationBands"].as_array().unwrap().len(), 8);
    assert_eq!(linear["durationBands"][1], json!({"loMs": 200.0, "hiMs": 300.0}));
    let cells =
        json!([{"t": 0, "band": 0, "count": 1}, {"t": 0, "band": 1, "count": 1}, {"t": 1, "band": 7, "count": 1}]);
    assert_eq!(linear["cells"], cells);

    for query in ["", "?bucket=minute&buckets=1", "?bucket=day&buckets=100", "?scale=log"] {
        let map = rig.get_json(&format!("/analytics/heatmap{query}")).await;
        let counts = map["cells"].as_array().unwrap().iter().map(|cell| cell["count"].as_u64().unwrap());
        assert_eq!((counts.sum::<u64>(), &map["sampleCount"]), (3, &json!(3)), "{query}");
        let bands = map["durationBands"].as_array().unwrap();
        assert_eq!((&bands[0]["loMs"], &bands[bands.len() - 1]["hiMs"]), (&json!(100.0), &json!(900.0)), "{query}");
        assert!(bands.windows(2).all(|pair| pair[0]["hiMs"] == pair[1]["loMs"]), "{query}");
    }
    let none = rig.get_json("/analytics/heatmap?operation=bare").await;
    assert_eq!((&none["durationBands"], &none["cells"], &none["sampleCount"]), (&json!([]), &json!([]), &json!(0)));
}

#[tokio::test]
async fn attributes_and_their_values_are_listed_as_they_were_seen() {
    let rig = rig().await;
    let dimensions = rig.get_json("/analytics/dimensions").await;
    let keys = names(&dimensions["dimensions"], "key");
    assert!(keys.contains(&"team".to_owned()) && !keys.contains(&"list".to_owned()), "{keys:?}");
    assert_eq!(keys[0], "error.type", "all were seen last at the same moment");
    assert!(dimensions["dimensions"][0]["lastSeen"].as_str().unwrap().starts_with("1970-01-01T12:59:59"));
    let values = rig.get_json("/analytics/dimensions/values?key=team").await;
    assert_eq!(
        (&values["key"], names(&values["values"], "value")),
        (&json!("team"), vec!["blue".into(), "red".into()])
    );
    assert_eq!(names(&rig.get_json("/analytics/dimensions/values?key=shard").await["values"], "value"), ["3"]);
    assert_eq!(rig.get_json("/analytics/dimensions/values?key=x").await["values"], json!([]));
    assert_eq!(rig.get_json("/analytics/dimensions?environment=other").await["dimensions"], json!([]));
    assert_eq!(rig.get_json("/analytics/dimensions?limit=2").await["dimensions"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_sets_failures_apart_comes_first() {
    let rig = rig().await;
    let body = json!({"selection": {"errorsOnly": true}, "baseline": {"maxDurationMs": 500}, "limit": 20});
    let told = rig.ask(Method::POST, "/analytics/diff", body, 200).await;
    let attributes = told["attributes"].as_array().unwrap();
    let team = attributes.iter().find(|attribute| attribute["key"] == "team").unwrap();
    assert_eq!(team["score"], 1.0);
    assert_eq!(
        team["values"][0],
        json!({"value": "blue", "selectionCount": 1, "baselineCount": 0, "selectionFraction": 1.0,
               "baselineFraction": 0.0, "delta": 1.0})
    );
    assert_eq!(team["values"][1]["delta"], -1.0);
    assert_eq!(attributes.last().unwrap()["score"], 0.0);
    let chosen = json!({"selection": {"model": "small"}, "baseline": {}, "keys": ["team", "shard"], "limit": 1});
    let chosen = rig.ask(Method::POST, "/analytics/diff", chosen, 200).await;
    assert_eq!(names(&chosen["attributes"], "key"), ["team"]);
    let slow = json!({"selection": {"minDurationMs": 1_000}, "baseline": {"minDurationMs": 1_000}, "keys": null});
    assert_eq!(rig.ask(Method::POST, "/analytics/diff", slow, 200).await, json!({"attributes": []}));
}

#[tokio::test]
async fn whether_anything_ever_arrived_is_told_by_environment_too() {
    let rig = Rig::start().await;
    assert_eq!(rig.get_json("/analytics/ingestion-status").await, json!({"everIngested": false}));
    rig.publish(call("m", 1, 1, false)).await;
    for (query, ever) in [("", true), ("?environment=staging", true), ("?environment=other", false)] {
        let status = rig.get_json(&format!("/analytics/ingestion-status{query}")).await;
        assert_eq!(status, json!({"everIngested": ever}), "{query}");
    }
}

#[tokio::test]
async fn a_parameter_that_makes_no_sense_is_refused_by_name() {
    let rig = Rig::start().await;
    for (path, location) in [
        ("timeseries?bucket=minute", "query.bucket"),
        ("timeseries?since=now", "query.since"),
        ("latency?until=2026", "query.until"),
        ("latency?filterTagKey=a", "query.filterTagValue"),
        ("latency?filterTagValue=a", "query.filterTagKey"),
        ("breakdown?dimension=colour", "query.dimension"),
        ("breakdown?dimension=tag", "query.tagKey"),
        ("breakdown?limit=501", "query.limit"),
        ("overview?dimensions=model,colour", "query.dimensions"),
        ("overview?bucket=minute", "query.bucket"),
        ("heatmap?bucket=week", "query.bucket"),
        ("heatmap?buckets=101", "query.buckets"),
        ("heatmap?buckets=0", "query.buckets"),
        ("heatmap?scale=square", "query.scale"),
        ("dimensions?limit=x", "query.limit"),
        ("dimensions/values", "query.key"),
    ] {
        let refused = problem(rig.get(&format!("/analytics/{path}")).await, 422).await;
        assert_eq!(locations(&refused), [location], "{path}");
    }
    for (body, expected) in [
        (json!({}), vec!["body.selection", "body.baseline"]),
        (json!({"selection": 1, "baseline": {}}), vec!["body.selection"]),
        (
            json!({"selection": {"colour": 1}, "baseline": {"since": "x"}}),
            vec!["body.selection.colour", "body.baseline.since"],
        ),
        (json!({"selection": {"filterTagKey": "a"}, "baseline": {}}), vec!["body.selection.filterTagValue"]),
        (json!({"selection": {}, "baseline": {}, "limit": 21}), vec!["body.limit"]),
        (
            json!({"selection": {}, "baseline": {"errorsOnly": 1}, "keys": [1]}),
            vec!["body.baseline.errorsOnly", "body.keys"],
        ),
    ] {
        let refused = rig.ask(Method::POST, "/analytics/diff", body.clone(), 422).await;
        assert_eq!(locations(&refused), expected, "{body}");
    }
}

#[tokio::test]
async fn nothing_is_told_apart_by_a_key_that_was_not_kept() {
    let rig = Rig::start().await;
    for path in ["latency?apiKey=k", "breakdown?dimension=apiKey", "overview?dimensions=model,apiKey"] {
        let refused = problem(rig.get(&format!("/analytics/{path}")).await, 501).await;
        assert!(refused["detail"].as_str().unwrap().contains("key"), "{path}");
    }
}
