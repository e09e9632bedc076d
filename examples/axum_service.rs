//! A small shop on axum, to be asked with curl until Ctrl-C.
//!
//! ```sh
//! cargo run -p axonpush-dev &                            # prints the two lines to export
//! cargo run --example axum_service
//! curl -i localhost:3000/orders/7
//! curl 'localhost:4000/events' -H 'x-axonpush-api-key: ak_dev'
//! ```
//!
//! Without a key in the environment it starts a local server of its own and says where.

use std::error::Error;

use support::{axum_shop, client_or_dev_server};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (client, _server) = client_or_dev_server().await?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("http://{}/orders/7  /fail  /panic  /endless  /slow  /stream; stop with Ctrl-C", listener.local_addr()?);
    let report = axonpush_axum::serve(listener, axum_shop::app(&client), &client).await?;
    println!("{report}");
    Ok(())
}
