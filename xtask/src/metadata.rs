//! What `cargo metadata` says about our own packages.

use serde_json::Value;

use crate::run;

/// The members of this workspace.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    pub(crate) packages: Vec<Package>,
}

/// One member: its features, what it offers to run, and which members it needs.
#[derive(Debug, Default)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// Without `default`, in alphabetical order.
    pub(crate) features: Vec<String>,
    pub(crate) examples: Vec<String>,
    pub(crate) bins: Vec<String>,
    /// Names in `[dependencies]` and `[build-dependencies]`; not those only tests need.
    pub(crate) needs: Vec<String>,
}

impl Workspace {
    pub(crate) fn load() -> run::Result<Self> {
        let json = run::cargo_output(&["metadata", "--no-deps", "--format-version", "1"])?;
        let metadata: Value = serde_json::from_str(&json)?;
        let packages = items(&metadata["packages"]).map(Package::read).collect();
        Ok(Self { packages })
    }

    pub(crate) fn package(&self, name: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.name == name)
    }
}

impl Package {
    fn read(package: &Value) -> Self {
        let targets = |kind: &str| {
            items(&package["targets"]).filter(|target| items(&target["kind"]).any(|k| k == kind)).map(name).collect()
        };
        let mut features: Vec<String> = package["features"]
            .as_object()
            .into_iter()
            .flat_map(|features| features.keys().cloned())
            .filter(|feature| feature != "default")
            .collect();
        features.sort();
        Self {
            name: name(package),
            features,
            examples: targets("example"),
            bins: targets("bin"),
            needs: items(&package["dependencies"]).filter(|dependency| dependency["kind"] != "dev").map(name).collect(),
        }
    }
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn name(value: &Value) -> String {
    value["name"].as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::Package;
    use serde_json::json;

    #[test]
    fn a_package_is_read_without_default_and_dev() {
        let package = Package::read(&json!({
            "name": "axonpush",
            "features": { "rustls": [], "default": ["rustls"], "native-tls": [] },
            "targets": [
                { "name": "quickstart", "kind": ["example"] },
                { "name": "axonpush", "kind": ["lib"] },
            ],
            "dependencies": [
                { "name": "bytes", "kind": null },
                { "name": "proptest", "kind": "dev" },
                { "name": "cc", "kind": "build" },
            ],
        }));
        assert_eq!(package.features, ["native-tls", "rustls"]);
        assert_eq!(package.examples, ["quickstart"]);
        assert!(package.bins.is_empty());
        assert_eq!(package.needs, ["bytes", "cc"]);
    }
}
