//! The commands, and how each of them ends.

mod doctor;
mod output;
mod publish;
mod remote;
mod serve;
mod signals;
mod tail;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use output::{complain, plain};

/// A local AxonPush server for development, and the tools to look at any AxonPush server.
///
/// Without a command it serves: no account, no network. `tail`, `publish` and `doctor` talk to the server that
/// `AXONPUSH_BASE_URL` names, the hosted service included; without it they talk to a local one.
#[derive(Debug, Parser)]
#[command(name = "axonpush-dev", version, args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    serve: serve::Arguments,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a local server (what happens without a command, too).
    Serve(serve::Arguments),
    /// Follow events in the terminal as they arrive.
    Tail(tail::Arguments),
    /// Publish one event, or JSON lines from a file or standard input.
    Publish(Box<publish::Arguments>),
    /// Check key, URL, network, clock and channel, and say what to fix.
    Doctor(doctor::Arguments),
}

/// Why a command ended before it was done.
#[derive(Debug)]
enum Stop {
    /// Enough was shown, or whoever read it has gone, as `head` does.
    Enough,
    /// A message that names what is wrong and the way out.
    Failed(String),
}

type Ended = Result<ExitCode, Stop>;

/// Does what the command line says.
pub(crate) async fn run() -> ExitCode {
    let line = CommandLine::parse();
    let ended = match line.command.unwrap_or(Command::Serve(line.serve)) {
        Command::Serve(arguments) => serve::run(arguments).await,
        Command::Tail(arguments) => tail::run(arguments).await,
        Command::Publish(arguments) => publish::run(*arguments).await,
        Command::Doctor(arguments) => doctor::run(arguments).await,
    };
    match ended {
        Ok(code) => code,
        Err(Stop::Enough) => ExitCode::SUCCESS,
        Err(Stop::Failed(message)) => {
            complain(&format!("axonpush-dev: {}", plain(&message)));
            ExitCode::FAILURE
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  axonpush-dev --seed-demo                       a server with something to look at
  axonpush-dev tail --severity warn              what is wrong, as it happens
  axonpush-dev tail --request req_42 --last 500  all that is known of one request
  axonpush-dev publish order.placed -a total=42  one event
  axonpush-dev publish < events.jsonl            many of them
  axonpush-dev doctor                            why does nothing arrive?";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::CommandLine;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        CommandLine::command().debug_assert();
    }
}
