use std::{error::Error, fmt, io, path::PathBuf};

/// An error returned by [`Assets`](super::Assets) for a setting or a file that cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum AssetsError {
    /// A prefix that is no absolute path, or has an empty segment, `.` or `..`.
    Prefix(String),
    /// A name that is no relative path, or has an empty segment, `.` or `..`.
    Name(String),
    /// A name whose URL, with or without the prefix, belongs to another asset.
    Taken(String),
    /// A file, by name or path, with which the contents exceed this limit in bytes.
    TooLarge(PathBuf, usize),
    /// A limit in bytes that the contents exceed already.
    Limit(usize),
    /// A path on disk that is not UTF-8, and so has no URL.
    NotUtf8(PathBuf),
    /// A link to a directory, or to a file outside of the directory that was added.
    Link(PathBuf),
    /// A special file, such as a socket.
    NotAFile(PathBuf),
    /// A file or directory that cannot be read.
    Read(PathBuf, io::Error),
}

impl fmt::Display for AssetsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prefix(prefix) => write!(
                f,
                "invalid prefix {prefix:?}: it must start with \"/\" and have no segment that is \
                 empty, \".\" or \"..\""
            ),
            Self::Name(name) => write!(
                f,
                "invalid name {name:?} of an asset: it must not start with \"/\" or have a segment \
                 that is empty, \".\" or \"..\""
            ),
            Self::Taken(name) => write!(
                f,
                "invalid name {name:?} of an asset: its URL belongs to another asset"
            ),
            Self::TooLarge(path, limit) => write!(
                f,
                "file {path:?} is too large: with it the assets have more than {limit} bytes"
            ),
            Self::Limit(limit) => write!(
                f,
                "invalid limit \"{limit}\": the assets have more bytes already"
            ),
            Self::NotUtf8(path) => write!(f, "invalid file name {path:?}: it is not UTF-8"),
            Self::Link(path) => write!(
                f,
                "invalid link {path:?}: it must lead to a file below the directory that is added"
            ),
            Self::NotAFile(path) => write!(
                f,
                "invalid file {path:?}: it is neither a regular file nor a directory"
            ),
            Self::Read(path, _) => write!(f, "cannot read {path:?}"),
        }
    }
}

impl Error for AssetsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Read(_, error) => Some(error),
            _ => None,
        }
    }
}
