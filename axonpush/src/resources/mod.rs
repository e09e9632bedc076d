//! What the service offers, one file a resource.

mod blocking;
mod events;
mod query;
mod stored;

pub use blocking::{Blocking, BlockingEvents};
pub use events::{Events, TryEnqueueError};
pub use query::{EventQuery, SemanticKind, Source};
pub use stored::StoredEvent;
