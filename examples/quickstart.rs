//! Everything at once, on this machine alone: a local AxonPush server, an axum service and then an actix service that
//! report to it, 200 real requests to each, and a graceful stop while 32 of them are under way.
//!
//! ```sh
//! cargo run --example quickstart
//! ```
//!
//! Ends with an error unless the server knows exactly one end of every request, under the id the caller saw.

use std::{error::Error, net::SocketAddr};

use axonpush::AxonPush;
use axonpush_dev::DevServer;
use support::{
    actix_shop, axum_shop,
    caller::{self, Call},
    verdict,
};
use tokio::sync::oneshot;

const FAST: usize = 168;
const IN_FLIGHT: usize = 32;

fn main() -> Result<(), Box<dyn Error>> {
    // One page panics on purpose; its message is in the events and need not be here.
    std::panic::set_hook(Box::new(|info| {
        if info.payload().downcast_ref() != Some(&support::PANIC) {
            eprintln!("{info}");
        }
    }));
    let all = std::env::args().any(|arg| arg == "--all");
    let runtime = tokio::runtime::Runtime::new()?;
    let axum = runtime.block_on(with_axum(all))?;
    let actix = actix_web::rt::System::new().block_on(with_actix(all))?;
    if axum && actix { Ok(()) } else { Err("the server was told something else than what happened; see above".into()) }
}

async fn with_axum(all: bool) -> Result<bool, Box<dyn Error>> {
    let server = DevServer::start().await?;
    let client = AxonPush::builder().api_key("ak_dev").base_url(server.url()).service("shop", "1.0").build()?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let addr = listener.local_addr()?;

    let (stop, stopped) = oneshot::channel::<()>();
    let serving = axonpush_axum::serve(listener, axum_shop::app(&client), &client).with_shutdown(async {
        let _ = stopped.await;
    });
    let (report, calls) = tokio::join!(serving.into_future(), call_and_stop(addr, &client, stop));
    println!("axum service: {}", report?);
    judge(&server, &client, "axum", &calls?, all).await
}

async fn with_actix(all: bool) -> Result<bool, Box<dyn Error>> {
    let server = DevServer::start().await?;
    let client = AxonPush::builder().api_key("ak_dev").base_url(server.url()).service("shop", "1.0").build()?;
    let app = {
        let client = client.clone();
        move || actix_shop::app(&client)
    };
    let http = actix_web::HttpServer::new(app).workers(2).disable_signals().bind("127.0.0.1:0")?;
    let addr = http.addrs()[0];

    let (stop, stopped) = oneshot::channel::<()>();
    let serving = axonpush_actix::serve(http.run(), &client).with_shutdown(async {
        let _ = stopped.await;
    });
    let (report, calls) = tokio::join!(serving.into_future(), call_and_stop(addr, &client, stop));
    println!("actix service: {}", report?);
    judge(&server, &client, "actix-web", &calls?, all).await
}

/// Makes 200 requests, and has the service told to stop while the last 32 are under way.
async fn call_and_stop(addr: SocketAddr, client: &AxonPush, stop: oneshot::Sender<()>) -> std::io::Result<Vec<Call>> {
    let mut calls = caller::call_everything(addr, FAST, IN_FLIGHT).await?;
    // Those who hung up are gone as soon as the service notices.
    while client.open_exchanges() > 0 {
        tokio::task::yield_now().await;
    }
    let slow = caller::begin_slow(addr, IN_FLIGHT, FAST);
    while client.open_exchanges() < IN_FLIGHT {
        tokio::task::yield_now().await;
    }
    let _ = stop.send(());
    calls.extend(caller::join(slow).await?);
    Ok(calls)
}

/// Reads everything back, shows it, and says whether it is what happened.
async fn judge(
    server: &DevServer,
    client: &AxonPush,
    framework: &str,
    calls: &[Call],
    all: bool,
) -> Result<bool, Box<dyn Error>> {
    // The service's own client has been shut down with it.
    let reader = AxonPush::builder().api_key("ak_dev").base_url(server.url()).build()?;
    let rows = verdict::read_back(&reader, framework).await?;
    let wrong = verdict::compare(calls, &rows);
    let shown = verdict::sample(&rows, if all { rows.len() } else { 2 });
    print!("{}", verdict::table(&shown));
    if shown.len() < rows.len() {
        println!("… and {} more; add `-- --all` to see them", rows.len() - shown.len());
    }
    let count = |outcome: &str| rows.iter().filter(|row| row.outcome == outcome).count();
    println!(
        "{} requests: {} completed, {} failed, {} cancelled",
        calls.len(),
        count("completed"),
        count("failed"),
        count("cancelled"),
    );
    let stats = client.stats();
    println!("events: {stats}; stored {}\n", server.len());
    for wrong in &wrong {
        eprintln!("{wrong}");
    }
    Ok(wrong.is_empty() && stats.is_balanced() && stats.lost().total() == 0 && server.len() as u64 == stats.delivered())
}
