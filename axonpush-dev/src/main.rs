//! Runs a local AxonPush server, follows what a server is sent, publishes to it, and checks the way there.

use std::process::ExitCode;

mod cli;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    cli::run().await
}
