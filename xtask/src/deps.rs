//! `cargo xtask deps`: what a user of each crate has to download and compile.
//!
//! A weight is the number of distinct crates `cargo tree` prints for one target, build scripts and
//! macros included. The limits are promises to our users: raise one only with a reason in the
//! changelog.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::metadata::Workspace;
use crate::run;

pub(crate) fn run() -> run::Result {
    let workspace = Workspace::load()?;
    let sdk = workspace.package(SDK).ok_or("the workspace has no `axonpush`")?;

    let core = tree(&["-p", SDK, "--no-default-features"])?;
    let default = tree(&["-p", SDK])?;
    let mut figures = vec![
        Figure::new("`axonpush`, no default features", core.len(), CORE_LIMIT),
        Figure::new("`axonpush`, default", default.len(), DEFAULT_LIMIT),
    ];
    // `rustls` is what `default` switches on, and its limit is the one of `default`.
    for feature in sdk.features.iter().filter(|feature| *feature != "rustls") {
        let with = tree(&["-p", SDK, "--no-default-features", "--features", feature])?;
        let added = with.difference(&core).count();
        let limit = if TLS_FEATURES.contains(&feature.as_str()) { TLS_LIMIT } else { FEATURE_LIMIT };
        figures.push(Figure::new(format!("feature `{feature}` adds"), added, limit));
    }
    // One way to TLS: nobody needs both, and whoever has both has them by mistake.
    let all = sdk.features.iter().filter(|feature| *feature != "native-tls").map(String::as_str);
    let everything = tree(&["-p", SDK, "--features", &all.collect::<Vec<_>>().join(",")])?;
    figures.push(Figure::new("`axonpush`, all features but `native-tls`", everything.len(), EVERYTHING_LIMIT));
    for (adapter, limit) in ADAPTER_LIMITS {
        let added = added_by(adapter, &tree(&["-p", adapter])?, &default);
        figures.push(Figure::new(format!("`{adapter}` adds to the default"), added, limit));
    }
    let openssl = default.iter().filter(|id| id.starts_with("openssl-sys ")).count();
    figures.push(Figure::new("`openssl-sys` in the default tree", openssl, 0));

    print!("{}", table(&figures));
    let tools = tools();
    let heavy: Vec<&str> = figures.iter().filter(|figure| !figure.fits()).map(|figure| figure.what.as_str()).collect();
    if !heavy.is_empty() {
        let heavy = heavy.join("; ");
        return Err(format!("above its limit: {heavy}. Drop a dependency or turn its features off").into());
    }
    tools
}

/// `name version` of every crate in a tree, the root included.
type Tree = BTreeSet<String>;

fn tree(package: &[&str]) -> run::Result<Tree> {
    let mut args = vec!["tree"];
    args.extend(package);
    args.extend(["-e", "normal,build", "--prefix", "none", "--target", TARGET]);
    Ok(crates(&run::cargo_output(&args)?))
}

fn crates(tree: &str) -> Tree {
    tree.lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            Some(format!("{} {}", words.next()?, words.next()?))
        })
        .collect()
}

/// How many crates a user of `adapter` compiles who already has the SDK, the adapter not counted.
fn added_by(adapter: &str, tree: &Tree, base: &Tree) -> usize {
    tree.difference(base).filter(|id| id.split(' ').next() != Some(adapter)).count()
}

/// One line of the table.
struct Figure {
    what: String,
    crates: usize,
    limit: usize,
}

impl Figure {
    fn new(what: impl Into<String>, crates: usize, limit: usize) -> Self {
        Self { what: what.into(), crates, limit }
    }

    fn fits(&self) -> bool {
        self.crates <= self.limit
    }
}

fn table(figures: &[Figure]) -> String {
    let width = figures.iter().map(|figure| figure.what.len()).max().unwrap_or(0);
    let mut table = format!("| {:<width$} | crates | limit | verdict |\n", "figure");
    let _ = writeln!(table, "|-{:-<width$}-|-------:|------:|---------|", "");
    for figure in figures {
        let Figure { what, crates, limit } = figure;
        let verdict = if figure.fits() { "ok" } else { "ABOVE" };
        let _ = writeln!(table, "| {what:<width$} | {crates:>6} | {limit:>5} | {verdict:<7} |");
    }
    table
}

/// Runs the tools this machine has and names those it lacks. All of them get their turn.
fn tools() -> run::Result {
    println!();
    let mut failed = Vec::new();
    for tool in TOOLS {
        if !run::succeeds(tool.program, &["--version"]) {
            println!("{}: not installed, skipped ({})", tool.program, tool.install);
            continue;
        }
        for args in tool.runs {
            if let Err(error) = run::program(tool.program, args) {
                failed.push(error.to_string());
            }
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n").into()) }
}

/// A check we use where it is installed, and do without where it is not.
struct Tool {
    program: &'static str,
    install: &'static str,
    runs: &'static [&'static [&'static str]],
}

const TOOLS: [Tool; 4] = [
    Tool { program: "cargo-deny", install: "cargo install cargo-deny", runs: &[&["check"]] },
    Tool { program: "cargo-machete", install: "cargo install cargo-machete", runs: &[&[]] },
    Tool { program: "typos", install: "cargo install typos-cli", runs: &[&["--config", "xtask/typos.toml"]] },
    Tool { program: "taplo", install: "cargo install taplo-cli", runs: &[&["lint", "--no-schema"]] },
];

const SDK: &str = "axonpush";

/// Trees differ by platform; the limits are counted where most services run.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// JSON, HTTP/1, an async runtime and time: no TLS.
const CORE_LIMIT: usize = 85;
/// The core and rustls with its default provider.
const DEFAULT_LIMIT: usize = 105;
/// What one feature may cost those who ask for it.
const FEATURE_LIMIT: usize = 15;
/// A TLS backend is most of what the default tree has over the core, and every backend gets that much.
const TLS_LIMIT: usize = DEFAULT_LIMIT - CORE_LIMIT;
const TLS_FEATURES: [&str; 3] = ["rustls", "rustls-no-provider", "native-tls"];
/// Every feature at once, with TLS by rustls.
const EVERYTHING_LIMIT: usize = 145;
/// Beyond the SDK's default tree: axum brings a router, actix-web its own HTTP stack, OpenTelemetry's SDK random numbers.
const ADAPTER_LIMITS: [(&str, usize); 3] = [("axonpush-axum", 8), ("axonpush-actix", 50), ("axonpush-otel", 15)];

#[cfg(test)]
mod tests {
    use super::{Figure, added_by, crates, table};

    #[test]
    fn repeated_crates_count_once_and_versions_apart() {
        let tree = crates("axonpush v0.1.0 (/x)\nbytes v1.12.0\nbytes v1.12.0 (*)\nhttp v1.5.0\nhttp v0.2.12\n");
        assert_eq!(tree.len(), 4);
    }

    #[test]
    fn an_adapter_is_charged_for_what_is_new_but_not_for_itself() {
        let base = crates("axonpush v0.1.0\nbytes v1.12.0\n");
        let adapter = crates("axonpush-axum v0.1.0 (/x)\naxonpush v0.1.0 (/x)\nbytes v1.12.0\naxum v0.8.9\n");
        assert_eq!(added_by("axonpush-axum", &adapter, &base), 1);
    }

    #[test]
    fn the_table_marks_what_is_above_its_limit() {
        let table = table(&[Figure::new("lightly", 3, 3), Figure::new("heavily", 4, 3)]);
        assert!(table.contains("| lightly |      3 |     3 | ok "));
        assert!(table.contains("| heavily |      4 |     3 | ABOVE "));
    }
}
