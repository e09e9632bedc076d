//! From which severity on records are wanted, target by target.

use std::{fmt, str::FromStr};

use super::target;
use crate::{error::Error, event::Severity};

/// The least severity of records that are wanted, for all targets and for some.
///
/// The target of a record is the module that logged it, or the identifier of an [`Event::log`](crate::Event::log). It
/// belongs to the longest of the targets named here that it is or lies within: `hyper` stands for `hyper::proto` as well,
/// and not for `hyper_util`.
///
/// ```
/// use axonpush::{Levels, Severity};
///
/// let levels: Levels = "info,hyper=warn,shop::cart=debug,noisy=off".parse()?;
/// assert!(levels.enabled("shop::cart::total", Severity::Debug));
/// assert!(!levels.enabled("hyper::proto", Severity::Info) && !levels.enabled("noisy", Severity::Fatal));
///
/// // The same in code:
/// let same = Levels::new(Severity::Info)
///     .target("hyper", Severity::Warn)
///     .target("shop::cart", Severity::Debug)
///     .off("noisy");
/// assert_eq!(levels, same);
/// # Ok::<(), axonpush::Error>(())
/// ```
///
/// Levels are asked for before anything of a record is written. Where no target is named, and for records below or above
/// all that is named, the answer is one comparison.
#[derive(Clone, PartialEq, Eq)]
#[must_use = "levels do nothing until they are passed to `AxonPushBuilder::levels`"]
pub struct Levels {
    others: Least,
    /// The longest names first, and those of one length in their order.
    targets: Vec<(String, Least)>,
    /// The lowest and the highest of all.
    bounds: (Least, Least),
}

/// The place of the least severity in [`Severity::ALL`]; one that none has stands for nothing at all.
type Least = u8;

const OFF: Least = Severity::Fatal as Least + 1;

impl Levels {
    /// Records of `severity` and above, whatever their target.
    pub fn new(severity: Severity) -> Self {
        Self::of(severity as Least)
    }

    /// Records of `severity` and above for `target` and all that lies within. A target that is named again has the later
    /// severity.
    pub fn target(self, target: impl Into<String>, severity: Severity) -> Self {
        self.with(target.into(), severity as Least)
    }

    /// Nothing of `target` and of what lies within, unless it is named itself.
    pub fn off(self, target: impl Into<String>) -> Self {
        self.with(target.into(), OFF)
    }

    /// Whether a record is wanted.
    #[inline]
    pub fn enabled(&self, target: &str, severity: Severity) -> bool {
        let severity = severity as Least;
        let (lowest, highest) = self.bounds;
        severity >= lowest && (severity >= highest || severity >= self.least(target))
    }

    /// The least severity that any target may have, and so the most verbose level to ask a logging library for; `None`
    /// where everything is off.
    pub fn max_level(&self) -> Option<Severity> {
        Severity::ALL.get(usize::from(self.bounds.0)).copied()
    }

    /// None at all.
    #[cfg(any(feature = "tracing-layer", feature = "log-bridge"))]
    pub(crate) fn nothing() -> Self {
        Self::of(OFF)
    }

    fn of(others: Least) -> Self {
        Self { others, targets: Vec::new(), bounds: (others, others) }
    }

    fn least(&self, target: &str) -> Least {
        let named = self.targets.iter().find(|(name, _)| target::is_within(target, name));
        named.map_or(self.others, |(_, least)| *least)
    }

    fn with(mut self, target: String, least: Least) -> Self {
        self.targets.retain(|(name, _)| *name != target);
        let at = self.targets.partition_point(|(name, _)| (name.len(), &target) > (target.len(), name));
        self.targets.insert(at, (target, least));
        self.bound()
    }

    fn bound(mut self) -> Self {
        let all = || self.targets.iter().map(|(_, least)| *least).chain([self.others]);
        self.bounds = (all().min().unwrap_or_default(), all().max().unwrap_or_default());
        self
    }
}

impl Default for Levels {
    /// Everything.
    fn default() -> Self {
        Self::new(Severity::Trace)
    }
}

impl FromStr for Levels {
    type Err = Error;

    /// Reads directives between commas: `level` for every target, or `target=level`. A level is one of `trace`, `debug`,
    /// `info`, `warn`, `error`, `fatal` and `off`, in any case. Where no directive is for every target, everything else
    /// is wanted.
    ///
    /// # Errors
    ///
    /// When a directive is neither; the error says which one it is, and does not repeat it.
    fn from_str(text: &str) -> Result<Self, Error> {
        let mut levels = Self::default();
        let directives = text.split(',').map(str::trim).filter(|directive| !directive.is_empty());
        for (at, directive) in directives.enumerate() {
            let (target, level) = match directive.split_once('=') {
                Some((target, level)) => (Some(target.trim()), level.trim()),
                None => (None, directive),
            };
            let least = read_level(level).ok_or_else(|| refusal(at, directive, level))?;
            levels = match target {
                Some("") => return Err(refusal(at, directive, level)),
                Some(target) => levels.with(target.to_owned(), least),
                None => Self { others: least, ..levels }.bound(),
            };
        }
        Ok(levels)
    }
}

