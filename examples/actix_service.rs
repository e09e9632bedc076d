//! A small shop on actix-web, to be asked with curl until Ctrl-C.
//!
//! ```sh
//! cargo run -p axonpush-dev &                            # prints the two lines to export
//! cargo run --example actix_service
//! curl -i localhost:3000/orders/7
//! curl 'localhost:4000/events' -H 'x-axonpush-api-key: ak_dev'
//! ```
//!
//! Without a key in the environment it starts a local server of its own and says where.

use std::error::Error;

use actix_web::HttpServer;
use support::{actix_shop, client_or_dev_server};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (client, _server) = client_or_dev_server().await?;
    // The client is made once, out here: the closure below runs once for every worker.
    let app = {
        let client = client.clone();
        move || actix_shop::app(&client)
    };
    let http = HttpServer::new(app).disable_signals().bind("127.0.0.1:3000")?;
    println!("http://{}/orders/7  /fail  /panic  /endless  /slow  /stream; stop with Ctrl-C", http.addrs()[0]);
    let report = axonpush_actix::serve(http.run(), &client).await?;
    println!("{report}");
    Ok(())
}
