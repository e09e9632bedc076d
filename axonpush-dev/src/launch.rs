//! Starting a server on a thread of its own, and what that thread does from then on.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::{self, Handle};
use tokio::sync::{Semaphore, oneshot, watch};

use crate::answer::Script;
use crate::builder::DevServerBuilder;
use crate::clock::Clock;
use crate::courier::Courier;
use crate::error::Error;
use crate::faults::FaultState;
use crate::requests::RequestLog;
use crate::server::StopReport;
use crate::state::Shared;
use crate::store::Store;
use crate::{demo, otlp, routes, serve};

/// What the server's thread hands out once it listens.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) addr: SocketAddr,
    pub(crate) shared: Arc<Shared>,
    pub(crate) runtime: Handle,
}

/// The strings by which a running server is held.
#[derive(Debug)]
pub(crate) struct Launched {
    pub(crate) ready: Ready,
    pub(crate) stop: watch::Sender<Option<Duration>>,
    pub(crate) stop_timeout: Duration,
    pub(crate) stopped: oneshot::Receiver<StopReport>,
    // Behind a lock only so that the handle can be shared between threads.
    pub(crate) ended: Mutex<mpsc::Receiver<()>>,
}

/// A thread that was started and has not said yet whether it listens.
pub(crate) struct Starting {
    stop: watch::Sender<Option<Duration>>,
    stop_timeout: Duration,
    stopped: oneshot::Receiver<StopReport>,
    ended: Mutex<mpsc::Receiver<()>>,
}

impl Starting {
    pub(crate) fn spawn(
        settings: DevServerBuilder,
        tell: impl FnOnce(Result<Ready, Error>) + Send + 'static,
    ) -> Result<Self, Error> {
        let (stop, stopping) = watch::channel(None);
        let (report, stopped) = oneshot::channel();
        let (end, ended) = mpsc::channel();
        let stop_timeout = settings.stop_timeout;
        let run = move || {
            // Dropped last, when the runtime is gone: that is what `ended` waits for.
            let _end: mpsc::Sender<()> = end;
            match runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime.block_on(run(settings, stopping, tell, report)),
                Err(error) => tell(Err(Error::thread(error))),
            }
        };
        std::thread::Builder::new().name("axonpush-dev".to_owned()).spawn(run).map_err(Error::thread)?;
        Ok(Self { stop, stop_timeout, stopped, ended: Mutex::new(ended) })
    }

    pub(crate) fn finish(self, ready: Result<Ready, Error>) -> Result<Launched, Error> {
        let ready = ready?;
        let Self { stop, stop_timeout, stopped, ended } = self;
        Ok(Launched { ready, stop, stop_timeout, stopped, ended })
    }
}

/// The life of the server's thread.
async fn run(
    settings: DevServerBuilder,
    stop: watch::Receiver<Option<Duration>>,
    tell: impl FnOnce(Result<Ready, Error>),
    report: oneshot::Sender<StopReport>,
) {
    let (listener, addr, shared, courier) = match open(settings, stop).await {
        Ok(opened) => opened,
        Err(error) => return tell(Err(error)),
    };
    tell(Ok(Ready { addr, shared: Arc::clone(&shared), runtime: Handle::current() }));
    tokio::spawn(courier.run(Arc::clone(&shared)));
    let router = routes::router(Arc::clone(&shared));
    let cut = serve::serve(listener, router, Arc::clone(&shared)).await;
    let _ = tokio::time::timeout(CLOSE_TIMEOUT, shared.store.close()).await;
    // A handle that was dropped does not ask.
    let _ = report.send(StopReport::new(cut));
}

async fn open(
    settings: DevServerBuilder,
    stop: watch::Receiver<Option<Duration>>,
) -> Result<(TcpListener, SocketAddr, Arc<Shared>, Courier), Error> {
    let bind = |error| Error::bind(settings.port, error);
    // The port comes first: a server that cannot listen must not touch somebody's file.
    let listener = listen(settings.port).map_err(bind)?;
    let addr = listener.local_addr().map_err(bind)?;
    let shared = Shared {
        store: Store::open(&settings.store)?,
        clock: Clock::default(),
        faults: FaultState::new(settings.faults),
        fault_requests: settings.fault_requests,
        script: Script::default(),
        otlp_script: Script::default(),
        requests: RequestLog::new(settings.keep_requests),
        accept_occurred_at: settings.accept_occurred_at,
        max_batch: settings.max_batch,
        patience: settings.patience,
        otlp_permits: Semaphore::new(otlp::MAX_AT_ONCE),
        stop,
    };
    routes::seed(&shared).await.map_err(|_| Error::unwritable())?;
    if settings.seed_demo {
        demo::seed(&shared).await.map_err(|_| Error::unwritable())?;
    }
    let courier = Courier::open(&shared).await.map_err(|_| Error::unwritable())?;
    Ok((listener, addr, Arc::new(shared), courier))
}

fn listen(port: u16) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    // Elsewhere the option means that a port may be taken from whoever has it.
    if cfg!(unix) {
        socket.set_reuseaddr(true)?;
    }
    // Connections inherit it. It is a wish: with more room they only tell later that their client reads nothing.
    let _ = socket.set_send_buffer_size(SEND_BUFFER);
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    socket.listen(BACKLOG)
}

/// How long closing the store may take, once nobody is served any more.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// How much of an answer the system takes before its client reads any of it. Left to itself a system makes that several
/// megabytes, and finds that there is room again once a third of it was read: a client that reads steadily, but slowly, would
/// look like one that does not read.
const SEND_BUFFER: u32 = 128 << 10;

/// How many clients may wait until they are accepted.
const BACKLOG: u32 = 1_024;
