//! The page in a real browser: Debian's chromium, driven by a program.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod browser;
mod charts;
mod detail;
mod filters;
mod hostile;
mod keyboard;
mod looks;
mod rig;
mod speed;
mod story;
mod tail;
mod traces;
