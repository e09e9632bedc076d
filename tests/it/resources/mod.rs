//! What the service keeps beside events, through the client and over real sockets.

mod account;
mod apps;
mod observe;
mod operations;
mod requests;
mod traces;
mod webhooks;
