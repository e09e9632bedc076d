//! Which of our crates may need which: all of them may use the SDK, none may use its sisters.
//!
//! An application takes exactly the crates it needs, so a sister must never come along unasked.
//! What only tests need is free, and so are the crates that are not published.

use super::Finding;
use crate::metadata::Workspace;

pub(crate) fn check(workspace: &Workspace) -> Vec<Finding> {
    let ours = |name: &str| LIBRARIES.contains(&name);
    let mut findings = Vec::new();
    for package in workspace.packages.iter().filter(|package| ours(&package.name)) {
        for needed in package.needs.iter().filter(|needed| ours(needed) && *needed != SDK) {
            findings.push(Finding::new(
                &format!("{}/Cargo.toml", package.name),
                1,
                format!("`{}` depends on its sister `{needed}`", package.name),
                "move what both need into `axonpush`, or the line to [dev-dependencies]",
            ));
        }
    }
    findings
}

const SDK: &str = "axonpush";
const LIBRARIES: [&str; 5] = [SDK, "axonpush-axum", "axonpush-actix", "axonpush-otel", "axonpush-dev"];

#[cfg(test)]
mod tests {
    use super::check;
    use crate::metadata::{Package, Workspace};

    fn workspace(name: &str, needs: &[&str]) -> Workspace {
        let needs = needs.iter().map(|need| (*need).to_owned()).collect();
        Workspace { packages: vec![Package { name: name.to_owned(), needs, ..Package::default() }] }
    }

    #[test]
    fn the_sdk_and_strangers_are_welcome() {
        assert_eq!(check(&workspace("axonpush-axum", &["axonpush", "axum"])), []);
        assert_eq!(check(&workspace("axonpush-examples", &["axonpush-axum", "axonpush-dev"])), []);
    }

    #[test]
    fn a_sister_is_not() {
        assert_eq!(check(&workspace("axonpush-axum", &["axonpush-dev"])).len(), 1);
        assert_eq!(check(&workspace("axonpush", &["axonpush-otel"])).len(), 1);
    }
}
