//! The program, as a user starts it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod doctor;
mod program;
mod publish;
mod serve;
mod stub;
mod tail;
#[cfg(target_os = "linux")]
mod terminal;
