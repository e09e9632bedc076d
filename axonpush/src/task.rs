//! Tasks that stay in the request: tokio's ways to spawn, in the context in force where they are called.
//!
//! `tokio::spawn` begins a task in no context, and what it publishes belongs to no request. These carry it along:
//!
//! ```
//! use axonpush::{RequestContext, task::{self, JoinSetExt as _}};
//! use tokio::task::JoinSet;
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! fn request() -> Option<String> {
//!     RequestContext::current().map(|context| context.request_id().to_string())
//! }
//!
//! let context = RequestContext::new();
//! context
//!     .scope(async {
//!         assert_eq!(tokio::spawn(async { request() }).await?, None);
//!         assert_eq!(task::spawn(async { request() }).await?, request());
//!         assert_eq!(task::spawn_blocking(request).await?, request());
//!
//!         let mut set = JoinSet::new();
//!         set.spawn_in_context(async { request() });
//!         set.spawn_blocking_in_context(request);
//!         assert!(set.join_all().await.into_iter().all(|id| id == request()));
//!         Ok::<(), tokio::task::JoinError>(())
//!     })
//!     .await?;
//!
//! // Outside of any context they are tokio's own.
//! assert_eq!(task::spawn(async { request() }).await?, None);
//! # Ok::<(), tokio::task::JoinError>(())
//! # }).unwrap();
//! ```
//!
//! The context is taken when they are called, not when the task first runs. Tasks share it: what one binds, the events
//! of all carry. A task that is aborted is dropped in its context. Each costs what tokio's does and a handle of the
//! context; like tokio's they panic outside of a runtime.
//!
//! A plain thread takes its context along by hand:
//!
//! ```
//! # use axonpush::RequestContext;
//! # RequestContext::new().sync_scope(|| {
//! let context = RequestContext::current().unwrap_or_default();
//! std::thread::spawn(move || context.sync_scope(|| { /* … */ }));
//! # });
//! ```

use tokio::task::{AbortHandle, JoinHandle, JoinSet};

use crate::context::{InCurrentContext as _, RequestContext};

/// As [`tokio::spawn`], in the context in force here.
///
/// ```
/// use axonpush::{RequestContext, task};
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let context = RequestContext::new();
/// let task = context.sync_scope(|| task::spawn(async { RequestContext::current().is_some() }));
/// assert!(task.await?);
/// # Ok::<(), tokio::task::JoinError>(())
/// # }).unwrap();
/// ```
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(future.in_current_context())
}

/// As [`tokio::task::spawn_blocking`], in the context in force here.
///
/// ```
/// use axonpush::{RequestContext, task};
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let context = RequestContext::new();
/// let task = context.sync_scope(|| task::spawn_blocking(|| RequestContext::current().is_some()));
/// assert!(task.await?);
/// # Ok::<(), tokio::task::JoinError>(())
/// # }).unwrap();
/// ```
#[track_caller]
pub fn spawn_blocking<F, T>(run: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    tokio::task::spawn_blocking(in_current_context(run))
}

/// As [`tokio::task::spawn_local`], in the context in force here.
///
/// ```
/// use axonpush::{RequestContext, task};
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let context = RequestContext::new();
/// let in_context = async { RequestContext::current().is_some() };
/// let local = tokio::task::LocalSet::new();
/// assert!(local.run_until(context.scope(async { task::spawn_local(in_context).await })).await?);
/// # Ok::<(), tokio::task::JoinError>(())
/// # }).unwrap();
/// ```
#[track_caller]
pub fn spawn_local<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    tokio::task::spawn_local(future.in_current_context())
}

/// [`JoinSet`]'s ways to spawn, in the context in force where they are called.
///
/// ```
/// use axonpush::{RequestContext, task::JoinSetExt as _};
/// use tokio::task::JoinSet;
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let context = RequestContext::new();
/// let mut set = JoinSet::new();
/// context.sync_scope(|| {
///     set.spawn_in_context(async { RequestContext::current().is_some() });
///     set.spawn_blocking_in_context(|| RequestContext::current().is_some());
/// });
/// assert_eq!(set.join_all().await, [true, true]);
/// # });
/// ```
pub trait JoinSetExt<T>: sealed::Sealed {
    /// As [`JoinSet::spawn`].
    #[track_caller]
    fn spawn_in_context<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send;

    /// As [`JoinSet::spawn_blocking`].
    #[track_caller]
    fn spawn_blocking_in_context<F>(&mut self, run: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send;

    /// As [`JoinSet::spawn_local`].
    #[track_caller]
    fn spawn_local_in_context<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static;
}

impl<T: 'static> JoinSetExt<T> for JoinSet<T> {
    fn spawn_in_context<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        self.spawn(future.in_current_context())
    }

    fn spawn_blocking_in_context<F>(&mut self, run: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        self.spawn_blocking(in_current_context(run))
    }

    fn spawn_local_in_context<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.spawn_local(future.in_current_context())
    }
}

fn in_current_context<T>(run: impl FnOnce() -> T) -> impl FnOnce() -> T {
    let context = RequestContext::current();
    move || match context {
        Some(context) => context.sync_scope(run),
        None => run(),
    }
}

mod sealed {
    pub trait Sealed {}

    impl<T> Sealed for tokio::task::JoinSet<T> {}
}
