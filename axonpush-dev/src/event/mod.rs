//! One event: what a client may send, what follows from it, and how it is shown.

mod body;
mod facts;
mod json;
mod row;
mod stored;
#[cfg(test)]
mod tests;
mod view;

pub(crate) use body::{DEFAULT_CHANNEL, EventBody};
pub(crate) use facts::{Facts, REQUEST_ID};
pub(crate) use row::Row;
pub use stored::StoredEvent;
pub(crate) use view::EventView;
