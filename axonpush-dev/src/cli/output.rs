//! Text for people and pipes: colours where they are welcome, and nothing that could drive a terminal.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;

use super::Stop;

/// When to colour.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    Always,
    Never,
}

/// Colours text, or leaves it alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paint {
    colored: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Style {
    Dim,
    Red,
    Green,
    Yellow,
    Cyan,
}

impl Paint {
    /// For standard output.
    pub(super) fn stdout(color: Color) -> Self {
        let welcome = || {
            let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
            let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
            io::stdout().is_terminal() && !is_set("NO_COLOR") && !dumb
        };
        let colored = match color {
            Color::Auto => welcome(),
            Color::Always => true,
            Color::Never => false,
        };
        Self { colored }
    }

    #[cfg(test)]
    pub(super) fn new(colored: bool) -> Self {
        Self { colored }
    }

    pub(super) fn style(self, style: Style, text: &str) -> String {
        if !self.colored || text.is_empty() {
            return text.to_owned();
        }
        let code = match style {
            Style::Dim => 2,
            Style::Red => 31,
            Style::Green => 32,
            Style::Yellow => 33,
            Style::Cyan => 36,
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// Writes lines to standard output.
///
/// # Errors
/// When nobody reads them any more, or they cannot be written.
pub(super) fn print(lines: &str) -> Result<(), Stop> {
    let mut out = io::stdout().lock();
    out.write_all(lines.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()).map_err(|error| {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Stop::Enough,
            _ => Stop::Failed(format!("could not write to standard output: {error}")),
        }
    })
}

/// Writes a line to standard error. Where that fails there is nobody to tell.
pub(super) fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// `text` on one line and without anything a terminal might obey: it may come from anywhere.
pub(super) fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for symbol in text.chars() {
        match symbol {
            '\n' => shown.push('\u{23ce}'),
            symbol if is_unsafe(symbol) => shown.extend(symbol.escape_default()),
            symbol => shown.push(symbol),
        }
    }
    shown
}

/// JSON text on one line, likewise. It still means the same.
pub(super) fn plain_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for symbol in json.chars() {
        match symbol {
            // Between tokens only; inside of strings JSON has no line ends.
            '\n' | '\r' | '\t' => shown.push(' '),
            symbol if is_unsafe(symbol) => {
                // All of them are below U+10000, so one escape is enough. Memory cannot fail to be written to.
                let _ = write!(shown, "\\u{:04x}", u32::from(symbol));
            }
            symbol => shown.push(symbol),
        }
    }
    shown
}

/// A whole number with a separator between thousands.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// Control characters, and those that turn the direction of what follows.
fn is_unsafe(symbol: char) -> bool {
    symbol.is_control() || matches!(symbol, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, shown) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), shown);
        }
    }

    proptest! {
        #[test]
        fn nothing_that_drives_a_terminal_is_shown(text in "(\\PC|\\x1b|\\u{9b}|\\u{202e}|\\n|\\x07){0,20}") {
            prop_assert!(!plain(&text).chars().any(is_unsafe));
        }

        #[test]
        fn json_means_the_same_afterwards(text in "(\\PC|\\x1b|\\u{9b}|\\u{202e}|\\n|\\x7f){0,20}") {
            let json = serde_json::to_string_pretty(&[&text]).unwrap();
            let shown = plain_json(&json);
            prop_assert!(!shown.chars().any(is_unsafe));
            prop_assert_eq!(serde_json::from_str::<Vec<String>>(&shown).unwrap(), [text]);
        }
    }
}