impl fmt::Display for Levels {
    /// The text they can be read from.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(level_name(self.others))?;
        self.targets.iter().try_for_each(|(target, least)| write!(f, ",{target}={}", level_name(*least)))
    }
}

impl fmt::Debug for Levels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Levels({self})")
    }
}

fn read_level(text: &str) -> Option<Least> {
    LEVELS.into_iter().find(|(name, _)| text.eq_ignore_ascii_case(name)).map(|(_, least)| least)
}

fn level_name(least: Least) -> &'static str {
    LEVELS.into_iter().find(|(_, known)| *known == least).map_or("off", |(name, _)| name)
}

/// What is said of a directive that says nothing. It may come from a variable or a file, where things get mixed up, and hold
/// a key.
fn refusal(at: usize, directive: &str, level: &str) -> Error {
    let what = match directive.split_once('=') {
        Some((target, _)) if target.trim().is_empty() => "has no target before the `=`",
        Some(_) if level.is_empty() => "has no level after the `=`",
        Some(_) => "has something else than a level after the `=`",
        None => "is no level, and as a target it has no `=` and level behind it",
    };
    Error::config(format!(
        "levels: directive {}, of {} characters, {what}; write `level` or `target=level` between commas, where a level is \
         trace, debug, info, warn, error, fatal or off",
        at + 1,
        directive.chars().count(),
    ))
}

const LEVELS: [(&str, Least); 7] = [
    ("trace", Severity::Trace as Least),
    ("debug", Severity::Debug as Least),
    ("info", Severity::Info as Least),
    ("warn", Severity::Warn as Least),
    ("error", Severity::Error as Least),
    ("fatal", Severity::Fatal as Least),
    ("off", OFF),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_directive_that_says_nothing_is_pointed_at_with_the_way_out_and_never_repeated() {
        for (text, named) in [
            ("info,hyper=canary", "directive 2, of 12 characters, has something else"),
            ("canary", "directive 1, of 6 characters, is no level"),
            ("canary=b=c", "directive 1, of 10 characters, has something else"),
            ("=warn", "directive 1, of 5 characters, has no target"),
            (",info,, canary= ,info", "directive 2, of 7 characters, has no level"),
        ] {
            let error = text.parse::<Levels>().unwrap_err();
            assert!(error.is_config());
            let message = error.to_string();
            assert!(message.contains(named) && message.contains("write `level` or `target=level`"), "{message}");
            assert!(!format!("{message} {error:?}").contains("canary"), "{message}");
        }
        let long = "x".repeat(10_000).parse::<Levels>().unwrap_err().to_string();
        assert!(long.len() < 400, "{long}");
    }

    #[test]
    fn nothing_said_is_everything_wanted() {
        for text in ["", " , ,", "trace"] {
            assert_eq!(text.parse::<Levels>().unwrap(), Levels::default());
        }
        assert_eq!(Levels::default().max_level(), Some(Severity::Trace));
        assert_eq!("OFF".parse::<Levels>().unwrap().max_level(), None);
        assert_eq!("off,a=Warn".parse::<Levels>().unwrap().max_level(), Some(Severity::Warn));
    }

    proptest! {
        #[test]
        fn a_target_has_the_level_of_the_longest_name_around_it(
            others in 0..=OFF,
            named in prop::collection::vec(("[ab](::[ab]|[ab]){0,2}", 0..=OFF), 0..6),
            target in "[ab](::[ab]|[ab]){0,3}",
        ) {
            let levels = named.iter().fold(Levels::of(others), |levels, (name, least)| levels.with(name.clone(), *least));
            let path: Vec<_> = target.split("::").collect();
            let around = |name: &str| path.starts_with(&name.split("::").collect::<Vec<_>>());
            let expected = (0..=path.len()).rev().find_map(|length| {
                let mut same = named.iter().rev().filter(|(name, _)| around(name));
                same.find(|(name, _)| name.split("::").count() == length).map(|(_, least)| *least)
            });
            for severity in Severity::ALL {
                let wanted = severity as Least >= expected.unwrap_or(others);
                prop_assert_eq!(levels.enabled(&target, severity), wanted, "{:?}", levels);
                prop_assert!(!wanted || levels.max_level().is_some_and(|least| severity >= least));
            }
            prop_assert_eq!(levels.to_string().parse::<Levels>().unwrap(), levels);
        }

        #[test]
        fn foreign_text_never_panics(text: String) {
            let _either = text.parse::<Levels>();
        }
    }
}
