//! Records as lines, for machines and for humans.

mod console;
mod escape;
mod line;
mod names;
mod output;
mod text;
mod time;

use self::console::ConsoleLines;
pub(in crate::sink) use self::line::JsonLines;
use super::record::SinkRecord;

/// What a line looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sink) enum Form {
    Json,
    Console {
        /// `None`: where there is a terminal that has them.
        colors: Option<bool>,
    },
}

/// Writes lines of one form.
pub(in crate::sink) enum Lines {
    Json(Box<JsonLines>),
    Console(Box<ConsoleLines>),
}

impl Lines {
    pub(in crate::sink) fn new(form: Form, is_terminal: bool) -> Self {
        match form {
            Form::Json => Self::Json(Box::new(JsonLines::new())),
            Form::Console { colors } => {
                let colors = colors.unwrap_or_else(|| wants_colors(is_terminal, |name| std::env::var_os(name)));
                Self::Console(Box::new(ConsoleLines::new(colors)))
            }
        }
    }

    pub(in crate::sink) fn write(&mut self, record: &SinkRecord<'_>, out: &mut Vec<u8>) {
        match self {
            Self::Json(lines) => lines.write(record, out),
            Self::Console(lines) => lines.write(record, out),
        }
    }
}

fn wants_colors(is_terminal: bool, env: impl Fn(&str) -> Option<std::ffi::OsString>) -> bool {
    let is_set = |name| env(name).is_some_and(|value| !value.is_empty());
    if is_set("NO_COLOR") {
        return false;
    }
    let is_forced = env("CLICOLOR_FORCE").is_some_and(|value| !value.is_empty() && value != "0");
    is_forced || (is_terminal && env("TERM").is_none_or(|term| term != "dumb"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_that_want_them() {
        let check = |terminal, env: &[(&str, &str)]| {
            wants_colors(terminal, |name| {
                env.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).into())
            })
        };
        assert!(check(true, &[]) && check(true, &[("NO_COLOR", "")]) && check(false, &[("CLICOLOR_FORCE", "1")]));
        assert!(!check(false, &[]) && !check(true, &[("TERM", "dumb")]) && !check(false, &[("CLICOLOR_FORCE", "0")]));
        assert!(!check(true, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]));
    }
}
