//! Commands our pages and doc comments tell people to run: each must exist.
//!
//! Only commands in code are read, in a block or between backticks; a placeholder such as
//! `<name>` is left alone. The changelog may name what is gone.

use super::Finding;
use super::docs::pages;
use super::markdown::{Kind, code_spans, lines};
use super::tree::Tree;
use crate::COMMANDS;
use crate::metadata::{Package, Workspace};

pub(crate) fn check(tree: &Tree, workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for page in pages(tree).filter(|page| page.path != "CHANGELOG.md") {
        check_page(&page.path, &page.text, workspace, &mut findings);
    }
    for (file, rust) in tree.rust() {
        let docs: Vec<&str> =
            rust.comments.lines().map(|line| line.trim_start().trim_start_matches(['/', '!', '*'])).collect();
        check_page(&file.path, &docs.join("\n"), workspace, &mut findings);
    }
    findings
}

fn check_page(path: &str, text: &str, workspace: &Workspace, findings: &mut Vec<Finding>) {
    for line in lines(text) {
        let code: Vec<&str> = match line.kind {
            Kind::Prose => code_spans(line.text).collect(),
            Kind::Code => vec![line.text],
            Kind::Opens(_) | Kind::Closes => continue,
        };
        for problem in code.into_iter().filter_map(|code| problem(code, workspace)) {
            findings.push(Finding::new(path, line.number, problem, "name one that exists, or add it"));
        }
    }
}

/// What is wrong with the cargo command in `code`, if there is one.
fn problem(code: &str, workspace: &Workspace) -> Option<String> {
    let mut words = code.split_whitespace().skip_while(|word| *word != "cargo").skip(1);
    let command = words.find(|word| !word.starts_with('+'))?;
    let words = words.take_while(|word| !["--", "&&", "||", "|", ";", "#", "&"].contains(word));
    let words: Vec<&str> = words.map(|word| word.trim_end_matches([';', ',', ')'])).collect();
    match command {
        "xtask" => {
            let name = words.first().filter(|name| is_named(name))?;
            let known = *name == "help" || COMMANDS.iter().any(|command| command.name == *name);
            (!known).then(|| format!("`cargo xtask` has no command `{name}`"))
        }
        "run" | "build" | "test" | "check" | "bench" | "install" => missing_target(&words, workspace),
        _ => None,
    }
}

fn missing_target(words: &[&str], workspace: &Workspace) -> Option<String> {
    let package = value(words, &["-p", "--package"]);
    if let Some(name) = package
        && workspace.package(name).is_none()
    {
        return Some(format!("there is no package `{name}`"));
    }
    let offers = |list: fn(&Package) -> &[String], wanted: &str| {
        let mut packages = workspace.packages.iter().filter(|p| package.is_none_or(|name| p.name == name));
        packages.any(|package| list(package).iter().any(|name| name == wanted))
    };
    if let Some(example) = value(words, &["--example"])
        && !offers(|package| &package.examples, example)
    {
        return Some(format!("there is no example `{example}`{}", within(package)));
    }
    if let Some(bin) = value(words, &["--bin"])
        && !offers(|package| &package.bins, bin)
    {
        return Some(format!("there is no binary `{bin}`{}", within(package)));
    }
    None
}

fn within(package: Option<&str>) -> String {
    package.map(|name| format!(" in `{name}`")).unwrap_or_default()
}

/// The value of an option, written `--name value` or `--name=value`.
fn value<'a>(words: &[&'a str], names: &[&str]) -> Option<&'a str> {
    let (at, word) = words.iter().enumerate().find(|(_, word)| {
        names.iter().any(|name| word.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('=')))
    })?;
    let value = match word.split_once('=') {
        Some((_, value)) => value,
        None => words.get(at + 1)?,
    };
    is_named(value).then_some(value)
}

/// Whether a word is a name and not a placeholder.
fn is_named(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

#[cfg(test)]
mod tests {
    use super::{check, problem};
    use crate::metadata::{Package, Workspace};
    use crate::tidy::{places, tree::Tree};

    fn workspace() -> Workspace {
        let examples = Package {
            name: "axonpush-examples".to_owned(),
            examples: vec!["quickstart".to_owned()],
            ..Package::default()
        };
        let dev =
            Package { name: "axonpush-dev".to_owned(), bins: vec!["axonpush-dev".to_owned()], ..Package::default() };
        Workspace { packages: vec![examples, dev] }
    }

    #[test]
    fn commands_that_exist_pass() {
        for command in [
            "cargo run --example quickstart",
            "$ PORT=1 cargo run -p axonpush-examples --example=quickstart -- --example other",
            "cargo run -p axonpush-dev # starts it",
            "cargo xtask ci",
            "cargo xtask check --features-powerset",
            "cargo xtask",
            "cargo xtask <command>",
            "cargo run --example <name>",
            "cargo fmt --all",
        ] {
            assert_eq!(problem(command, &workspace()), None, "{command}");
        }
    }

    #[test]
    fn commands_that_do_not_exist_are_named() {
        for command in [
            "cargo run --example slowstart",
            "cargo run -p axonpush-dev --example quickstart",
            "cargo run -p axonpush-devel",
            "cargo run --bin server",
            "cargo xtask inspect",
        ] {
            assert!(problem(command, &workspace()).is_some(), "{command}");
        }
    }

    #[test]
    fn pages_and_doc_comments_are_read_where_they_show_code() {
        let tree = Tree::of(&[
            ("README.md", "cargo xtask nothing\n`cargo xtask nothing`\n```sh\ncargo xtask nothing\n```\n"),
            (
                "examples/a.rs",
                "//! Run it:\n//! `cargo run --example nothing`\nconst A: &str = \"`cargo xtask nothing`\";\n",
            ),
            ("CHANGELOG.md", "`cargo xtask nothing`\n"),
        ]);
        assert_eq!(places(&check(&tree, &workspace())), ["README.md:2", "README.md:4", "examples/a.rs:2"]);
    }
}
