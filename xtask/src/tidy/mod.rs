//! `cargo xtask tidy`: the house rules, read from the sources as text.
//!
//! Every rule is a function from the [`Tree`] to its findings and never touches the disk, so each
//! is tested on a few lines of text. All rules run and report everything they find, each finding
//! with its place and the way out.
//!
//! Where a rule meets a good reason, a line may say so with `// tidy: <reason>`; the rules that
//! listen to it are named in [`words`].

use std::fmt;

use crate::metadata::Workspace;
use crate::run;

mod commands;
mod docs;
mod markdown;
mod members;
mod rust;
mod sizes;
mod stairs;
mod tree;
mod words;

use tree::Tree;

pub(crate) fn run() -> run::Result {
    let tree = Tree::load()?;
    let workspace = Workspace::load()?;

    for note in sizes::notes(&tree) {
        println!("note: {note}");
    }
    let mut findings = Vec::new();
    findings.extend(stairs::check(&tree));
    findings.extend(members::check(&workspace));
    findings.extend(sizes::check(&tree));
    findings.extend(words::check(&tree));
    findings.extend(docs::check(&tree));
    findings.extend(commands::check(&tree, &workspace));

    findings.sort();
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => {
            println!("tidy: {} files, nothing to report", tree.paths().len());
            Ok(())
        }
        1 => Err("tidy: 1 violation".into()),
        many => Err(format!("tidy: {many} violations").into()),
    }
}

/// One breach of one rule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    path: String,
    line: usize,
    what: String,
    way_out: String,
}

impl Finding {
    fn new(path: &str, line: usize, what: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into(), way_out: way_out.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}\n    {}", self.path, self.line, self.what, self.way_out)
    }
}

/// `path:line` of each finding, the short form the rules' tests compare.
#[cfg(test)]
fn places(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|finding| format!("{}:{}", finding.path, finding.line)).collect()
}
