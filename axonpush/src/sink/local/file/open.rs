//! An open file, and whether it still is the one of its name.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
    time::SystemTime,
};

use crate::clock;

/// An open file to append to.
pub(super) struct Opened {
    pub(super) file: File,
    pub(super) length: u64,
    pub(super) modified: SystemTime,
    id: Id,
}

impl Opened {
    /// Opens what stands at the path, or makes it. A line that a crash left torn is ended.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut file = match options().open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make_directory(path)?;
                options().open(path)?
            }
            opened => opened?,
        };
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            let what = "the path of a RollingFile is no file; for a pipe or device, use Stdout or a Sink of your own";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        }
        let mut length = metadata.len();
        if length > 0 && last_byte(&mut file)? != Some(b'\n') {
            file.write_all(b"\n")?;
            length += 1;
        }
        let modified = metadata.modified().unwrap_or_else(|_| clock::wall());
        Ok(Self { id: id(&metadata), file, length, modified })
    }
}

/// What stands at a path.
pub(super) struct Stamp {
    pub(super) length: u64,
    id: Id,
}

impl Stamp {
    /// `None`: nothing does, or nobody may know.
    pub(super) fn at(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Self { length: metadata.len(), id: id(&metadata) })
    }

    pub(super) fn is_of(&self, file: &Opened) -> bool {
        self.id == file.id
    }
}

fn last_byte(file: &mut File) -> io::Result<Option<u8>> {
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    let read = file.read(&mut last)?;
    Ok(last.first().copied().filter(|_| read == 1))
}

/// To read as well, as the last byte has to be seen.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
    options
}

fn make_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o750);
    path.parent().map_or(Ok(()), |directory| builder.create(directory))
}

/// Device and number of a file.
#[cfg(unix)]
type Id = (u64, u64);

#[cfg(unix)]
fn id(metadata: &Metadata) -> Id {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// When it was made is the best there is.
#[cfg(not(unix))]
type Id = Option<SystemTime>;

#[cfg(not(unix))]
fn id(metadata: &Metadata) -> Id {
    metadata.created().ok()
}
