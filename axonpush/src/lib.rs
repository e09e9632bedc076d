//! AxonPush.
mod clock; mod context; mod error; mod event; mod loss; mod redact; mod retry; mod queue; mod transport; mod publisher; mod sink; mod config; mod client; mod resources; pub mod exchange;
pub use context::*; pub use error::Error; pub use event::*; pub use loss::*; pub use redact::*; pub use retry::RetryPolicy;
pub use queue::{OverflowPolicy, QueuePolicy}; pub use transport::ApiKey; pub use publisher::*;pub use client::AxonPush; pub use config::AxonPushBuilder; pub use resources::*;