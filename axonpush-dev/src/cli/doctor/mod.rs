//! `axonpush-dev doctor`: each step of the way to a server, and what to fix where it ends.

mod api;
mod network;
mod report;

use super::Ended;
use super::output::{Color, Paint};
use super::remote::{NO_KEY, Target, TargetArguments, is_local};
use report::{Report, Verdict};

#[derive(Debug, clap::Args)]
#[command(after_help = NOTES)]
pub(super) struct Arguments {
    /// Publish no test event.
    #[arg(long)]
    no_publish: bool,

    /// When to colour.
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    color: Color,

    #[command(flatten)]
    target: TargetArguments,
}

pub(super) async fn run(arguments: Arguments) -> Ended {
    let mut report = Report::new(Paint::stdout(arguments.color));
    let settings = &arguments.target;
    let url = match settings.base() {
        Ok(url) => url,
        Err(error) => {
            report.tell("url", Verdict::fail("cannot be used", error))?;
            return Ok(report.finish());
        }
    };
    let local = is_local(&url);
    report.tell(
        "url",
        match url.scheme() {
            "http" if !local => Verdict::warn(
                format!("{url}, without TLS"),
                "the key and all events travel in clear text: use https, unless the network is yours",
            ),
            _ => Verdict::ok(url.to_string()),
        },
    )?;
    let key = settings.key();
    report.tell(
        "key",
        match &key {
            None => Verdict::fail("there is none", NO_KEY),
            Some(key) => match key.fault() {
                Some(fault) => Verdict::fail(format!("{} characters that are no key", key.len()), fault),
                None if local && settings.api_key.is_none() => Verdict::ok("none given; a local server takes any"),
                None if !key.is_usual() && !local => Verdict::warn(
                    format!("{} characters, with an unusual beginning", key.len()),
                    "keys begin with `ak_`, public tokens with `pt_`; was all of it copied?",
                ),
                None if key.is_public() => {
                    Verdict::ok(format!("a public token of {} characters, which may only publish", key.len()))
                }
                None => Verdict::ok(format!("an API key of {} characters", key.len())),
            },
        },
    )?;

    let usable = key.as_ref().filter(|key| key.fault().is_none());
    let target = Target::with_key(settings, &url, usable)?;
    if network::check(&url, settings.timeout, &mut report).await? && api::healthy(&target, &url, &mut report).await? {
        match usable {
            Some(key) => api::check(&target, settings, key.is_public(), !arguments.no_publish, &mut report).await?,
            None => report.skip("account", "without a key nothing else can be asked")?,
        }
    }
    Ok(report.finish())
}

const NOTES: &str = "\
Each line is `ok`, `warn` or `fail`, and what to do about it. The exit code is 1 when anything failed.
The test event is called `axonpush.doctor`.";
