//! Hearing what an application logs, and handing it over as events.
//!
//! Whatever a library logs while this one works for itself is not heard: the worker's thread is marked, and the mark can't
//! be switched off. Values are shown where no lock is held, a value that panics costs its own text, and nothing here
//! blocks.

#[cfg(feature = "log-bridge")]
mod bridge;
#[cfg(feature = "tracing-layer")]
mod fields;
#[cfg(feature = "tracing-layer")]
mod filter;
mod known;
#[cfg(feature = "tracing-layer")]
mod layer;
mod said;
mod scope;
#[cfg(feature = "tracing-layer")]
mod spans;

#[cfg(feature = "log-bridge")]
pub use self::bridge::LogBridge;
#[cfg(feature = "tracing-layer")]
pub use self::{filter::LevelsFilter, layer::TracingLayer};

#[cfg(test)]
#[cfg(all(feature = "tracing-layer", feature = "log-bridge"))]
mod oddities;
#[cfg(test)]
#[cfg(all(feature = "tracing-layer", feature = "log-bridge"))]
mod tests;
