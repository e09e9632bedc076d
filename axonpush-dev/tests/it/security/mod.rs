//! What keeps web pages and strangers out, on every route there is.

mod answers;
mod clients;
mod routes;
mod sites;
