//! Being told to stop.

/// Resolves on Ctrl-C, and on SIGTERM where there is such a thing.
///
/// Handlers are in place once this returns, not only once the future is polled.
pub(super) fn stop() -> impl Future<Output = ()> {
    #[cfg(unix)]
    let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
    #[cfg(unix)]
    let interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt());
    async move {
        #[cfg(unix)]
        if let (Ok(mut terminate), Ok(mut interrupt)) = (terminate, interrupt) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            return;
        }
        if tokio::signal::ctrl_c().await.is_err() {
            // Without signals the process can only be killed, so there is nothing to wait for.
            std::future::pending::<()>().await;
        }
    }
}
