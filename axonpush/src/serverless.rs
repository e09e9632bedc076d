//! Delivering what one invocation published before the platform freezes the process.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::pin,
    task::Poll,
    time::Duration,
};

use crate::client::AxonPush;

/// Runs the handler of one invocation, then flushes every client, for at most `timeout` in all. Also when the handler
/// fails or panics; a panic goes on afterwards.
///
/// ```
/// use axonpush::{AxonPush, Event, flush_after_invocation};
/// use std::time::Duration;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # let server = axonpush_dev::DevServer::start().await.unwrap();
/// # let url = server.url();
/// let client = AxonPush::builder().api_key("ak_dev").base_url(url).build()?;
/// let answer = flush_after_invocation([&client], Duration::from_secs(5), async {
///     client.events().enqueue(Event::new("invoked"));
///     "done"
/// })
/// .await;
/// assert_eq!((answer, client.stats().delivered()), ("done", 1));
/// # Ok::<(), axonpush::Error>(())
/// # }).unwrap();
/// ```
///
/// Not cancel safe: when the future is dropped, nothing is flushed.
pub async fn flush_after_invocation<'a, F: Future>(
    clients: impl IntoIterator<Item = &'a AxonPush>,
    timeout: Duration,
    handler: F,
) -> F::Output {
    let mut handler = pin!(handler);
    let result = std::future::poll_fn(|cx| {
        // A handler that panicked is not polled again.
        match catch_unwind(AssertUnwindSafe(|| handler.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    })
    .await;
    // All begin before any is awaited, so that the slowest is all there is to wait for.
    let flushes: Vec<_> = clients.into_iter().map(|client| client.begin_flush(timeout)).collect();
    for flush in flushes {
        let _report = flush.await;
    }
    result.unwrap_or_else(|panic| resume_unwind(panic))
}
