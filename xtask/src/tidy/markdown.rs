//! As much Markdown as the rules need: fences, code spans and links.

/// One line of a Markdown text, with its place.
pub(crate) struct Line<'a> {
    pub(crate) number: usize,
    pub(crate) text: &'a str,
    pub(crate) kind: Kind<'a>,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Kind<'a> {
    Prose,
    /// The opening fence of a block, with what stands behind it: `rust,no_run`.
    Opens(&'a str),
    /// Inside a block.
    Code,
    Closes,
}

pub(crate) fn lines(text: &str) -> Vec<Line<'_>> {
    let mut fence: Option<&str> = None;
    let mut lines = Vec::new();
    for (at, text) in text.lines().enumerate() {
        let trimmed = text.trim_start();
        let marks = &trimmed[..trimmed.len() - trimmed.trim_start_matches(['`', '~']).len()];
        let kind = match fence {
            Some(open) if marks.starts_with(open) && trimmed[marks.len()..].trim().is_empty() => {
                fence = None;
                Kind::Closes
            }
            Some(_) => Kind::Code,
            None if marks.len() >= 3 => {
                fence = Some(marks);
                Kind::Opens(trimmed[marks.len()..].trim())
            }
            None => Kind::Prose,
        };
        lines.push(Line { number: at + 1, text, kind });
    }
    lines
}

/// The text between single backticks in a line of prose.
pub(crate) fn code_spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// The targets of `[text](target)` and `[label]: target` in a line of prose.
pub(crate) fn links(line: &str) -> Vec<String> {
    // A code span shows a link and is none; its text may still be what a link is called.
    let prose: String = line.split('`').step_by(2).collect();
    let mut targets: Vec<String> =
        prose.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next()).map(str::to_owned).collect();
    if let Some((label, target)) = prose.trim_start().split_once("]: ")
        && label.starts_with('[')
    {
        targets.extend(target.split_whitespace().next().map(str::to_owned));
    }
    targets.retain(|target| !target.is_empty());
    targets
}

#[cfg(test)]
mod tests {
    use super::{Kind, code_spans, lines, links};

    #[test]
    fn fences_open_and_close() {
        let kinds: Vec<Kind> = lines("a\n```rust,no_run\nb\n```\nc\n").into_iter().map(|line| line.kind).collect();
        assert_eq!(kinds, [Kind::Prose, Kind::Opens("rust,no_run"), Kind::Code, Kind::Closes, Kind::Prose]);
    }

    #[test]
    fn a_longer_fence_may_hold_a_shorter_one() {
        let kinds: Vec<Kind> = lines("````md\n```rust\n```\n````\n").into_iter().map(|line| line.kind).collect();
        assert_eq!(kinds, [Kind::Opens("md"), Kind::Code, Kind::Code, Kind::Closes]);
    }

    #[test]
    fn links_are_found_and_code_is_not_a_link() {
        assert_eq!(links("see [a](b.md#c) and ![d](e.png \"title\")"), ["b.md#c", "e.png"]);
        assert_eq!(links("[`code`](a.md) but `[x](y.md)`"), ["a.md"]);
        assert_eq!(links("[label]: docs/a.md"), ["docs/a.md"]);
        assert!(links("an array[0] (b)").is_empty());
    }

    #[test]
    fn code_spans_are_between_backticks() {
        assert_eq!(code_spans("run `a b` or `c`").collect::<Vec<_>>(), ["a b", "c"]);
    }
}
