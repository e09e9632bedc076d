//! What the server says once it is reached: health, clock, account, channel, and a test event.

use std::time::{Duration, Instant};

use http::{HeaderMap, Method, StatusCode, header};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::Url;
use serde_json::{Value, json};
use uuid::Uuid;

use super::network::milliseconds;
use super::report::{Report, Verdict};
use crate::cli::Stop;
use crate::cli::remote::{Target, TargetArguments, explain, reason};

/// Whether the server is there and well; its clock on the way.
pub(super) async fn healthy(target: &Target, url: &Url, report: &mut Report) -> Result<bool, Stop> {
    let secure = url.scheme() == "https";
    let began = Instant::now();
    let answer = target.request(Method::GET, "/healthz", &[]).send().await;
    let response = match answer {
        Ok(response) => response,
        Err(error) => {
            let why = reason(&error);
            report.tell(if secure { "tls" } else { "health" }, unreachable(secure, &why))?;
            return Ok(false);
        }
    };
    if secure {
        report.tell("tls", Verdict::ok("the certificate is trusted"))?;
    }
    let (status, date) = (response.status(), server_time(response.headers()));
    let body: Value = serde_json::from_slice(&response.bytes().await.unwrap_or_default()).unwrap_or_default();
    let took = milliseconds(began.elapsed());
    let part = |name| body.get(name).and_then(Value::as_str);
    let well = status == StatusCode::OK && part("status") == Some("ok");
    report.tell(
        "health",
        if well {
            Verdict::ok(format!("{} {}, {took}", part("service").unwrap_or("server"), part("version").unwrap_or("")))
        } else if status == StatusCode::OK {
            Verdict::fail("what answers there is no AxonPush server", "check AXONPUSH_BASE_URL or --url, its path too")
        } else if status.is_redirection() {
            Verdict::fail(
                format!("it answers {status}"),
                "give the URL that it redirects to: keys do not follow redirects",
            )
        } else if status.is_server_error() {
            Verdict::fail(
                format!("it answers {status}"),
                "the server is in trouble; events wait or are lost until it is well",
            )
        } else {
            Verdict::fail(format!("it answers {status}"), "check AXONPUSH_BASE_URL or --url, its path too")
        },
    )?;
    clock(date, report)?;
    Ok(well)
}

fn unreachable(secure: bool, why: &str) -> Verdict {
    if !secure {
        return Verdict::fail(why, "something listens there, but it does not answer HTTP as a server does");
    }
    let fix = if why.contains("expired") || why.contains("not valid yet") {
        "the certificate is out of its time, or this machine's clock is wrong"
    } else if why.contains("UnknownIssuer") || why.contains("issuer") || why.contains("self-signed") {
        "this machine does not know who signed the certificate: install ca-certificates, or your proxy's own"
    } else if why.contains("not valid for name") || why.contains("NotValidForName") {
        "the certificate is for another name: check the host in AXONPUSH_BASE_URL or --url"
    } else {
        "the server may not speak TLS on that port: is it http, or another port?"
    };
    Verdict::fail(why, fix)
}

fn server_time(headers: &HeaderMap) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(headers.get(header::DATE)?.as_bytes()).ok()
}

/// Compares the clocks. The header has whole seconds, and was a while on the way.
fn clock(server: Option<Timestamp>, report: &mut Report) -> Result<(), Stop> {
    let Some(server) = server else { return report.skip("clock", "the server does not tell its time") };
    let ahead = Timestamp::now().duration_since(server).as_secs();
    let apart = match ahead {
        0.. => format!("{ahead} s ahead of the server's"),
        _ => format!("{} s behind the server's", -ahead),
    };
    let fix = "events carry this machine's time and show up in the wrong place: let it set its clock by NTP";
    report.tell(
        "clock",
        match ahead.unsigned_abs() {
            0..=5 => Verdict::ok("agrees with the server's to a few seconds"),
            6..=300 => Verdict::warn(apart, fix),
            _ => Verdict::fail(apart, fix),
        },
    )
}

/// What the key opens.
pub(super) async fn check(
    target: &Target,
    settings: &TargetArguments,
    public: bool,
    publish: bool,
    report: &mut Report,
) -> Result<(), Stop> {
    let mut readable = false;
    if public {
        report.skip("account", "a public token may only publish")?;
    } else {
        readable = account(target, report).await?;
        if readable {
            environment(target, settings, report).await?;
            channel(target, report).await?;
        }
    }
    if !publish {
        return report.skip("publish", "as --no-publish says");
    }
    if let Some(event) = send(target, report).await? {
        if readable {
            return read_back(target, &event, report).await;
        }
        report.skip("read back", "this key may not read")?;
    }
    Ok(())
}

/// What the server says to a question, or why it did not.
async fn ask(target: &Target, path: &str, query: &[(&str, &str)]) -> Result<Value, (Option<StatusCode>, String)> {
    let answer = target.request(Method::GET, path, query).send().await;
    let response = answer.map_err(|error| (None, reason(&error)))?;
    let status = response.status();
    let body = response.bytes().await.map_err(|error| (None, reason(&error)))?;
    match serde_json::from_slice(&body) {
        Ok(document) if status == StatusCode::OK => Ok(document),
        _ => Err((Some(status), explain(status, &body))),
    }
}

