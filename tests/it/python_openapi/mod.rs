//! What the dev server's `/openapi.json` says, held against what the server does.

use std::path::Path;
use std::process::Command;

use axonpush_dev::DevServer;
use rig::{python::python, server};

#[test]
fn the_document_is_valid_and_the_server_does_what_it_says() {
    let packages = ["jsonschema==4.26.0", "openapi-spec-validator==0.9.0", "rfc3339-validator==0.1.4"];
    let python = python("python-openapi", &packages);
    let described = DevServer::builder().seed_demo().allow_fault_requests().start_blocking().unwrap();
    let refusing = server();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("it/python_openapi/walk.py");
    let hook = format!("{}/nowhere", refusing.url());
    // It leaves nothing compiled beside the scripts.
    let output = Command::new(&python).arg("-B").arg(script).args([described.url(), &hook]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
