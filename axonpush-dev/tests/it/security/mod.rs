//! What keeps web pages and strangers out, on every route there is.

mod answers;
mod clients;
mod readers;
mod routes;
mod sites;
