//! Python with the packages a test wants, in a virtual environment that is made once.

use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};

/// The interpreter of the virtual environment `name`, beside what cargo builds, which has `packages` in these versions.
///
/// # Panics
/// When there is no Python, or no package index to install from.
pub fn python(name: &str, packages: &[&str]) -> PathBuf {
    let program = std::env::current_exe().expect("a running program");
    // Tests lie in `debug/deps` of it.
    let environment = program.ancestors().nth(3).expect("a target directory").join(name);
    let python = environment.join("bin/python");
    let has_packages = || {
        let listed = Command::new(&python).args(["-m", "pip", "freeze"]).stderr(Stdio::null()).output();
        listed.is_ok_and(|output| {
            let listed = String::from_utf8_lossy(&output.stdout);
            packages.iter().all(|package| listed.lines().any(|line| line == *package))
        })
    };
    if !has_packages() {
        step(Command::new("python3").args(["-m", "venv"]).arg(&environment));
        step(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(packages));
        assert!(has_packages(), "`pip install {packages:?}` left something out");
    }
    python
}

fn step(command: &mut Command) {
    let status = command.stdout(Stdio::null()).status();
    let done = status.as_ref().is_ok_and(ExitStatus::success);
    assert!(
        done,
        "this test needs Python (Debian packages: python3 python3-venv): `{command:?}` ended with {status:?}"
    );
}
