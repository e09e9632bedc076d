//! The same by the names of loom, which runs all threads of a model on one and decides who is next.
//!
//! Tokio's own channels do the work of the ones here. Loom can't see into them: each use of one is a single step for it,
//! made known by touching something it does see, and what wakes a task is loom's.

use std::{
    io,
    pin::pin,
    sync::{Arc, LockResult, PoisonError},
    task::{Context, Poll, Wake, Waker},
    thread,
    time::Duration,
};

use loom::sync::atomic::Ordering;
pub(crate) use loom::sync::{Mutex, MutexGuard, atomic::AtomicUsize};

/// Locks; how long somebody tries before they sleep is no question of order.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

loom::lazy_static! {
    static ref THREADS: AtomicUsize = AtomicUsize::new(0);
}

loom::thread_local! {
    static THREAD: usize = THREADS.fetch_add(1, Ordering::Relaxed);
}

/// Locks one of several; threads that come one after the other lock different ones.
pub(crate) fn lock_any<T>(all: &[impl AsRef<Mutex<T>>]) -> Option<MutexGuard<'_, T>> {
    let at = THREAD.with(|thread| thread % all.len());
    all.get(at).map(|mutex| lock(mutex.as_ref()))
}

/// What `std`'s has and loom's lacks.
#[derive(Default)]
pub(crate) struct Condvar(loom::sync::Condvar);

impl Condvar {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }

    /// The time is never up: whoever is not notified waits for ever, which loom calls a deadlock.
    pub(crate) fn wait_timeout_while<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        _timeout: Duration,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> LockResult<(MutexGuard<'a, T>, bool)> {
        while condition(&mut *guard) {
            guard = self.0.wait(guard).unwrap_or_else(PoisonError::into_inner);
        }
        Ok((guard, false))
    }
}

/// Wakes one thread; a ring is kept for whoever sleeps next.
#[derive(Default)]
pub(crate) struct Bell {
    rung: Mutex<bool>,
    waits: loom::sync::Condvar,
}

impl Bell {
    pub(crate) fn ring(&self) {
        *self.lock() = true;
        self.waits.notify_one();
    }

    pub(crate) fn sleep(&self) {
        let mut rung = self.lock();
        while !std::mem::take(&mut *rung) {
            rung = self.waits.wait(rung).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        // What is dropped after a verdict must not ask for another one.
        if !thread::panicking() {
            self.ring();
        }
    }
}

/// The stack of a thread that does more than a few kilobytes, as by default, have room for.
pub(crate) const STACK_WORDS: usize = 64 << 10;

/// Runs `work` on a thread of the model.
pub(crate) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    loom::thread::Builder::new().name(name.to_owned()).stack_size(STACK_WORDS).spawn(work).map(drop)
}

/// Runs `work` to its end.
pub(crate) fn run<T>(_runtime: &tokio::runtime::Runtime, work: impl Future<Output = T>) -> T {
    block_on(work)
}

/// Does `work`. A panic is the end of the model: it may be loom's own verdict.
pub(crate) fn catch<T>(work: impl FnOnce() -> T) -> thread::Result<T> {
    Ok(work())
}

/// Blocks a thread of the model until `future` is ready.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(Arc::clone(&bell));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        bell.sleep();
    }
}

/// Something loom sees: two threads that touch the same one may come in either order, and it tries both.
#[derive(Clone, Default)]
struct Touched(Arc<AtomicUsize>);

impl Touched {
    fn touch(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Tokio's.
#[derive(Default)]
pub(crate) struct Notify(tokio::sync::Notify, Touched);

impl Notify {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn notify_one(&self) {
        self.1.touch();
        self.0.notify_one();
    }

    pub(crate) async fn notified(&self) {
        self.1.touch();
        self.0.notified().await;
    }
}

/// Tokio's.
pub(crate) mod mpsc {
    use tokio::sync::mpsc::{self, error};

    use super::Touched;

    pub(crate) struct UnboundedSender<T>(mpsc::UnboundedSender<T>, Touched);
    pub(crate) struct UnboundedReceiver<T>(mpsc::UnboundedReceiver<T>, Touched);

    pub(crate) fn unbounded_channel<T>() -> (UnboundedSender<T>, UnboundedReceiver<T>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let touched = Touched::default();
        (UnboundedSender(sender, touched.clone()), UnboundedReceiver(receiver, touched))
    }

    impl<T> Clone for UnboundedSender<T> {
        fn clone(&self) -> Self {
            Self(self.0.clone(), self.1.clone())
        }
    }

    impl<T> UnboundedSender<T> {
        pub(crate) fn send(&self, value: T) -> Result<(), error::SendError<T>> {
            self.1.touch();
            self.0.send(value)
        }
    }

    impl<T> UnboundedReceiver<T> {
        pub(crate) async fn recv(&mut self) -> Option<T> {
            self.1.touch();
            self.0.recv().await
        }

        pub(crate) fn try_recv(&mut self) -> Result<T, error::TryRecvError> {
            self.1.touch();
            self.0.try_recv()
        }

        pub(crate) fn close(&mut self) {
            self.1.touch();
            self.0.close();
        }
    }
}

/// Tokio's.
pub(crate) mod oneshot {
    use std::{
        pin::Pin,
        task::{Context, Poll},
    };

    use tokio::sync::oneshot::{self, error};

    use super::Touched;

    pub(crate) struct Sender<T>(oneshot::Sender<T>, Touched);
    pub(crate) struct Receiver<T>(oneshot::Receiver<T>, Touched);

    pub(crate) fn channel<T>() -> (Sender<T>, Receiver<T>) {
        let (sender, receiver) = oneshot::channel();
        let touched = Touched::default();
        (Sender(sender, touched.clone()), Receiver(receiver, touched))
    }

    impl<T> Sender<T> {
        pub(crate) fn send(self, value: T) -> Result<(), T> {
            self.1.touch();
            self.0.send(value)
        }

        pub(crate) fn is_closed(&self) -> bool {
            self.1.touch();
            self.0.is_closed()
        }
    }

    impl<T> Future for Receiver<T> {
        type Output = Result<T, error::RecvError>;

        fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
            self.1.touch();
            Pin::new(&mut self.0).poll(cx)
        }
    }
}
