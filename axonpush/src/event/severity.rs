//! OpenTelemetry severities.

use std::fmt;

/// How bad it is, in OpenTelemetry's words. Ordered: `Severity::Warn < Severity::Error`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum Severity {
    /// Finest detail; number 1.
    Trace,
    /// Detail for the one who debugs; number 5.
    Debug,
    /// The normal course; number 9.
    #[default]
    Info,
    /// Something to look at; number 13.
    Warn,
    /// A failure; number 17.
    Error,
    /// The program can't go on; number 21.
    Fatal,
}

impl Severity {
    /// Every severity, lowest first.
    pub(crate) const ALL: [Self; 6] = [Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error, Self::Fatal];

    /// `severityNumber` of the OpenTelemetry log model.
    pub fn number(self) -> u8 {
        self as u8 * 4 + 1
    }

    /// `severityText`: `TRACE` … `FATAL`.
    pub fn text(self) -> &'static str {
        match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_opentelemetry_log_model() {
        assert_eq!(Severity::ALL.map(Severity::number), [1, 5, 9, 13, 17, 21]);
        assert_eq!(Severity::ALL.map(|s| s as usize), [0, 1, 2, 3, 4, 5]);
    }
}
