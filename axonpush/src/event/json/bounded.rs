//! Text from foreign code, up to a length.

use std::{
    fmt::{self, Write as _},
    io,
};

/// Takes what it is given until it is full.
pub(super) struct Bounded {
    text: Vec<u8>,
    max: usize,
    full: bool,
}

impl Bounded {
    pub(super) fn new(max: usize) -> Self {
        Self { text: Vec::new(), max, full: false }
    }

    /// What a value displays as, cut after `max` bytes. An error of its own making is passed on, where `to_string`
    /// would panic.
    pub(super) fn display<T: fmt::Display + ?Sized>(value: &T, max: usize) -> Result<String, fmt::Error> {
        let mut bounded = Self::new(max);
        match write!(bounded, "{value}") {
            Err(error) if !bounded.full => Err(error),
            _ => String::from_utf8(bounded.text).map_err(|_| fmt::Error),
        }
    }

    /// What was taken; `None` when there was more.
    pub(super) fn whole(self) -> Option<Vec<u8>> {
        (!self.full).then_some(self.text)
    }
}

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.full {
            return Err(fmt::Error);
        }
        let fits = super::prefix(text, self.max - self.text.len());
        self.text.extend_from_slice(fits.as_bytes());
        self.full |= fits.len() < text.len();
        if self.full { Err(fmt::Error) } else { Ok(()) }
    }
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.full |= self.max - self.text.len() < bytes.len();
        if self.full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
