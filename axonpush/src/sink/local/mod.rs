//! Sinks on this machine: standard streams and files.

mod file;
mod stream;

pub use self::{
    file::RollingFile,
    stream::{Stderr, Stdout},
};
