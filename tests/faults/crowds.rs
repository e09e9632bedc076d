//! Many requests at once, to either framework.

use std::{
    collections::HashMap,
    io::Write as _,
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use actix_web::{App, HttpRequest, HttpServer, test as actix, web};
use axonpush::{
    AxonPush, Event, RequestContext,
    exchange::{ExchangePolicy, LifecyclePolicy},
};
use axonpush_axum::AxonPushLayer;
use axonpush_dev::DevServer;
use axum::{Router, body::Body, http, routing::get};
use futures_util::future::join_all;
use rig::PATIENCE;
use tokio::{sync::Barrier, task::yield_now};
use tower::ServiceExt as _;

use super::{Scale, Stage, Verdict, runtime_1, until};

const AT_ONCE: usize = 1_000;

pub(super) fn no_foreign_ids(scale: Scale) -> Verdict {
    let rounds = scale.of(5, 100);
    let mut verdict = Verdict::new();
    for (framework, round) in
        [("axum", axum_round as fn(AxonPush, Arc<Crowd>)), ("actix", actix_round as fn(AxonPush, Arc<Crowd>))]
    {
        let (mut seen, mut told, mut balanced) = (0, Told::default(), true);
        for _ in 0..rounds {
            // Nobody goes on before everybody is there.
            let crowd = Arc::new(Crowd { foreign: AtomicUsize::new(0), all: Barrier::new(AT_ONCE) });
            let server = rig::server();
            let client = rig::client(&server);
            round(client.clone(), Arc::clone(&crowd));
            let report = client.blocking().shutdown(PATIENCE);
            balanced &= report.is_complete() && client.stats().is_balanced() && client.open_exchanges() == 0;
            seen += crowd.foreign.load(Ordering::Relaxed);
            told.add(&server);
        }
        verdict.exactly(&format!("{framework}: requests"), told.ends, rounds * AT_ONCE);
        verdict.exactly("their own events", told.own, rounds * AT_ONCE);
        verdict.exactly("foreign ids seen", seen, 0);
        verdict.exactly("told", told.foreign, 0);
        verdict.check(balanced, "all delivered", "books exact");
    }
    verdict
}

struct Crowd {
    /// How often a request saw a context that is not its own.
    foreign: AtomicUsize,
    all: Barrier,
}

impl Crowd {
    /// What a handler does, with the id its client sent.
    async fn handle(&self, client: AxonPush, sent: &str) {
        self.all.wait().await;
        let mut seen = vec![later(0).await];
        if let Some(context) = RequestContext::current() {
            let spawned = tokio::spawn(context.scope(later(2)));
            let (one, another, spawned) = tokio::join!(later(1), later(3), spawned);
            seen.extend([one, another, spawned.ok().flatten()]);
        }
        // A task that took no context along has none, and nobody else's either.
        let bare = tokio::spawn(later(1)).await;
        client.events().enqueue(Event::new("app.own").attribute("sent", sent));
        seen.push(later(1).await);
        let foreign = seen.iter().filter(|seen| seen.as_deref() != Some(sent)).count();
        let foreign = foreign + usize::from(!matches!(bare, Ok(None)));
        self.foreign.fetch_add(foreign, Ordering::Relaxed);
    }
}

/// The id of the request that is current after so many turns.
async fn later(turns: usize) -> Option<String> {
    for _ in 0..turns {
        yield_now().await;
    }
    RequestContext::current().map(|context| context.request_id().to_string())
}

/// What the server was told.
#[derive(Default)]
struct Told {
    ends: usize,
    own: usize,
    foreign: usize,
}

impl Told {
    fn add(&mut self, server: &DevServer) {
        let events = server.events();
        let named = |name: &'static str| events.iter().filter(move |event| event.identifier == name);
        let id = |text: Option<&serde_json::Value>| text.and_then(serde_json::Value::as_str).map(str::to_owned);
        let ends: HashMap<_, _> = named("http.request.completed")
            .map(|end| (id(end.attribute("request.id")), (&end.trace_id, &end.span_id)))
            .collect();
        self.ends += ends.len();
        self.own += named("app.own").count();
        self.foreign += named("app.own")
            .filter(|own| {
                let sent = id(own.attribute("sent"));
                let bound = id(own.metadata.as_ref().and_then(|metadata| metadata.get("request.id")));
                sent.is_none() || sent != bound || ends.get(&sent) != Some(&(&own.trace_id, &own.span_id))
            })
            .count();
    }
}

fn ends_alone() -> ExchangePolicy {
    ExchangePolicy::new().lifecycle(LifecyclePolicy::new().start_events(false))
}

/// On two threads, between which the requests are moved about.
fn axum_round(client: AxonPush, crowd: Arc<Crowd>) {
    let layer = AxonPushLayer::new(&client).policy(ends_alone());
    let handler = async move |headers: http::HeaderMap| {
        crowd.handle(client, headers["x-request-id"].to_str().unwrap_or_default()).await;
    };
    let app = Router::new().route("/", get(handler)).layer(layer);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let calls = (0..AT_ONCE).map(|n| {
            let request = http::Request::get("/").header("x-request-id", format!("r-{n}"));
            tokio::spawn(app.clone().oneshot(request.body(Body::empty()).unwrap()))
        });
        for response in join_all(calls.collect::<Vec<_>>()).await {
            drop(axum::body::to_bytes(response.unwrap().unwrap().into_body(), 1).await);
        }
    });
}

