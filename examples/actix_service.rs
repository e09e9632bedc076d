//! A small shop on actix-web, to be asked with curl until Ctrl-C.
//!
//! ```sh
//! cargo run --example actix_service    # prints the curl lines: one to ask the shop, one to see what it told
//! ```
//!
//! Without a key in the environment it starts a local server of its own.

use std::error::Error;

use actix_web::HttpServer;
use support::{actix_shop, client_or_dev_server, curl_events};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (client, server) = client_or_dev_server().await?;
    // The client is made once, out here: the closure below runs once for every worker.
    let app = {
        let client = client.clone();
        move || actix_shop::app(&client)
    };
    let http = HttpServer::new(app).disable_signals().bind("127.0.0.1:3000")?;
    println!(
        "curl -i http://{}/orders/7    # or /fail /panic /endless /slow /stream; stop with Ctrl-C",
        http.addrs()[0]
    );
    println!("{}", curl_events(server.as_ref()));
    let report = axonpush_actix::serve(http.run(), &client).await?;
    println!("{report}");
    Ok(())
}
