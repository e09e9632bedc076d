//! Every route, read from the source: a new one is checked without being named anywhere.

use std::fs;
use std::path::Path;

use reqwest::Method;

/// The paths of all routes, with something in place of what varies.
pub(super) fn all() -> Vec<String> {
    let mut paths = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut paths);
    paths.sort();
    paths.dedup();
    paths
}

fn collect(directory: &Path, paths: &mut Vec<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            read(&fs::read_to_string(path).unwrap(), paths);
        }
    }
}

/// Paths are literals in a call of `route`, or constants that begin with a slash.
fn read(source: &str, paths: &mut Vec<String>) {
    let literals = source.split(".route(").skip(1).chain(source.split(": &str = ").skip(1));
    for rest in literals {
        let Some(path) = rest.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next()) else { continue };
        if path.starts_with('/') {
            let parts = path.split('/').map(|part| if part.starts_with('{') { "x" } else { part });
            paths.push(parts.collect::<Vec<_>>().join("/"));
        }
    }
}

pub(super) const METHODS: [Method; 6] =
    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];

#[test]
fn the_routes_are_found() {
    let all = all();
    assert!(all.len() > 40, "{all:?}");
    for known in ["/", "/event", "/events", "/v1/logs", "/v1/traces", "/apps/x/channels/x", "/dev/faults"] {
        assert!(all.iter().any(|path| path == known), "{known} is not among {all:?}");
    }
}
