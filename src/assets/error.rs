use std::{error::Error, fmt, io, path::PathBuf};

/// Why something cannot be an asset.
#[derive(Debug)]
#[non_exhaustive]
pub enum AssetsError {
    /// A prefix that is no absolute path, or has an empty segment, `.` or `..`.
    Prefix(String),
    /// A name that is no relative path, or has an empty segment, `.` or `..`.
    Name(String),
    /// A name whose URL, with or without the prefix, is that of another asset.
    Taken(String),
    /// A file, by name or path, with which the contents are larger than this
    /// many bytes.
    TooLarge(PathBuf, u64),
    /// A limit, in bytes, below what was added before.
    Limit(u64),
    /// A path on disk that is not UTF-8, which no URL could say.
    NotUtf8(PathBuf),
    /// A link to a folder, or to what is outside of the folder that was added.
    Link(PathBuf),
    /// Neither a file nor a folder, such as a socket.
    NotAFile(PathBuf),
    /// What could not be read.
    Read(PathBuf, io::Error),
}

impl fmt::Display for AssetsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prefix(prefix) => write!(
                f,
                "{prefix:?} is no prefix: it starts with a slash and has no empty segment, . or .."
            ),
            Self::Name(name) => write!(
                f,
                "{name:?} is no name: it starts with no slash and has no empty segment, . or .."
            ),
            Self::Taken(name) => write!(f, "the URL of {name:?} is that of another asset"),
            Self::TooLarge(path, limit) => write!(
                f,
                "with {} the assets have more than {limit} bytes",
                path.display()
            ),
            Self::Limit(limit) => write!(f, "the assets have more than {limit} bytes already"),
            Self::NotUtf8(path) => write!(f, "the name of {} is not UTF-8", path.display()),
            Self::Link(path) => write!(
                f,
                "{} is a link to a folder, or leads outside",
                path.display()
            ),
            Self::NotAFile(path) => {
                write!(f, "{} is neither a file nor a folder", path.display())
            }
            Self::Read(path, _) => write!(f, "{} cannot be read", path.display()),
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
