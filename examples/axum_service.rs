//! A small shop on axum, to be asked with curl until Ctrl-C.
//!
//! ```sh
//! cargo run --example axum_service    # prints the curl lines: one to ask the shop, one to see what it told
//! ```
//!
//! Without a key in the environment it starts a local server of its own.

use std::error::Error;

use support::{axum_shop, client_or_dev_server, curl_events};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (client, server) = client_or_dev_server().await?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!(
        "curl -i http://{}/orders/7    # or /fail /panic /endless /slow /stream; stop with Ctrl-C",
        listener.local_addr()?
    );
    println!("{}", curl_events(server.as_ref()));
    let report = axonpush_axum::serve(listener, axum_shop::app(&client), &client).await?;
    println!("{report}");
    Ok(())
}
