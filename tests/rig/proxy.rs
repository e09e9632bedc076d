//! A proxy that stands between a client and its server and does what networks do on bad days.

mod relay;
#[cfg(test)]
mod tests;

use std::{
    collections::VecDeque,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc as blocking,
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use tokio::{net::TcpListener, sync::mpsc};

/// What happens to a request and its answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// Nothing: they pass.
    Pass,
    /// The answer comes that much later.
    Latency(Duration),
    /// The request is read, and that is all.
    BlackHole,
    /// Nobody listens, and open connections are reset. Only as the steady fault of [`Proxy::set`].
    Refuse,
    /// So many bytes of the request reach the server, then both connections end, the client's with a reset.
    ResetMidRequest(usize),
    /// The connection closes after so many bytes of the answer.
    CutResponse(usize),
    /// The connection closes before the answer, which the server did give.
    DropResponse,
    /// The answer arrives at so many bytes a second.
    Trickle(u32),
    /// They pass, and the connection closes when it was idle for so long.
    IdleClose(Duration),
}

/// A proxy on a port of its own. It works request by request, as clients keep their connections; messages must be
/// framed by `Content-Length`. Stops when dropped.
#[derive(Debug)]
pub struct Proxy {
    addr: SocketAddr,
    inner: Arc<Inner>,
    /// `None` once the proxy is being dropped.
    commands: Option<mpsc::UnboundedSender<Command>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Inner {
    upstream: SocketAddr,
    plan: Mutex<Plan>,
    times: Mutex<Vec<Instant>>,
    count: Count,
}

#[derive(Debug, Default)]
struct Count {
    connections: AtomicU64,
    open: AtomicU64,
    most_open: AtomicU64,
    answers: AtomicU64,
    bytes_to_upstream: AtomicU64,
    bytes_to_client: AtomicU64,
}

#[derive(Debug)]
struct Plan {
    /// Faults of the requests that come next.
    next: VecDeque<(u64, Fault)>,
    steady: Fault,
    chance: f64,
    dice: u64,
}

/// Listens or stops listening, and says when that is done.
#[derive(Debug)]
struct Command {
    listen: bool,
    done: blocking::Sender<()>,
}

impl Proxy {
    /// A proxy in front of `upstream` that lets everything pass.
    pub fn start(upstream: SocketAddr) -> Self {
        Self::start_seeded(upstream, 1)
    }

    /// As [`start`](Self::start), with the seed of the generator behind [`sometimes`](Self::sometimes).
    pub fn start_seeded(upstream: SocketAddr, seed: u64) -> Self {
        let plan = Mutex::new(Plan { next: VecDeque::new(), steady: Fault::Pass, chance: 1.0, dice: seed });
        let inner = Arc::new(Inner { upstream, plan, times: Mutex::default(), count: Count::default() });
        let (commands, obeys) = mpsc::unbounded_channel();
        let (tell, ready) = blocking::channel();
        let works = Arc::clone(&inner);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
                let addr = listener.local_addr().expect("a bound socket");
                let _ = tell.send(addr);
                relay::run(listener, addr, works, obeys).await;
            });
        });
        let addr = ready.recv().expect("the proxy starts");
        Self { addr, inner, commands: Some(commands), thread: Some(thread) }
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The base URL for a client.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Does this to every request from now on, and forgets what was planned. A request under way keeps its fault.
    pub fn set(&self, fault: Fault) {
        self.sometimes(1.0, fault);
    }

    /// Does this to a request with probability `chance`.
    pub fn sometimes(&self, chance: f64, fault: Fault) {
        let mut plan = lock(&self.inner.plan);
        plan.next.clear();
        (plan.steady, plan.chance) = (fault, chance);
        drop(plan);
        let (done, wait) = blocking::channel();
        let command = Command { listen: fault != Fault::Refuse, done };
        if self.commands.as_ref().is_some_and(|commands| commands.send(command).is_ok()) {
            // Nothing is sent when the thread has ended, and then nobody listens.
            let _ = wait.recv();
        }
    }

    /// Does this to the next `count` requests that nothing else is planned for, and then what it did before.
    pub fn next(&self, count: u64, fault: Fault) {
        lock(&self.inner.plan).next.push_back((count, fault));
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> u64 {
        self.inner.count.connections.load(Ordering::Relaxed)
    }

    /// The most connections that were open at once.
    pub fn most_open(&self) -> u64 {
        self.inner.count.most_open.load(Ordering::Relaxed)
    }

    /// `POST` requests begun so far.
    pub fn requests(&self) -> u64 {
        lock(&self.inner.times).len() as u64
    }

    /// When each of them began.
    pub fn request_times(&self) -> Vec<Instant> {
        lock(&self.inner.times).clone()
    }

    /// Answers of the server that were passed on whole.
    pub fn answers(&self) -> u64 {
        self.inner.count.answers.load(Ordering::Acquire)
    }

    /// Bytes passed on to the server.
    pub fn bytes_to_upstream(&self) -> u64 {
        self.inner.count.bytes_to_upstream.load(Ordering::Relaxed)
    }

    /// Bytes passed on to clients.
    pub fn bytes_to_client(&self) -> u64 {
        self.inner.count.bytes_to_client.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.commands.take());
        if let Some(thread) = self.thread.take() {
            // It has said what was wrong, if anything was.
            let _ = thread.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Plan {
    /// The fault of the request that has just begun.
    fn draw(&mut self) -> Fault {
        while let Some((left, fault)) = self.next.front_mut() {
            if let Some(fewer) = left.checked_sub(1) {
                *left = fewer;
                return *fault;
            }
            self.next.pop_front();
        }
        if self.chance >= 1.0 || self.roll() < self.chance { self.steady } else { Fault::Pass }
    }

    /// A number in `0.0..1.0`, by `SplitMix64`.
    fn roll(&mut self) -> f64 {
        self.dice = self.dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.dice;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        f64::from(u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap_or_default()) / (f64::from(u32::MAX) + 1.0)
    }
}
