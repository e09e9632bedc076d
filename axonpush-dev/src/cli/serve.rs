//! `axonpush-dev serve`: runs a local server until it is told to stop.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use axonpush_dev::{DevServer, FailRate, Faults};

use super::output::{grouped, print};
use super::{Ended, Stop, signals};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The port to listen on, on 127.0.0.1; 0 takes any free one.
    #[arg(long, env = "AXONPUSH_DEV_PORT", default_value_t = 4000)]
    port: u16,

    /// Keep events in this file. Without it they are forgotten when the server stops.
    #[arg(long, env = "AXONPUSH_DEV_PERSIST", value_name = "FILE")]
    persist: Option<PathBuf>,

    /// How many events to keep before the oldest leave.
    #[arg(long, default_value_t = 1_000_000, value_name = "COUNT")]
    max_events: u64,

    /// Begin with an hour of a small shop's events, for a first look at the page.
    #[arg(long)]
    seed_demo: bool,

    /// Hold every answer back for so long, such as 200ms or 1.5s.
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = FAULTS)]
    latency: Option<Duration>,

    /// Answer a share of the requests with a status instead, such as 503:0.3 for three in ten.
    #[arg(long, value_name = "STATUS:SHARE", value_parser = fail_rate, help_heading = FAULTS)]
    fail: Option<FailRate>,

    /// Serve each key so many requests a second, such as 100/s, and answer the rest with 429.
    #[arg(long, value_name = "COUNT/s", value_parser = rate, help_heading = FAULTS)]
    rate_limit: Option<u32>,

    /// Let `POST /dev/faults` change these while the server runs.
    #[arg(long, help_heading = FAULTS)]
    allow_fault_requests: bool,
}

pub(super) async fn run(arguments: Arguments) -> Ended {
    // The signal is caught before the address is printed: whoever reads it may stop us at once.
    let stop = signals::stop();
    let server = builder(arguments).start().await.map_err(|error| Stop::Failed(error.to_string()))?;
    // A server outlives the terminal or pipe it was started from, so failure is no matter.
    let say = |lines: &str| drop(print(lines));
    say(&format!(
        "AxonPush is listening; open {0} in a browser to see what arrives. Paste this where your app runs:\n\n  \
         export AXONPUSH_BASE_URL={0}\n  export AXONPUSH_API_KEY=ak_dev\n\n\
         OpenTelemetry exporters that speak HTTP may send their logs and spans here, too:\n\n  \
         export OTEL_EXPORTER_OTLP_ENDPOINT={0}\n  \
         export OTEL_EXPORTER_OTLP_HEADERS=x-axonpush-api-key=ak_dev,x-axonpush-channel=default\n\n\
         Ctrl-C stops it.",
        server.url()
    ));
    stop.await;
    let stored = grouped(server.len() as u64);
    let report = server.stop().await;
    say(&format!("\nStopped with {stored} events stored; {} connections were cut.", report.cut()));
    Ok(ExitCode::SUCCESS)
}

fn builder(arguments: Arguments) -> axonpush_dev::DevServerBuilder {
    let mut faults = Faults::default().latency(arguments.latency.unwrap_or_default());
    if let Some(fail) = arguments.fail {
        faults = faults.fail(fail);
    }
    if let Some(limit) = arguments.rate_limit {
        faults = faults.rate_limit(limit);
    }
    let mut builder = DevServer::builder().port(arguments.port).max_events(arguments.max_events).faults(faults);
    if let Some(file) = arguments.persist.filter(|file| !file.as_os_str().is_empty()) {
        builder = builder.persist(file);
    }
    if arguments.seed_demo {
        builder = builder.seed_demo();
    }
    if arguments.allow_fault_requests {
        builder = builder.allow_fault_requests();
    }
    builder
}

fn time(text: &str) -> Result<Duration, String> {
    let parsed = match text.strip_suffix("ms") {
        Some(number) => number.parse::<f64>().map(|milliseconds| milliseconds / 1_000.0),
        None => text.strip_suffix('s').unwrap_or("").parse(),
    };
    let time = parsed.ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    time.filter(|time| *time <= MAX_LATENCY)
        .ok_or_else(|| "expected a time up to 60s, such as 200ms or 1.5s".to_owned())
}

fn fail_rate(text: &str) -> Result<FailRate, String> {
    text.parse()
}

fn rate(text: &str) -> Result<u32, String> {
    let number = text.strip_suffix("/s").unwrap_or(text);
    number.parse().map_err(|_| "expected a number of requests a second, such as 100/s".to_owned())
}

/// As much as `POST /dev/faults` takes.
const MAX_LATENCY: Duration = Duration::from_secs(60);

const FAULTS: &str = "What goes wrong on request";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit_and_an_end() {
        for (text, milliseconds) in [("200ms", 200), ("1.5s", 1_500), ("0s", 0), ("60s", 60_000)] {
            assert_eq!(time(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["", "200", "ms", "s", "-1s", "NaNs", "infs", "61s", "1h", "1 e9ms"] {
            assert!(time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn rates_are_by_the_second_with_or_without_saying_so() {
        assert_eq!((rate("100/s"), rate("7")), (Ok(100), Ok(7)));
        for text in ["", "/s", "100/m", "-1/s", "1.5/s"] {
            assert!(rate(text).is_err(), "{text}");
        }
    }
}
