//! `axonpush-dev publish`: one event, or JSON lines.

mod lines;
mod progress;
mod send;
mod single;

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior};

use super::output::{plain, print};
use super::remote::{Target, TargetArguments};
use super::{Ended, Stop, signals};
use lines::{Line, Lines};
use progress::Progress;
use send::{Refused, send};
use single::EventArguments;

#[derive(Debug, clap::Args)]
#[command(after_help = NOTES)]
pub(super) struct Arguments {
    /// Read JSON lines from this file rather than from standard input.
    #[arg(long, value_name = "PATH", conflicts_with = "identifier")]
    file: Option<PathBuf>,

    /// Publish at most so many lines a second.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rate: Option<u32>,

    /// How many lines are on their way at a time. With 1 they arrive in order.
    #[arg(long, value_name = "COUNT", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    concurrency: u16,

    /// Stop after so many lines that could not be published.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    max_errors: Option<u64>,

    #[command(flatten)]
    event: EventArguments,

    #[command(flatten)]
    target: TargetArguments,
}

pub(super) async fn run(arguments: Arguments) -> Ended {
    let stop = signals::stop();
    let target = Target::new(&arguments.target)?;
    if let Some(event) = arguments.event.event(target.channel.as_deref())? {
        return match send(&target, event.into()).await {
            Ok(id) => print(&plain(&id)).map(|()| ExitCode::SUCCESS),
            Err(Refused { why, .. }) => Err(Stop::Failed(format!("{} did not take the event: {why}", target.url()))),
        };
    }
    let lines = match &arguments.file {
        Some(path) => Lines::of_file(path)?,
        None if io::stdin().is_terminal() => return Err(Stop::Failed(NOTHING.to_owned())),
        None => Lines::of_stdin()?,
    };
    let progress = Progress::new(lines.bytes);
    publish_all(Arc::new(target), lines, &arguments, progress, stop).await
}

async fn publish_all(
    target: Arc<Target>,
    mut lines: Lines,
    arguments: &Arguments,
    mut progress: Progress,
    stop: impl Future<Output = ()>,
) -> Ended {
    tokio::pin!(stop);
    let mut pace = arguments.rate.map(pace);
    let mut flying: JoinSet<(Line, Result<String, Refused>)> = JoinSet::new();
    let mut reading = true;
    let mut ended_early = None;
    while reading || !flying.is_empty() {
        tokio::select! {
            line = next(&mut lines, &mut pace), if reading && flying.len() < arguments.concurrency.into() => match line {
                Some(mut line) => {
                    let target = Arc::clone(&target);
                    flying.spawn(async move {
                        let sent = match line.event(target.channel.as_deref()) {
                            Ok(event) => send(&target, event.into()).await,
                            Err(why) => Err(Refused { why, is_final: false }),
                        };
                        (line, sent)
                    });
                }
                None => reading = false,
            },
            Some(done) = flying.join_next() => {
                // A task of ours does not panic, and nobody aborts it.
                let Ok((line, sent)) = done else { continue };
                match sent {
                    Ok(_) => progress.published(&line),
                    Err(Refused { why, is_final }) => {
                        progress.refused(&line, &why);
                        let too_many = arguments.max_errors.is_some_and(|most| progress.errors() >= most);
                        if reading && (is_final || too_many) {
                            reading = false;
                            ended_early = Some(if is_final { "no other line would fare better" } else { "too many errors" });
                        }
                    }
                }
            }
            () = stop.as_mut(), if reading => {
                reading = false;
                ended_early = Some("it was interrupted");
            }
        }
    }
    let failed = lines.failed();
    let errors = progress.errors();
    progress.finish(ended_early);
    match failed {
        Some(why) => Err(Stop::Failed(why)),
        None if errors > 0 || ended_early.is_some() => Ok(ExitCode::FAILURE),
        None => Ok(ExitCode::SUCCESS),
    }
}

/// The next line, when it is its turn.
async fn next(lines: &mut Lines, pace: &mut Option<Interval>) -> Option<Line> {
    // Both can be given up halfway without losing anything.
    if let Some(pace) = pace
        && !lines.is_due()
    {
        pace.tick().await;
        lines.set_due();
    }
    lines.next().await
}

fn pace(rate: u32) -> Interval {
    let mut pace = tokio::time::interval(Duration::from_secs(1) / rate);
    // What a slow answer held up is caught up on, so that the rate is kept on average.
    pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
    pace
}

const NOTHING: &str = "nothing to publish: name an event, as in `axonpush-dev publish order.placed -a total=42`, \
                       or give JSON lines, as in `axonpush-dev publish < events.jsonl`";

const NOTES: &str = "\
With a NAME it publishes one event and prints its id. Without one it reads JSON lines: each the body of
`POST /event`, such as {\"identifier\":\"order.placed\",\"payload\":{\"total\":42}}. A line without `dedupKey` gets
one, so that trying again never stores it twice. What could not be published is told with the number of
its line; then the exit code is 1.";
