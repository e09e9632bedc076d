//! A middleware of `reqwest-middleware`.

use http::Extensions;
use reqwest::{Request, Response};
use reqwest_middleware::{Middleware, Next, Result};

use super::{Propagation, request};

/// As a middleware of `reqwest-middleware` 0.5, it sends the context along with every request of a client. One that
/// repeats requests goes before it or after it, as you like: a request is told the same each time.
///
/// The context is the one that `send` is awaited in. A redirect that the client follows takes all headers along, but
/// for credentials, to wherever it leads. Where that must not be, build the client with a `redirect::Policy` of your
/// own.
///
/// ```
/// use axonpush::{RequestContext, propagation::Propagation};
/// use reqwest_middleware::ClientBuilder;
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
/// # runtime.block_on(async {
/// # let server = axonpush_dev::DevServer::start().await.unwrap();
/// # let url = server.url();
/// let http = ClientBuilder::new(reqwest::Client::new()).with(Propagation::new()).build();
/// let context = RequestContext::new();
/// context.scope(http.get(url).send()).await?;
/// # let requests = server.requests();
/// assert_eq!(requests[0].header("traceparent"), Some(context.traceparent().to_string().as_str()));
/// # Ok::<(), reqwest_middleware::Error>(())
/// # }).unwrap();
/// ```
#[cfg_attr(docsrs, doc(cfg(feature = "reqwest-middleware")))]
#[async_trait::async_trait]
impl Middleware for Propagation {
    async fn handle(&self, mut request: Request, extensions: &mut Extensions, next: Next<'_>) -> Result<Response> {
        request::inject(self, &mut request);
        next.run(request, extensions).await
    }
}