/// On one thread, as each of actix's workers is.
fn actix_round(client: AxonPush, crowd: Arc<Crowd>) {
    let middleware = axonpush_actix::AxonPush::new(&client).policy(ends_alone());
    let handler = move |request: HttpRequest| {
        let (client, crowd) = (client.clone(), Arc::clone(&crowd));
        async move {
            let id = request.headers().get("x-request-id").and_then(|id| id.to_str().ok());
            crowd.handle(client, id.unwrap_or_default()).await;
            "done"
        }
    };
    actix_rt::System::new().block_on(async {
        let app = actix::init_service(App::new().route("/", web::get().to(handler)).wrap(middleware)).await;
        let calls = (0..AT_ONCE).map(|n| {
            let request = actix::TestRequest::get().uri("/").insert_header(("x-request-id", format!("r-{n}")));
            actix::call_and_read_body(&app, request.to_request())
        });
        join_all(calls.collect::<Vec<_>>()).await;
    });
}

pub(super) fn disconnects(scale: Scale) -> Verdict {
    const AT_ONCE: usize = 50;
    let exchanges = scale.of(100, 1_000);
    let mut verdict = Verdict::new();
    for (framework, serve) in [("axum", serve_axum as Serve), ("actix", serve_actix as Serve)] {
        let stage = Stage::new();
        let started = Arc::new(AtomicUsize::new(0));
        let (addr, stop) = serve(&stage.client, &started);
        let mut all_started = true;
        for batch in 1..=exchanges / AT_ONCE {
            let callers: Vec<TcpStream> = (0..AT_ONCE)
                .map(|_| {
                    let mut stream = TcpStream::connect(addr).unwrap();
                    stream.write_all(b"GET /hangs HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
                    stream
                })
                .collect();
            all_started &= until(|| started.load(Ordering::Relaxed) == batch * AT_ONCE);
            drop(callers);
        }
        let ended = until(|| stage.client.open_exchanges() == 0);
        let report = stage.client.blocking().shutdown(PATIENCE);
        let events = stage.server.events();
        let told = |name: &str| events.iter().filter(|event| event.identifier == name).count();
        verdict.exactly(&format!("{framework}: cancelled"), told("http.request.cancelled"), exchanges);
        verdict.exactly("started", told("http.request.started"), exchanges);
        let others = events.len().saturating_sub(2 * exchanges);
        verdict.exactly("other events", others, 0);
        verdict.check(all_started && ended && report.is_complete(), report, "all delivered");
        let stats = stage.client.stats();
        verdict.check(stats.is_balanced() && stats.delivered() == events.len() as u64, stats, "books exact");
        stop();
    }
    verdict
}

/// Serves `/hangs` and counts its requests, until it is told to stop.
type Serve = fn(&AxonPush, &Arc<AtomicUsize>) -> (SocketAddr, Box<dyn FnOnce()>);

fn hangs(started: &Arc<AtomicUsize>) -> impl Fn() -> std::future::Pending<&'static str> + Clone + Send + 'static {
    let started = Arc::clone(started);
    move || {
        started.fetch_add(1, Ordering::Relaxed);
        std::future::pending()
    }
}

fn serve_axum(client: &AxonPush, started: &Arc<AtomicUsize>) -> (SocketAddr, Box<dyn FnOnce()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let app = Router::new().route("/hangs", get(hangs(started))).layer(AxonPushLayer::new(client));
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let addr = listener.local_addr().unwrap();
    runtime.spawn(async { axum::serve(listener, app).await });
    (addr, Box::new(move || drop(runtime)))
}

fn serve_actix(client: &AxonPush, started: &Arc<AtomicUsize>) -> (SocketAddr, Box<dyn FnOnce()>) {
    let (client, handler) = (client.clone(), hangs(started));
    let (tell, told) = mpsc::channel();
    let server = thread::spawn(move || {
        actix_rt::System::new().block_on(async {
            let app = move || {
                let middleware = axonpush_actix::AxonPush::new(&client);
                App::new().route("/hangs", web::get().to(handler.clone())).wrap(middleware)
            };
            let server = HttpServer::new(app).workers(2).disable_signals().h1_allow_half_closed(false);
            let server = server.bind("127.0.0.1:0").unwrap();
            let addr = server.addrs()[0];
            let running = server.run();
            tell.send((addr, running.handle())).unwrap();
            running.await.unwrap();
        });
    });
    let (addr, handle) = told.recv().unwrap();
    let stop = move || {
        runtime_1().block_on(handle.stop(false));
        server.join().unwrap();
    };
    (addr, Box::new(stop))
}
