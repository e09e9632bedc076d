//! Runs a local AxonPush server until it is told to stop.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use axonpush_dev::DevServer;
use clap::Parser;

/// A local AxonPush server for development: no account, no network.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
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
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut builder = DevServer::builder().port(arguments.port).max_events(arguments.max_events);
    if let Some(file) = arguments.persist.filter(|file| !file.as_os_str().is_empty()) {
        builder = builder.persist(file);
    }
    if arguments.seed_demo {
        builder = builder.seed_demo();
    }
    // The signal is caught before the address is printed: whoever reads it may stop us at once.
    let stop = stop_signal();
    let server = match builder.start().await {
        Ok(server) => server,
        Err(error) => {
            let _ = writeln!(io::stderr(), "axonpush-dev: {error}");
            return ExitCode::FAILURE;
        }
    };
    say(&format!(
        "AxonPush is listening; paste this where your app runs:\n\n  \
         export AXONPUSH_BASE_URL={0}\n  export AXONPUSH_API_KEY=ak_dev\n\n\
         OpenTelemetry exporters that speak HTTP may send their logs and spans here, too:\n\n  \
         export OTEL_EXPORTER_OTLP_ENDPOINT={0}\n  \
         export OTEL_EXPORTER_OTLP_HEADERS=x-axonpush-api-key=ak_dev,x-axonpush-channel=default\n\n\
         Ctrl-C stops it.",
        server.url()
    ));
    stop.await;
    let stored = server.len();
    let report = server.stop().await;
    say(&format!("\nStopped with {stored} events stored; {} connections were cut.", report.cut()));
    ExitCode::SUCCESS
}

/// Prints a line. A server outlives the terminal or pipe it was started from, so failure is no matter.
fn say(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// Resolves on Ctrl-C, and on SIGTERM where there is such a thing.
///
/// Handlers are in place once this returns, not only once the future is polled.
fn stop_signal() -> impl Future<Output = ()> {
    #[cfg(unix)]
    let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
    #[cfg(unix)]
    let interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt());
    async move {
        #[cfg(unix)]
        if let (Ok(mut terminate), Ok(mut interrupt)) = (terminate, interrupt) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            return;
        }
        if tokio::signal::ctrl_c().await.is_err() {
            // Without signals the process can only be killed, so there is nothing to wait for.
            std::future::pending::<()>().await;
        }
    }
}
