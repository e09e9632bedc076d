//! Runs other programs: echoes the line first, so that a failure can be repeated by hand.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// What a command of ours answers. The error's text is for the person at the terminal.
pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Moves to the workspace root, so that every path we print or run starts there.
pub(crate) fn enter_workspace() -> Result {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("xtask has no workspace around it")?;
    std::env::set_current_dir(root).map_err(|error| format!("{}: {error}", root.display()).into())
}

/// Runs `cargo` with its output on ours.
pub(crate) fn cargo<const N: usize>(args: [&str; N]) -> Result {
    show(&mut cargo_command(&args))
}

/// Runs `cargo` with more environment variables.
pub(crate) fn cargo_with_env<const N: usize>(variables: &[(&str, &str)], args: [&str; N]) -> Result {
    show(cargo_command(&args).envs(variables.iter().copied()))
}

/// Runs `cargo` quietly and returns what it printed to stdout.
pub(crate) fn cargo_output(args: &[&str]) -> Result<String> {
    let mut command = cargo_command(args);
    let output = command.output().map_err(|error| format!("{}: {error}", line(&command)))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(format!("`{}` failed:\n{}", line(&command), stderr.trim_end()).into())
}

/// Runs `cargo` with its progress on our stderr and returns what it printed to stdout.
pub(crate) fn cargo_messages(args: &[&str]) -> Result<String> {
    let mut command = cargo_command(args);
    println!("$ {}", line(&command));
    let output = command.stderr(Stdio::inherit()).output()?;
    verdict(&command, output.status)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs `cargo` and passes its stdout through, showing every line to `watch` on the way.
pub(crate) fn cargo_watched(args: &[&str], watch: impl FnMut(&str)) -> Result {
    show_watched(cargo_command(args), watch)
}

/// Runs any program like [`cargo_watched`].
pub(crate) fn program_watched(name: &str, args: &[&str], watch: impl FnMut(&str)) -> Result {
    let mut command = Command::new(name);
    command.args(args);
    show_watched(command, watch)
}

fn show_watched(mut command: Command, mut watch: impl FnMut(&str)) -> Result {
    println!("$ {}", line(&command));
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    if let Some(stdout) = child.stdout.take() {
        // By bytes: what a test prints need not be UTF-8, and must not end the run.
        for bytes in BufReader::new(stdout).split(b'\n') {
            let bytes = bytes?;
            let mut out = std::io::stdout().lock();
            out.write_all(&bytes)?;
            out.write_all(b"\n")?;
            watch(&String::from_utf8_lossy(&bytes));
        }
    }
    verdict(&command, child.wait()?)
}

/// Runs any program with its output on ours.
pub(crate) fn program(name: &str, args: &[&str]) -> Result {
    show(Command::new(name).args(args))
}

/// Whether `name args…` can be started and is content: how we ask if a tool is installed.
pub(crate) fn succeeds(name: &str, args: &[&str]) -> bool {
    Command::new(name)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn show(command: &mut Command) -> Result {
    println!("$ {}", line(command));
    let status = command.status().map_err(|error| format!("{}: {error}", line(command)))?;
    verdict(command, status)
}

fn verdict(command: &Command, status: std::process::ExitStatus) -> Result {
    if status.success() { Ok(()) } else { Err(format!("`{}` failed ({status})", line(command)).into()) }
}

/// A cargo that does not know it was started by another one.
///
/// `cargo run` sets `CARGO_PKG_*` and `CARGO_MANIFEST_*`, and some build scripts ask to run again
/// when these change: without this, every switch between `cargo xtask test` and `cargo test`
/// would build the TLS library anew.
fn cargo_command(args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args);
    for (key, _) in std::env::vars_os() {
        let name = key.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&key);
        }
    }
    command
}

/// The line a person would type: variables we set, the program's own name, its arguments.
fn line(command: &Command) -> String {
    let mut words = Vec::new();
    for (key, value) in command.get_envs() {
        if let Some(value) = value {
            let (key, value) = (key.to_string_lossy(), value.to_string_lossy());
            words.push(format!("{key}={}", quoted(&value)));
        }
    }
    let program = Path::new(command.get_program());
    words.push(match program.file_stem() {
        Some(name) => name.to_string_lossy().into_owned(),
        None => program.display().to_string(),
    });
    words.extend(command.get_args().map(|arg| quoted(&arg.to_string_lossy())));
    words.join(" ")
}

fn quoted(word: &str) -> String {
    if word.is_empty() || word.contains(' ') { format!("'{word}'") } else { word.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{line, succeeds};
    use std::process::Command;

    #[test]
    fn the_echoed_line_can_be_typed() {
        let mut command = Command::new("/somewhere/bin/cargo");
        command.args(["doc", "--no-deps"]).env("FLAGS", "-D warnings").env_remove("CARGO_PKG_NAME");
        assert_eq!(line(&command), "FLAGS='-D warnings' cargo doc --no-deps");
    }

    #[test]
    fn a_missing_program_does_not_succeed() {
        assert!(!succeeds("no-such-program-here", &[]));
    }
}
