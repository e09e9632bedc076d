//! `axonpush-dev tail`: events in the terminal, as they arrive.

mod event;
mod filter;
mod line;
mod poll;
mod sse;
mod stream;

use std::collections::HashSet;
use std::process::ExitCode;

use clap::ValueEnum;

use super::output::{Color, Paint, Style, complain, grouped, plain_json, print};
use super::remote::{Target, TargetArguments};
use super::{Ended, Stop, signals};
use event::SeenEvent;
use filter::{Filter, FilterArguments};

#[derive(Debug, clap::Args)]
#[command(after_help = NOTES)]
pub(super) struct Arguments {
    /// How many of the latest events to show first, at most 500.
    #[arg(long, default_value_t = 10, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(0..=500))]
    last: u32,

    /// End after so many events.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,

    /// How events are shown.
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    /// When to colour.
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    color: Color,

    /// Ask for new events every two seconds rather than follow the stream; what a server without a stream gets anyway.
    #[arg(long)]
    poll: bool,

    #[command(flatten)]
    filter: FilterArguments,

    #[command(flatten)]
    target: TargetArguments,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, ValueEnum)]
enum Format {
    /// A line for people; times are UTC.
    #[default]
    Human,
    /// The event document of the server, one a line; what was passed over is `{"skipped":COUNT}`.
    Json,
}

pub(super) async fn run(arguments: Arguments) -> Ended {
    let stop = signals::stop();
    let target = Target::new(&arguments.target)?;
    let filter = Filter::new(&arguments.filter, target.channel.as_deref());
    let mut printer = Printer {
        paint: Paint::stdout(arguments.color),
        format: arguments.format,
        left: arguments.count,
        filter,
        shown: HashSet::new(),
    };
    tokio::select! {
        followed = follow(&target, &arguments, &mut printer) => match followed? {},
        () = stop => Ok(ExitCode::SUCCESS),
    }
}

/// What never comes.
enum Never {}

async fn follow(target: &Target, arguments: &Arguments, printer: &mut Printer) -> Result<Never, Stop> {
    if arguments.poll {
        return poll::follow(target, arguments.last, printer).await;
    }
    let Some(stream) = stream::open(target, &printer.filter, None).await? else {
        complain("axonpush-dev: this server has no stream of events; asking it every two seconds instead");
        return poll::follow(target, arguments.last, printer).await;
    };
    if arguments.last > 0 {
        // The stream is open already, so nothing falls between the two; what is in both is shown once.
        printer.earlier(poll::latest(target, &printer.filter, arguments.last).await?)?;
    }
    stream::follow(target, stream, printer).await
}

/// Shows events.
struct Printer {
    paint: Paint,
    format: Format,
    /// How many events may still be shown.
    left: Option<u64>,
    filter: Filter,
    /// The ids of events that may come a second time.
    shown: HashSet<String>,
}

impl Printer {
    /// What was there before, oldest first.
    fn earlier(&mut self, events: Vec<String>) -> Result<(), Stop> {
        for json in events {
            let Some(event) = SeenEvent::read(&json) else { continue };
            self.shown.insert(event.event_id.to_string());
            self.show(&event, &json)?;
        }
        Ok(())
    }

    /// An event as the server wrote it.
    fn event(&mut self, json: &str) -> Result<(), Stop> {
        let Some(event) = SeenEvent::read(json) else { return Ok(()) };
        if self.shown.remove(&*event.event_id) {
            return Ok(());
        }
        self.show(&event, json)
    }

    fn show(&mut self, event: &SeenEvent<'_>, json: &str) -> Result<(), Stop> {
        if !self.filter.wants(event) {
            return Ok(());
        }
        match self.format {
            Format::Human => print(&line::of(event, self.paint))?,
            Format::Json => print(&plain_json(json))?,
        }
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(1);
            if *left == 0 {
                return Err(Stop::Enough);
            }
        }
        Ok(())
    }

    /// Tells that the server passed over events. They may be events that the filters rule out.
    fn skipped(&mut self, count: Option<u64>) -> Result<(), Stop> {
        match self.format {
            Format::Json => print(&serde_json::json!({"skipped": count}).to_string()),
            Format::Human => {
                let count = count.map_or_else(|| "an unknown number of".to_owned(), grouped);
                let text = format!("-- skipped {count} events: more arrived than could be followed --");
                print(&self.paint.style(Style::Yellow, &text))
            }
        }
    }
}

const NOTES: &str = "\
Ctrl-C, or the end of whoever reads the output, ends it well. When the connection is lost it is made
again, and nothing is missed that the server still has. What the server passed over is shown as
`skipped COUNT`.";
