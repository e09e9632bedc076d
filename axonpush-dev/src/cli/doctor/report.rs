//! What was found, a line each.

use std::process::ExitCode;

use crate::cli::Stop;
use crate::cli::output::{Paint, Style, plain, print};

/// What came of a check.
#[derive(Debug)]
pub(super) enum Verdict {
    Ok(String),
    /// It works, but.
    Warn(String, String),
    /// What is wrong, and what to do about it.
    Fail(String, String),
}

impl Verdict {
    pub(super) fn ok(found: impl Into<String>) -> Self {
        Self::Ok(found.into())
    }

    pub(super) fn warn(found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::Warn(found.into(), fix.into())
    }

    pub(super) fn fail(found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::Fail(found.into(), fix.into())
    }
}

/// Tells each check as it is done, so that a slow one is seen to be slow.
#[derive(Debug)]
pub(super) struct Report {
    paint: Paint,
    failed: bool,
}

impl Report {
    pub(super) fn new(paint: Paint) -> Self {
        Self { paint, failed: false }
    }

    /// # Errors
    /// When nobody reads it any more.
    pub(super) fn tell(&mut self, what: &str, verdict: Verdict) -> Result<(), Stop> {
        let (style, word, found, fix) = match verdict {
            Verdict::Ok(found) => (Style::Green, "ok", found, None),
            Verdict::Warn(found, fix) => (Style::Yellow, "warn", found, Some(fix)),
            Verdict::Fail(found, fix) => (Style::Red, "fail", found, Some(fix)),
        };
        self.failed |= word == "fail";
        self.line(style, word, what, &found)?;
        match fix {
            None => Ok(()),
            Some(fix) => print(&format!("{:19}\u{2192} {}", "", plain(&fix))),
        }
    }

    /// A check that could not be done.
    pub(super) fn skip(&mut self, what: &str, why: &str) -> Result<(), Stop> {
        self.line(Style::Dim, "skip", what, why)
    }

    /// What the program ends with.
    pub(super) fn finish(self) -> ExitCode {
        if self.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }

    fn line(&self, style: Style, word: &str, what: &str, found: &str) -> Result<(), Stop> {
        print(&format!("{}  {what:<11}  {}", self.paint.style(style, &format!("{word:<4}")), plain(found)))
    }
}
