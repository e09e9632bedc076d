//! One table of HTTP exchanges, and what axum, plain hyper and actix-web report of each: the same.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on has nothing else to say")]

mod actix;
mod apps;
mod axum;
mod bodies;
mod connections;
mod hyper;
mod layers;
mod policies;
mod rows;
mod stopping;
mod table;
mod wire;
