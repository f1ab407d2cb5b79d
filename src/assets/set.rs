use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    path::Path,
    sync::Arc,
};

use bytes::Bytes;
use http::HeaderValue;
use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};

use super::{directory, error::AssetsError, media_type, name, response::Asset};

/// The default of [`Assets::max_total_bytes`].
const DEFAULT_MAX_BYTES: usize = 64 * 1024 * 1024;

/// A set of files under names that hold their hash, and the service that serves them.
///
/// Clones share the contents. See the [module docs](crate::assets) for examples.
#[derive(Clone)]
pub struct Assets(Arc<AssetSet>);

#[derive(Clone)]
struct AssetSet {
    /// Empty, or a path without a leading slash and with a trailing one.
    prefix: String,
    max_total_bytes: usize,
    size: usize,
    media_types: HashMap<String, HeaderValue>,
    by_name: BTreeMap<String, Arc<Asset>>,
    /// The entries by decoded path, each with and without the prefix.
    by_path: HashMap<String, AssetEntry>,
}

/// The asset at a path.
#[derive(Debug, Clone)]
pub(super) enum AssetEntry {
    /// The path has the current hash.
    Current(Arc<Asset>),
    /// The path has no hash.
    Plain(Arc<Asset>),
}

impl Assets {
    /// Creates an empty set with URLs that start with `prefix`, such as `/assets`, or `/` for none.
    ///
    /// A slash at the end makes no difference.
    ///
    /// # Errors
    ///
    /// Returns an error for a prefix without a leading slash, or with an empty segment, `.` or
    /// `..`.
    pub fn new(prefix: &str) -> Result<Self, AssetsError> {
        let error = || AssetsError::Prefix(prefix.to_owned());
        let mut path = prefix.strip_prefix('/').ok_or_else(error)?.to_owned();
        if !path.is_empty() {
            if !path.ends_with('/') {
                path.push('/');
            }
            if !name::is_path(&path[..path.len() - 1]) {
                return Err(error());
            }
        }
        Ok(Self(Arc::new(AssetSet {
            prefix: path,
            max_total_bytes: DEFAULT_MAX_BYTES,
            size: 0,
            media_types: HashMap::new(),
            by_name: BTreeMap::new(),
            by_path: HashMap::new(),
        })))
    }

    /// Sets how many bytes all contents may have together. Defaults to 64 MiB.
    ///
    /// # Errors
    ///
    /// Returns an error if the files that were added before have more.
    pub fn max_total_bytes(mut self, bytes: usize) -> Result<Self, AssetsError> {
        let set = Arc::make_mut(&mut self.0);
        if set.size > bytes {
            return Err(AssetsError::Limit(bytes));
        }
        set.max_total_bytes = bytes;
        Ok(self)
    }

    /// Sets the `Content-Type` of files with this extension. Defaults to a type for the extension.
    ///
    /// The extension is given without a dot, in any case. The type applies to files that are
    /// added later.
    #[must_use]
    pub fn media_type(mut self, extension: &str, value: HeaderValue) -> Self {
        let set = Arc::make_mut(&mut self.0);
        set.media_types
            .insert(extension.to_ascii_lowercase(), value);
        self
    }

    /// Adds one file. Its name may contain slashes.
    ///
    /// # Errors
    ///
    /// Returns an error for a name that is taken, that starts or ends with a slash, or that has an
    /// empty segment, `.` or `..`. Content beyond the limit is an error too.
    pub fn file(
        mut self,
        name: impl Into<String>,
        content: impl Into<Bytes>,
    ) -> Result<Self, AssetsError> {
        Arc::make_mut(&mut self.0).add(name.into(), content.into())?;
        Ok(self)
    }

    /// Adds all files below a directory, under their relative paths.
    ///
    /// Files and directories whose name starts with a dot are left out. A link to a file below
    /// that directory is followed. The function blocks while it reads.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`file`](Self::file). Links to directories or to the outside, names
    /// that are not UTF-8, special files, and unreadable files are errors too.
    pub fn directory(mut self, path: impl AsRef<Path>) -> Result<Self, AssetsError> {
        let set = Arc::make_mut(&mut self.0);
        for file in directory::files(path.as_ref())? {
            let Some(content) = file.read(set.max_total_bytes - set.size)? else {
                return Err(AssetsError::TooLarge(
                    file.path().into(),
                    set.max_total_bytes,
                ));
            };
            set.add(file.name, content)?;
        }
        Ok(self)
    }

    /// Returns the current URL of a file, percent-encoded and with the prefix.
    #[must_use]
    pub fn url(&self, name: &str) -> Option<&str> {
        self.0.by_name.get(name).map(|asset| asset.url())
    }

    /// Returns the names of all files with their current URLs, in the order of names.
    pub fn urls(&self) -> impl Iterator<Item = (&str, &str)> {
        let assets = self.0.by_name.iter();
        assets.map(|(name, asset)| (name.as_str(), asset.url()))
    }

    /// Returns the entry at the path of a request.
    pub(super) fn find(&self, path: &str) -> Option<&AssetEntry> {
        let path = path.strip_prefix('/')?;
        let path = percent_decode_str(path).decode_utf8().ok()?;
        self.0.by_path.get(path.as_ref())
    }
}

impl AssetSet {
    fn add(&mut self, name: String, content: Bytes) -> Result<(), AssetsError> {
        if !name::is_path(&name) {
            return Err(AssetsError::Name(name));
        }
        let size = self.size.saturating_add(content.len());
        if size > self.max_total_bytes {
            return Err(AssetsError::TooLarge(name.into(), self.max_total_bytes));
        }
        let digest = Sha256::digest(&content);
        let versioned = name::versioned(&name, &digest);
        let url = name::escape(&format!("/{}{versioned}", self.prefix));
        let asset = Arc::new(Asset::new(url, &digest, content, self.media_type(&name)));

        for (path, entry) in [
            (&versioned, AssetEntry::Current(Arc::clone(&asset))),
            (&name, AssetEntry::Plain(Arc::clone(&asset))),
        ] {
            // A router may have removed the prefix, so each path is found with and without it.
            for path in [path.clone(), format!("{}{path}", self.prefix)] {
                let other = self.by_path.insert(path, entry.clone());
                if other.is_some_and(|other| !other.is_of(&asset)) {
                    return Err(AssetsError::Taken(name.clone()));
                }
            }
        }
        self.by_name.insert(name, asset);
        self.size = size;
        Ok(())
    }

    fn media_type(&self, name: &str) -> HeaderValue {
        let extension = name::extension(name).unwrap_or_default();
        let extension = extension.to_ascii_lowercase();
        let known = self.media_types.get(&extension).cloned();
        known.unwrap_or_else(|| media_type::of(&extension))
    }
}

impl AssetEntry {
    fn is_of(&self, asset: &Arc<Asset>) -> bool {
        let (Self::Current(own) | Self::Plain(own)) = self;
        Arc::ptr_eq(own, asset)
    }
}

impl fmt::Debug for Assets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.urls()).finish()
    }
}
