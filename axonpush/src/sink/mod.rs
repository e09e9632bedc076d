//! Where records go.

pub(crate) mod events;
