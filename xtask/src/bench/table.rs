//! Figures beside what they are held against, and whether they are within the limit.

use std::fmt::Write as _;

use super::figures::Figures;
use crate::run;

/// Rows that share a heading.
pub(crate) struct Table {
    pub(crate) title: &'static str,
    pub(crate) rows: &'static [Row],
}

/// One figure of ours.
pub(crate) struct Row {
    pub(crate) what: &'static str,
    pub(crate) ours: &'static str,
    pub(crate) unit: Unit,
    pub(crate) against: Against,
    pub(crate) limit: Limit,
}

/// What a figure is held against.
pub(crate) enum Against {
    /// Another figure of the same run; the limit is for the ratio.
    Figure { what: &'static str, name: &'static str },
    /// What was committed; the limit is for the ratio.
    Committed(f64),
    /// Nothing but the limit.
    Nothing,
}

pub(crate) enum Limit {
    AtMost(f64),
    AtLeast(f64),
    None,
}

#[derive(Clone, Copy)]
pub(crate) enum Unit {
    Picos,
    Nanos,
    PerSecond,
    /// Seconds of processor time for a million.
    Seconds,
    MiB,
    Millis,
    Count,
}

impl Table {
    /// The table as markdown, and the rows that are beyond their limits.
    pub(crate) fn show(&self, figures: &Figures) -> run::Result<(String, Vec<String>)> {
        let mut text = format!("### {}\n\n", self.title);
        text.push_str("| figure | ours | against | theirs | ratio | limit | verdict |\n");
        text.push_str("|---|--:|---|--:|--:|--:|---|\n");
        let mut failed = Vec::new();
        for row in self.rows {
            let find =
                |name: &str| figures.get(name).copied().ok_or_else(|| format!("no bench printed the figure `{name}`"));
            let ours = find(row.ours)?;
            let (against, theirs) = match row.against {
                Against::Figure { what, name } => (what, Some(find(name)?)),
                Against::Committed(figure) => ("committed", Some(figure)),
                Against::Nothing => ("-", None),
            };
            let held = theirs.map_or(ours, |theirs| ours / theirs);
            let verdict = match row.limit {
                Limit::None => "-",
                _ if row.limit.allows(held) => "ok",
                _ => "BEYOND",
            };
            if verdict == "BEYOND" {
                failed.push(format!("{}, {}", self.title, row.what));
            }
            let what = row.what;
            let (ours, theirs) = (row.unit.show(ours), theirs.map_or_else(|| "-".to_owned(), |it| row.unit.show(it)));
            let (ratio, limit) = match row.against {
                Against::Nothing => ("-".to_owned(), row.limit.show(|limit| row.unit.show(limit))),
                _ => (format!("{held:.2}"), row.limit.show(|limit| format!("{limit:.2}"))),
            };
            let _ = writeln!(text, "| {what} | {ours} | {against} | {theirs} | {ratio} | {limit} | {verdict} |");
        }
        Ok((text, failed))
    }
}

impl Limit {
    fn allows(&self, value: f64) -> bool {
        match self {
            Self::AtMost(limit) => value <= *limit,
            Self::AtLeast(limit) => value >= *limit,
            Self::None => true,
        }
    }

    fn show(&self, number: impl Fn(f64) -> String) -> String {
        match self {
            Self::AtMost(limit) => format!("≤ {}", number(*limit)),
            Self::AtLeast(limit) => format!("≥ {}", number(*limit)),
            Self::None => "-".to_owned(),
        }
    }
}

impl Unit {
    fn show(self, value: f64) -> String {
        match self {
            Self::Picos => format!("{value:.0} ps"),
            Self::Nanos => format!("{value:.0} ns"),
            Self::PerSecond => format!("{value:.0}/s"),
            Self::Seconds => format!("{value:.2} s"),
            Self::MiB => format!("{value:.1} MiB"),
            Self::Millis => format!("{value:.0} ms"),
            Self::Count => format!("{value:.0}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Against, Figures, Limit, Row, Table, Unit};

    const TABLE: Table = Table {
        title: "T",
        rows: &[
            Row {
                what: "rate",
                ours: "a",
                unit: Unit::PerSecond,
                against: Against::Figure { what: "loop", name: "b" },
                limit: Limit::AtLeast(0.9),
            },
            Row { what: "late", ours: "c", unit: Unit::Millis, against: Against::Nothing, limit: Limit::AtMost(50.0) },
        ],
    };

    fn figures(a: f64, c: f64) -> Figures {
        [("a", a), ("b", 100.0), ("c", c)].map(|(name, value)| (name.to_owned(), value)).into()
    }

    #[test]
    fn a_figure_beyond_its_limit_is_marked_and_named() {
        let (text, failed) = TABLE.show(&figures(89.0, 51.0)).unwrap();
        assert!(text.contains("| rate | 89/s | loop | 100/s | 0.89 | ≥ 0.90 | BEYOND |"), "{text}");
        assert!(text.contains("| late | 51 ms | - | - | - | ≤ 50 ms | BEYOND |"), "{text}");
        assert_eq!(failed, ["T, rate", "T, late"]);
        assert!(TABLE.show(&figures(90.0, 50.0)).unwrap().1.is_empty());
    }

    #[test]
    fn a_figure_nobody_measured_is_an_error() {
        let error = TABLE.show(&Figures::new()).unwrap_err();
        assert!(error.to_string().contains("`a`"));
    }
}
