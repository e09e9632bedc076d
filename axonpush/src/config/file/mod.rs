//! Settings from a file.

mod json;
mod keys;
mod nearest;
#[cfg(test)]
mod tests;
mod toml;
mod value;

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use self::value::Table;
use super::{builder::AxonPushBuilder, given::Given};
use crate::error::Error;

/// Bytes of the largest file that is read; one that is larger holds something else.
const MAX_BYTES: u64 = 1 << 20;

impl AxonPushBuilder {
    /// Lets a file fill in what neither the code nor, with [`with_env`](Self::with_env), the environment says. It is read
    /// when the client is built.
    ///
    /// The file is TOML, or JSON with the same keys if its name ends in `.json`. These are all keys there are, each with
    /// its default or an example; none is required, and a blank text counts as unset:
    ///
    /// ```toml
    #[doc = include_str!("example.toml")]
    /// ```
    ///
    /// It may hold the API key, which is never shown; then nobody but the service's own user should be able to read it
    /// (`chmod 600`), and it does not belong into a repository. A path that is not absolute begins at the working
    /// directory.
    ///
    /// ```no_run
    /// # use axonpush::AxonPush;
    /// let client = AxonPush::builder().with_env().with_file("axonpush.toml").build()?;
    /// # Ok::<(), axonpush::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`build`](Self::build) answers with an error when there is no such file, and when it holds a key that is not
    /// known or a value of the wrong type or unit. The error names the file, the line and the key, and never repeats a
    /// value.
    #[cfg_attr(docsrs, doc(cfg(feature = "config-file")))]
    pub fn with_file(self, path: impl Into<PathBuf>) -> Self {
        self.file(SettingsFile { path: path.into(), may_be_missing: false })
    }

    /// As [`with_file`](Self::with_file), for a file that need not be there. One that is there has to be readable and
    /// without mistakes.
    #[cfg_attr(docsrs, doc(cfg(feature = "config-file")))]
    pub fn with_optional_file(self, path: impl Into<PathBuf>) -> Self {
        self.file(SettingsFile { path: path.into(), may_be_missing: true })
    }
}

/// Where settings stand.
#[derive(Debug, Clone)]
pub(crate) struct SettingsFile {
    path: PathBuf,
    may_be_missing: bool,
}

impl SettingsFile {
    /// What the file says now.
    pub(super) fn read(&self) -> Result<Given, Error> {
        match read(&self.path) {
            Ok(text) => parse(&self.path, &text),
            Err(error) if self.may_be_missing && error.kind() == io::ErrorKind::NotFound => Ok(Given::default()),
            Err(error) => {
                let way_out = match error.kind() {
                    io::ErrorKind::NotFound => "is the path right?",
                    io::ErrorKind::PermissionDenied => "may this user read it?",
                    io::ErrorKind::InvalidData => "it has to be UTF-8 text of at most 1 MiB",
                    _ => "is it a file?",
                };
                let message = format!("the settings file {} can't be read; {way_out}", self.path.display());
                Err(Error::config(message).with_source(error))
            }
        }
    }
}

/// What a file looked like, to know it again. It holds nothing that stands in it.
#[cfg(feature = "watch")]
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Sight(Result<u64, io::ErrorKind>);

#[cfg(feature = "watch")]
impl SettingsFile {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What the file looks like now, to those who hash alike.
    pub(crate) fn sight(&self, hasher: &impl std::hash::BuildHasher) -> Sight {
        Sight(read(&self.path).map(|text| hasher.hash_one(text)).map_err(|error| error.kind()))
    }
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    // A byte more, to tell a file that is too large from one that just fits.
    File::open(path)?.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_BYTES { Err(io::ErrorKind::InvalidData.into()) } else { Ok(text) }
}

/// What the text of a file says.
fn parse(path: &Path, text: &str) -> Result<Given, Error> {
    // Some editors begin every file with this mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let read = if is_json { json::table(text) } else { toml::table(text) };
    let mut given = Given::default();
    read.and_then(|table: Table| keys::take(&table, &mut given)).map_err(|mistake| {
        let Mistake { line, what } = mistake;
        Error::config(format!("the settings file {}, line {line}: {what}", path.display()))
    })?;
    Ok(given)
}

/// What is wrong with a file, and where. It holds no value.
#[derive(Debug)]
struct Mistake {
    line: usize,
    what: String,
}

impl Mistake {
    fn new(line: usize, what: impl Into<String>) -> Self {
        Self { line, what: what.into() }
    }
}

/// The number of the line that holds the byte at `offset`.
fn line_of(text: &str, offset: usize) -> usize {
    1 + text.get(..offset).unwrap_or(text).matches('\n').count()
}
