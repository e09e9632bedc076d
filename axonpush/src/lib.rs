//! AxonPush.
mod clock; mod context; mod error; mod event; mod loss; mod redact; mod retry;
pub use context::*; pub use error::Error; pub use event::*; pub use loss::*; pub use redact::*; pub use retry::RetryPolicy;