/// Whether the key may read.
async fn account(target: &Target, report: &mut Report) -> Result<bool, Stop> {
    let (verdict, readable) = match ask(target, "/user/me", &[]).await {
        Ok(me) => {
            let org = me.get("orgId").and_then(Value::as_str).unwrap_or("unknown");
            (Verdict::ok(format!("the key belongs to the organization `{org}`")), true)
        }
        Err((Some(StatusCode::UNAUTHORIZED), why)) => {
            let fix = "the server does not know the key: was it revoked, cut short, or made for another server?";
            (Verdict::fail(why, fix), false)
        }
        Err((Some(StatusCode::FORBIDDEN), why)) => {
            let fix = "the key may not read, or not this organization: check its scopes, and AXONPUSH_TENANT_ID";
            (Verdict::warn(why, fix), false)
        }
        Err((_, why)) => (Verdict::warn(why, "could not ask whose key it is; publishing may work all the same"), false),
    };
    report.tell("account", verdict).map(|()| readable)
}

async fn environment(target: &Target, settings: &TargetArguments, report: &mut Report) -> Result<(), Stop> {
    let Some(slug) = settings.environment.as_deref().filter(|slug| !slug.trim().is_empty()) else { return Ok(()) };
    let verdict = match ask(target, "/environments", &[]).await {
        Ok(found) if has(&found, "environments", "slug", slug.trim()) => Verdict::ok(format!("`{slug}` is there")),
        Ok(_) => Verdict::fail(
            format!("`{slug}` is not there"),
            "events for it are refused: create it, or correct AXONPUSH_ENVIRONMENT or --environment",
        ),
        Err((_, why)) => Verdict::warn(why, "could not ask for the environments"),
    };
    report.tell("environment", verdict)
}

async fn channel(target: &Target, report: &mut Report) -> Result<(), Stop> {
    let Some(channel) = &target.channel else {
        return report.tell("channel", Verdict::ok("none given; the server's default is used"));
    };
    let apps = match ask(target, "/apps", &[]).await {
        Ok(apps) => apps,
        Err((_, why)) => return report.tell("channel", Verdict::warn(why, "could not ask for the channels")),
    };
    for app in list(&apps, "apps").take(MAX_APPS) {
        let id = app.get("appId").and_then(Value::as_str).unwrap_or_default();
        let found = ask(target, &format!("/apps/{id}/channels"), &[]).await.unwrap_or_default();
        if has(&found, "channels", "channelId", channel) {
            let name = app.get("name").and_then(Value::as_str).unwrap_or(id);
            return report.tell("channel", Verdict::ok(format!("`{channel}` belongs to the app `{name}`")));
        }
    }
    let fix = "check AXONPUSH_CHANNEL_ID or --channel: it is the channel's id, not its name";
    report.tell("channel", Verdict::fail(format!("`{channel}` is in no app of this organization"), fix))
}

/// Publishes a test event and returns the id of its trace.
async fn send(target: &Target, report: &mut Report) -> Result<Option<String>, Stop> {
    let trace = Uuid::new_v4().to_string();
    let mut event = json!({
        "identifier": "axonpush.doctor", "eventType": "custom", "traceId": trace, "dedupKey": Uuid::now_v7().to_string(),
        "payload": {"attributes": {"check": trace, "answer": 42}},
    });
    if let (Value::Object(event), Some(channel)) = (&mut event, &target.channel) {
        event.insert("channel_id".to_owned(), json!(channel));
    }
    let began = Instant::now();
    let request = target.request(Method::POST, "/event", &[]).header(header::CONTENT_TYPE, "application/json");
    let response = match request.body(event.to_string()).send().await {
        Ok(response) => response,
        Err(error) => {
            let fix = "it was there a moment ago: try again";
            return report.tell("publish", Verdict::fail(reason(&error), fix)).map(|()| None);
        }
    };
    let status = response.status();
    let body = response.bytes().await.unwrap_or_default();
    if status.is_success() {
        let took = milliseconds(began.elapsed());
        return report.tell("publish", Verdict::ok(format!("a test event was taken, {took}"))).map(|()| Some(trace));
    }
    let fix = match status.as_u16() {
        401 => "the server does not know the key: check AXONPUSH_API_KEY",
        403 => "the key may not publish here: check its scopes, its channel and its environment",
        429 => "the limit of this key is spent: wait, or ask for a higher one",
        404 | 400 | 422 => "check the channel and the environment",
        _ => "the server is in trouble, or was asked to fail; try again",
    };
    report.tell("publish", Verdict::fail(explain(status, &body), fix)).map(|()| None)
}

/// Waits until the test event can be read.
async fn read_back(target: &Target, trace: &str, report: &mut Report) -> Result<(), Stop> {
    let began = Instant::now();
    let mut said = String::new();
    while began.elapsed() < READ_BACK {
        match ask(target, "/events", &[("traceId", trace)]).await {
            Ok(found) => {
                if let Some(event) = list(&found, "events").next() {
                    let answer = event.pointer("/payload/attributes/answer");
                    let took = milliseconds(began.elapsed());
                    return report.tell(
                        "read back",
                        if answer == Some(&json!(42)) {
                            Verdict::ok(format!("it came back as it was sent, {took}"))
                        } else {
                            Verdict::fail("it came back, but not as it was sent", "something on the way changes events")
                        },
                    );
                }
            }
            Err((_, why)) => said = format!(" ({why})"),
        }
        tokio::time::sleep(PAUSE).await;
    }
    let found = format!("the test event was taken, but cannot be read after 10 s{said}");
    report.tell("read back", Verdict::warn(found, "the server may be behind; look for `axonpush.doctor` later"))
}

fn list<'a>(document: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    document.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn has(document: &Value, name: &str, key: &str, wanted: &str) -> bool {
    list(document, name).any(|item| item.get(key).and_then(Value::as_str) == Some(wanted))
}

const READ_BACK: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(200);

/// Nobody waits for more questions than that.
const MAX_APPS: usize = 50;
