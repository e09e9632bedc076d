//! The context of a request, sent along with the requests made on its behalf.
//!
//! A service that calls another one tells it which trace the call belongs to, in headers of W3C Trace Context and
//! Baggage. [`Propagation`] says which hosts may learn what. It is applied in one of these ways:
//!
//! | the call is made by | how | feature |
//! |---|---|---|
//! | reqwest | [`Propagate::propagate`] on the request or its builder | `reqwest` |
//! | reqwest, with middleware | [`Propagation`] is a middleware of `reqwest-middleware` | `reqwest-middleware` |
//! | a tower service | [`PropagationLayer`] around it | `tower` |
//! | anything else | [`Propagation::inject`], or [`RequestContext::inject`] where the host is one of your own | |
//!
//! All of them send `traceparent` and `tracestate`, `x-request-id` and `baggage`, as far as the policy lets them. None
//! replaces a header that is there already, and none sends anything where no [`RequestContext`] is in force.
//!
//! The `traceparent` names the request's own span as the parent. No span is made for the call itself: it would be a
//! parent that no event tells of. The SDK's own requests are never touched.
//!
//! ```
//! use axonpush::{Baggage, RequestContext, propagation::Propagation};
//!
//! let propagation = Propagation::new().hosts(["stock.internal", "*.example.com"])?;
//! let context = RequestContext::builder().baggage(Baggage::new().with("plan", "big")?).build();
//!
//! let mut headers = http::HeaderMap::new();
//! propagation.inject(&context, "api.example.com", &mut headers);
//! assert_eq!(headers["traceparent"], context.traceparent().to_string());
//! assert_eq!(headers["x-request-id"], context.request_id().as_str());
//! assert_eq!(headers["baggage"], "plan=big");
//!
//! let mut headers = http::HeaderMap::new();
//! propagation.inject(&context, "example.org", &mut headers);
//! assert!(headers.is_empty());
//! # Ok::<(), axonpush::Error>(())
//! ```

// The table above names all ways, also those whose feature is off.
#![cfg_attr(not(all(feature = "reqwest", feature = "tower")), allow(rustdoc::broken_intra_doc_links))]

mod headers;
mod hosts;
#[cfg(feature = "tower")]
mod layer;
#[cfg(feature = "reqwest-middleware")]
mod middleware;
mod policy;
#[cfg(feature = "reqwest")]
mod request;

#[cfg(feature = "tower")]
#[cfg_attr(docsrs, doc(cfg(feature = "tower")))]
pub use layer::{PropagationLayer, PropagationService};
pub use policy::Propagation;
#[cfg(feature = "reqwest")]
#[cfg_attr(docsrs, doc(cfg(feature = "reqwest")))]
pub use request::Propagate;

#[cfg(doc)]
use crate::context::RequestContext;
