use std::{
    fs,
    io::{self, ErrorKind::NotFound},
    path::{Path, PathBuf},
};

use rusqlite::Connection;

use crate::{Error, ErrorKind};

/// The file of a connection, as its path named it after the connection was opened.
///
/// SQLite notices a file that has moved only without WAL. Another process would open another
/// file under the path, and both would go on.
#[derive(Debug)]
pub(super) struct DatabaseFile {
    /// `None` for a database in memory.
    opened: Option<(PathBuf, FileIdentity)>,
}

impl DatabaseFile {
    pub(super) fn of(connection: &Connection) -> Self {
        let path = connection.path().filter(|path| !path.is_empty());
        let opened = path.map(PathBuf::from).and_then(|path| {
            let identity = identity(&path).ok()?;
            Some((path, identity))
        });
        Self { opened }
    }

    /// Returns [`ErrorKind::FileMoved`] if the path names no file, or another one.
    pub(super) fn check(&self) -> Result<(), Error> {
        let Some((path, opened)) = &self.opened else {
            return Ok(());
        };
        let moved = match identity(path) {
            Ok(found) => found != *opened,
            // A process that gave up its rights may keep the file that it has open.
            Err(error) => error.kind() == NotFound,
        };
        if moved {
            let reason = path.display().to_string();
            return Err(Error::with_reason(ErrorKind::FileMoved, reason));
        }
        Ok(())
    }
}

/// The device and the inode. Other systems than Unix let nobody replace an open file.
type FileIdentity = (u64, u64);

fn identity(path: &Path) -> io::Result<FileIdentity> {
    let metadata = fs::metadata(path);
    #[cfg(unix)]
    let metadata = metadata.map(|metadata| {
        use std::os::unix::fs::MetadataExt;
        (metadata.dev(), metadata.ino())
    });
    #[cfg(not(unix))]
    let metadata = metadata.map(|_| (0, 0));
    metadata
}
