//! `cargo xtask check`: everything the compiler and its friends can tell without running the code.

use crate::metadata::Workspace;
use crate::run;

/// Also checks every pair of features.
pub(crate) const POWERSET: &str = "--features-powerset";

pub(crate) fn run(powerset: bool) -> run::Result {
    run::cargo(["fmt", "--all", "--check"])?;
    run::cargo(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
    // What users test with comes without the program.
    run::cargo(["clippy", "-p", "axonpush-dev", "--no-default-features", "--", "-D", "warnings"])?;
    features(powerset)?;
    run::cargo_with_env(&[("RUSTDOCFLAGS", "-D warnings")], ["doc", "--workspace", "--no-deps"])
}

/// `axonpush` with no feature, with each one alone and, when asked, with each pair.
fn features(powerset: bool) -> run::Result {
    let workspace = Workspace::load()?;
    let mut features = workspace.package(SDK).ok_or("the workspace has no `axonpush`")?.features.clone();
    if features.iter().any(|feature| feature == NATIVE_TLS) && !native_tls_builds() {
        println!("note: {NATIVE_TLS} not checked, as pkg-config finds no openssl (Debian: libssl-dev)");
        features.retain(|feature| feature != NATIVE_TLS);
    }
    for set in feature_sets(&features, powerset) {
        // Clippy rather than check: it can turn warnings into errors without touching RUSTFLAGS,
        // which would rebuild the world.
        run::cargo(["clippy", "-p", SDK, "--no-default-features", "--features", &set, "--", "-D", "warnings"])?;
    }
    Ok(())
}

/// On Linux `native-tls` is OpenSSL, which needs headers; elsewhere it comes with the system.
fn native_tls_builds() -> bool {
    !cfg!(target_os = "linux")
        || std::env::var_os("OPENSSL_DIR").is_some()
        || run::succeeds("pkg-config", &["--exists", "openssl"])
}

/// The empty set, each feature alone, and each pair when `pairs` is asked for.
fn feature_sets(features: &[String], pairs: bool) -> Vec<String> {
    let mut sets = vec![String::new()];
    sets.extend(features.iter().cloned());
    if pairs {
        for (at, first) in features.iter().enumerate() {
            sets.extend(features[at + 1..].iter().map(|second| format!("{first},{second}")));
        }
    }
    sets
}

const SDK: &str = "axonpush";
const NATIVE_TLS: &str = "native-tls";

#[cfg(test)]
mod tests {
    use super::{SDK, feature_sets};
    use crate::metadata::Workspace;

    #[test]
    fn every_feature_is_checked_alone_and_pairs_on_request() {
        let features = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(feature_sets(&features, false), ["", "a", "b", "c"]);
        assert_eq!(feature_sets(&features, true), ["", "a", "b", "c", "a,b", "a,c", "b,c"]);
    }
    #[test]
    fn the_features_of_the_sdk_are_found_where_they_are_declared() {
        let workspace = Workspace::load().unwrap();
        let features = &workspace.package(SDK).unwrap().features;
        for feature in ["metrics", "native-tls", "rustls", "rustls-no-provider", "signal"] {
            assert!(features.iter().any(|found| found == feature), "{feature}");
        }
        let sets = feature_sets(features, true);
        for pair in ["metrics,native-tls", "metrics,rustls", "metrics,rustls-no-provider", "metrics,signal"] {
            assert!(sets.iter().any(|set| set == pair), "{pair}");
        }
    }
}
