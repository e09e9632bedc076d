//! `cargo xtask`: one door for every check.
//!
//! Each command is a file of its own and answers with a [`run::Result`]; this file only finds the
//! command, times it and turns the answer into an exit code.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool speaks through its output")]

use std::fmt::Write;
use std::process::ExitCode;

mod bench;
mod browser;
mod check;
mod ci;
mod deps;
mod faults;
mod metadata;
mod models;
mod run;
mod soak;
mod test;
mod tidy;

/// A command as the user types it.
struct Command {
    name: &'static str,
    options: &'static [&'static str],
    about: &'static str,
    run: fn(&[String]) -> run::Result,
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: &[String]) -> run::Result {
    let Some((name, options)) = args.split_first() else {
        print!("{}", usage());
        return Ok(());
    };
    if matches!(name.as_str(), "help" | "-h" | "--help") {
        print!("{}", usage());
        return Ok(());
    }
    let command = find(name, options)?;
    run::enter_workspace()?;
    (command.run)(options)
}

/// The command called `name`, once every option is known to be one of its own.
fn find(name: &str, options: &[String]) -> run::Result<&'static Command> {
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        return Err(format!("there is no command `{name}`\n\n{}", usage()).into());
    };
    let mut words = options.iter();
    while let Some(option) = words.next() {
        if command.options.contains(&format!("{option} N").as_str()) {
            // The command itself says what it makes of the number.
            words.next();
        } else if !command.options.contains(&option.as_str()) {
            let known = match command.options {
                [] => "it takes none".to_owned(),
                known => format!("it takes {}", known.join(", ")),
            };
            return Err(format!("`{name}` has no option `{option}`; {known}").into());
        }
    }
    Ok(command)
}

fn usage() -> String {
    let mut usage = String::from("usage: cargo xtask <command>\n\n");
    for command in COMMANDS {
        let mut left = command.name.to_owned();
        for option in command.options {
            let _ = write!(left, " [{option}]");
        }
        let _ = writeln!(usage, "  {left:<28}  {}", command.about);
    }
    usage
}

const COMMANDS: &[Command] = &[
    Command {
        name: "check",
        options: &[check::POWERSET],
        about: "format, clippy on everything, each feature of `axonpush` alone, docs",
        run: |options| check::run(options.iter().any(|option| option == check::POWERSET)),
    },
    Command {
        name: "test",
        options: &[],
        about: "builds the examples, runs every test, doc test and model, counts them",
        run: |_| test::run(),
    },
    Command {
        name: "models",
        options: &[],
        about: "the part of `test` that tries the orders in which threads may come",
        run: |_| models::run(&mut test::Tally::default()),
    },
    Command {
        name: "browser",
        options: &[],
        about: "the part of `test` that installs chromium for the tests of the page, if it is not there",
        run: |_| browser::run(),
    },
    Command {
        name: "tidy",
        options: &[],
        about: "the house rules: import stairs, file sizes, stray markers, docs and links",
        run: |_| tidy::run(),
    },
    Command {
        name: "deps",
        options: &[],
        about: "the weight budget, then deny, machete, typos and taplo where installed",
        run: |_| deps::run(),
    },
    Command {
        name: "bench",
        options: &[bench::INSTRUCTIONS],
        about: "the benches, side by side with what a user would do instead; not part of `ci`",
        run: |options| bench::run(options.iter().any(|option| option == bench::INSTRUCTIONS)),
    },
    Command {
        name: "faults",
        options: &[faults::SHORT],
        about: "what the client makes of every fault, a line each; minutes long, and not part of `ci`",
        run: |options| faults::run(options.iter().any(|option| option == faults::SHORT)),
    },
    Command {
        name: "soak",
        options: &[soak::MINUTES, soak::RATE],
        about: "the dev server with its page open, under load: ten minutes, and not part of `ci`",
        run: soak::run,
    },
    Command {
        name: "ci",
        options: &[],
        about: "tidy, deps, check and test, stopping at the first that fails",
        run: |_| ci::run(),
    },
];

#[cfg(test)]
mod tests {
    use super::{COMMANDS, find, usage};

    #[test]
    fn usage_has_a_line_for_every_command() {
        for command in COMMANDS {
            assert!(usage().contains(&format!("\n  {}", command.name)));
        }
    }

    #[test]
    fn an_unknown_command_is_answered_with_the_list() {
        let error = find("inspect", &[]).err().map(|error| error.to_string());
        assert!(error.is_some_and(|error| error.contains("`inspect`") && error.contains("usage")));
    }

    #[test]
    fn an_option_belongs_to_its_command() {
        let option = ["--features-powerset".to_owned()];
        assert!(find("check", &option).is_ok());
        assert!(find("tidy", &option).is_err());
        let numbered = ["--rate".to_owned(), "500".to_owned()];
        assert!(find("soak", &numbered).is_ok() && find("soak", &numbered[1..]).is_err());
    }
}
