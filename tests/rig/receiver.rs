//! A server that keeps what is posted to it, and answers what a test wants.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    io::Read as _,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse as _, Response},
};
use tokio::sync::oneshot;

/// What was asked for.
#[derive(Debug, Clone)]
pub struct Received {
    /// How, such as `POST`.
    pub method: String,
    /// Where to.
    pub path: String,
    /// The query string, if there is one.
    pub query: Option<String>,
    /// By their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Unpacked, where it was packed.
    pub body: Vec<u8>,
    /// When it was here.
    pub at: Instant,
    /// The status it was answered with.
    pub status: u16,
}

/// What is answered.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Reply {
    /// Nothing but a status.
    pub fn status(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// With a body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }
}

/// A running server, on a thread of its own. Dropping it stops it.
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    received: Mutex<Vec<Received>>,
    came: Condvar,
    script: Mutex<VecDeque<Reply>>,
    answer: Box<dyn Fn(&Received) -> Reply + Send + Sync>,
}

impl Receiver {
    /// Answers what `answer` says, on a port that is free.
    pub fn start(answer: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_at(free_port(), answer)
    }

    /// The same, on this port.
    pub fn start_at(port: u16, answer: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Self {
        let shared = Arc::new(Shared {
            received: Mutex::default(),
            came: Condvar::new(),
            script: Mutex::default(),
            answer: Box::new(answer),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("the port is free");
        listener.set_nonblocking(true).expect("a socket of ours");
        let address = listener.local_addr().expect("it is bound");
        let (stop, stopped) = oneshot::channel();
        let app = Router::new().fallback(take).with_state(Arc::clone(&shared));
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a socket of ours");
                tokio::select! {
                    _ = async { axum::serve(listener, app).await } => {}
                    _ = stopped => {}
                }
            });
        });
        Self { address, shared, stop: Some(stop), thread: Some(thread) }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What the next requests are answered with, whatever they are.
    pub fn script(&self, replies: impl IntoIterator<Item = Reply>) {
        self.shared.script.lock().unwrap_or_else(PoisonError::into_inner).extend(replies);
    }

    /// All that was posted.
    pub fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for so many requests.
    pub fn wait_for(&self, count: usize, patience: Duration) -> Vec<Received> {
        let received = self.shared.received.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.shared.came.wait_timeout_while(received, patience, |received| received.len() < count);
        waited.unwrap_or_else(PoisonError::into_inner).0.clone()
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _gone = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a port");
    listener.local_addr().expect("it is bound").port()
}

async fn take(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers: BTreeMap<_, _> = headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    let body = if headers.get("content-encoding").is_some_and(|encoding| encoding == "gzip") {
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(&*body).read_to_end(&mut unpacked).expect("gzip, as it says");
        unpacked
    } else {
        body.to_vec()
    };
    let mut received = Received {
        method: method.to_string(),
        path: uri.path().to_owned(),
        query: uri.query().map(str::to_owned),
        headers,
        body,
        at: Instant::now(),
        status: 0,
    };
    let scripted = shared.script.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let reply = scripted.unwrap_or_else(|| (shared.answer)(&received));
    received.status = reply.status;
    shared.received.lock().unwrap_or_else(PoisonError::into_inner).push(received);
    shared.came.notify_all();
    let status = StatusCode::from_u16(reply.status).expect("a status");
    let mut response = (status, reply.body).into_response();
    for (name, value) in reply.headers {
        response.headers_mut().insert(name, value.parse().expect("a header"));
    }
    response
}
