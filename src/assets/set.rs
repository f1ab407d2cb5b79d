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

use super::{answer::Asset, directory, error::AssetsError, media_type, name};

/// The most bytes in all files together, unless [`Assets::limit`] says
/// otherwise.
const LIMIT: u64 = 64 * 1024 * 1024;

/// Files under names that hold their hash, and the service that serves them.
///
/// A clone shares the contents. See the [module docs](crate::assets) for
/// examples.
#[derive(Clone)]
pub struct Assets(Arc<Set>);

#[derive(Clone)]
struct Set {
    /// Empty, or a path that ends with a slash and starts without.
    prefix: String,
    limit: u64,
    size: u64,
    media_types: HashMap<String, HeaderValue>,
    by_name: BTreeMap<String, Arc<Asset>>,
    /// Each path, decoded, with and without the prefix.
    by_path: HashMap<String, Found>,
}

/// What is at a path.
#[derive(Debug, Clone)]
pub(super) enum Found {
    /// The asset itself.
    Current(Arc<Asset>),
    /// The name of this one without its hash.
    Plain(Arc<Asset>),
}

impl Assets {
    /// Nothing yet, at URLs that start with `prefix`, such as `/assets`, or `/`
    /// for none.
    ///
    /// # Errors
    ///
    /// Refuses a prefix that does not start with a slash, or has an empty
    /// segment, `.` or `..`. A slash at the end makes no difference.
    pub fn new(prefix: &str) -> Result<Self, AssetsError> {
        let refused = || AssetsError::Prefix(prefix.to_owned());
        let mut path = prefix.strip_prefix('/').ok_or_else(refused)?.to_owned();
        if !path.is_empty() {
            if !path.ends_with('/') {
                path.push('/');
            }
            if !name::is_path(&path[..path.len() - 1]) {
                return Err(refused());
            }
        }
        Ok(Self(Arc::new(Set {
            prefix: path,
            limit: LIMIT,
            size: 0,
            media_types: HashMap::new(),
            by_name: BTreeMap::new(),
            by_path: HashMap::new(),
        })))
    }

    /// The most bytes that all contents may have together. 64 MiB by default.
    ///
    /// # Errors
    ///
    /// Refuses a limit below what the files that were added before have.
    pub fn limit(mut self, bytes: u64) -> Result<Self, AssetsError> {
        let set = Arc::make_mut(&mut self.0);
        if set.size > bytes {
            return Err(AssetsError::Limit(bytes));
        }
        set.limit = bytes;
        Ok(self)
    }

    /// The `Content-Type` of files with this extension, which is given without
    /// a dot and in whatever case, for those that are added from now on.
    #[must_use]
    pub fn media_type(mut self, extension: &str, value: HeaderValue) -> Self {
        let set = Arc::make_mut(&mut self.0);
        set.media_types
            .insert(extension.to_ascii_lowercase(), value);
        self
    }

    /// Adds one file. Slashes in its name make folders.
    ///
    /// # Errors
    ///
    /// Refuses a name that is taken, starts or ends with a slash, or has an
    /// empty segment, `.` or `..`; and more bytes than the limit.
    pub fn file(
        mut self,
        name: impl Into<String>,
        content: impl Into<Bytes>,
    ) -> Result<Self, AssetsError> {
        Arc::make_mut(&mut self.0).add(name.into(), content.into())?;
        Ok(self)
    }

    /// Adds all files below a folder, by their path from there.
    ///
    /// Files and folders whose name starts with a dot are left out. A link to
    /// a file in the same folder is followed. This blocks while it reads.
    ///
    /// # Errors
    ///
    /// Refuses what [`file`](Self::file) refuses, links to folders or to the
    /// outside, names that are not UTF-8, what is no file, and what cannot be
    /// read.
    pub fn directory(mut self, path: impl AsRef<Path>) -> Result<Self, AssetsError> {
        let set = Arc::make_mut(&mut self.0);
        for found in directory::files(path.as_ref())? {
            let Some(content) = found.read(set.limit - set.size)? else {
                return Err(AssetsError::TooLarge(found.path().into(), set.limit));
            };
            set.add(found.name, content)?;
        }
        Ok(self)
    }

    /// The current URL of a file, escaped, from the prefix on.
    #[must_use]
    pub fn url(&self, name: &str) -> Option<&str> {
        self.0.by_name.get(name).map(|asset| asset.url())
    }

    /// The names of all files and their current URLs, in the order of names.
    pub fn urls(&self) -> impl Iterator<Item = (&str, &str)> {
        let assets = self.0.by_name.iter();
        assets.map(|(name, asset)| (name.as_str(), asset.url()))
    }

    /// What is at the path of a request.
    pub(super) fn find(&self, path: &str) -> Option<&Found> {
        let path = path.strip_prefix('/')?;
        let path = percent_decode_str(path).decode_utf8().ok()?;
        self.0.by_path.get(path.as_ref())
    }
}

impl Set {
    fn add(&mut self, name: String, content: Bytes) -> Result<(), AssetsError> {
        if !name::is_path(&name) {
            return Err(AssetsError::Name(name));
        }
        let size = self.size.saturating_add(content.len() as u64);
        if size > self.limit {
            return Err(AssetsError::TooLarge(name.into(), self.limit));
        }
        let digest = Sha256::digest(&content);
        let versioned = name::versioned(&name, &digest);
        let url = name::escape(&format!("/{}{versioned}", self.prefix));
        let asset = Arc::new(Asset::new(url, &digest, content, self.media_type(&name)));

        for (path, found) in [
            (&versioned, Found::Current(Arc::clone(&asset))),
            (&name, Found::Plain(Arc::clone(&asset))),
        ] {
            for path in [path.clone(), format!("{}{path}", self.prefix)] {
                let other = self.by_path.insert(path, found.clone());
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

impl Found {
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
