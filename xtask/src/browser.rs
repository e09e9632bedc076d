//! `cargo xtask browser`, a part of `test`: the browser that the dev server's page is tested in, installed when it is
//! not there.

use crate::run;

pub(crate) fn run() -> run::Result {
    if missing().next().is_none() {
        return Ok(());
    }
    if !run::succeeds("apt-get", &["--version"]) {
        return Err(format!(
            "the tests of the page need {} on the PATH, and there is no apt-get to install them with; \
             install chromium and its driver",
            PROGRAMS.join(" and ")
        )
        .into());
    }
    // Whoever may write there is root, or as good as.
    let may_install = run::succeeds("test", &["-w", "/var/lib/dpkg"]);
    let prefix: &[&str] = if may_install { &[] } else { &["sudo", "--non-interactive"] };
    for step in [UPDATE, INSTALL] {
        let words: Vec<&str> = prefix.iter().chain(step).copied().collect();
        if let Some((program, args)) = words.split_first() {
            run::program(program, args)?;
        }
    }
    match missing().next() {
        None => Ok(()),
        Some(program) => Err(format!("the packages are installed, and `{program}` still does not start").into()),
    }
}

/// The programs that cannot be started.
fn missing() -> impl Iterator<Item = &'static str> {
    PROGRAMS.into_iter().filter(|program| !run::succeeds(program, &["--version"]))
}

const PROGRAMS: [&str; 2] = ["chromium", "chromedriver"];

const UPDATE: &[&str] = &["apt-get", "update"];
const INSTALL: &[&str] = &[
    "env",
    "DEBIAN_FRONTEND=noninteractive",
    "apt-get",
    "install",
    "--yes",
    "--no-install-recommends",
    "chromium",
    "chromium-driver",
];
