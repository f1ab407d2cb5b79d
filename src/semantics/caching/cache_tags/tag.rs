use std::{
    cmp::Ordering,
    error::Error,
    fmt,
    hash::{Hash, Hasher},
    str::{self, FromStr},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use sha2::{Digest, Sha256};

/// So many bytes of tags one set has room for.
pub(super) const MAX_BYTES: usize = 16_384;

/// So many characters are stored in place.
const SHORT: usize = 32;

/// A name by which responses are invalidated together: 1 to 1,024 visible ASCII
/// characters without `,`, `"`, `\` and `*`, compared byte by byte.
///
/// So every field carries it as it is, but for `Cache-Groups`, where a name of more than
/// 32 characters is spelled by its digest: see [`TagField`](super::TagField). A short
/// name is stored in place, and a copy of it costs no allocation; copies of a longer one
/// share it.
///
/// ```
/// use tower_conditional::cache_tags::CacheTag;
///
/// let tag: CacheTag = "note-17".parse()?;
/// assert_eq!(tag.as_str(), "note-17");
/// assert!(CacheTag::new("note 17").is_err());
///
/// // Names that clients choose may be anything.
/// assert_eq!(CacheTag::encoded("note-17"), tag);
/// assert_eq!(CacheTag::encoded("note 17").as_str().len(), 32);
/// # Ok::<_, tower_conditional::cache_tags::InvalidCacheTag>(())
/// ```
#[derive(Clone)]
pub struct CacheTag {
    name: Name,
}

#[derive(Clone)]
enum Name {
    /// Zeros fill up what the name leaves.
    Short([u8; SHORT]),
    Long(Bytes),
}

impl CacheTag {
    /// The most characters of a name. Fastly and Cloudflare take no more.
    pub const MAX_LENGTH: usize = 1_024;

    /// Returns the tag of this name.
    ///
    /// # Errors
    ///
    /// Refuses an empty name, one of more than 1,024 characters, and any
    /// character that is not visible ASCII or is one of `,`, `"`, `\`, `*`.
    pub fn new(name: impl AsRef<str>) -> Result<Self, InvalidCacheTag> {
        let name = name.as_ref().as_bytes();
        if name.is_empty() || name.len() > Self::MAX_LENGTH || !name.iter().all(is_legal) {
            return Err(InvalidCacheTag::Name);
        }
        let mut bytes = [0; SHORT];
        let name = match bytes.get_mut(..name.len()) {
            Some(room) => {
                room.copy_from_slice(name);
                Name::Short(bytes)
            }
            None => Name::Long(Bytes::copy_from_slice(name)),
        };
        Ok(Self { name })
    }

    /// Returns the tag of any text: of this name, if it is legal, and otherwise `~` and 31
    /// characters of its SHA-256 in base64url.
    ///
    /// For names that contain what clients wrote, so that none goes without a tag. The same
    /// text always has the same tag.
    #[must_use]
    pub fn encoded(name: impl AsRef<str>) -> Self {
        let name = name.as_ref();
        Self::new(name).unwrap_or_else(|_| Self::digest(name))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let name = match &self.name {
            Name::Short(bytes) => {
                let length = bytes.iter().take_while(|byte| **byte != 0).count();
                &bytes[..length]
            }
            Name::Long(bytes) => bytes,
        };
        str::from_utf8(name).expect("a tag is ASCII")
    }

    /// Returns this tag, or one of 32 characters in its place if it is longer.
    pub(super) fn shortened(&self) -> Self {
        match self.name {
            Name::Short(_) => self.clone(),
            Name::Long(_) => Self::digest(self.as_str()),
        }
    }

    /// 184 bits of the digest, which is as much as fits.
    fn digest(name: &str) -> Self {
        let digest = Sha256::digest(name);
        let mut bytes = [b'~'; SHORT];
        URL_SAFE_NO_PAD
            .encode_slice(&digest[..23], &mut bytes[1..])
            .expect("23 bytes are 31 characters");
        Self {
            name: Name::Short(bytes),
        }
    }
}

impl PartialEq for CacheTag {
    fn eq(&self, other: &Self) -> bool {
        match (&self.name, &other.name) {
            (Name::Short(one), Name::Short(other)) => one == other,
            (Name::Long(one), Name::Long(other)) => one == other,
            _ => false,
        }
    }
}

impl Eq for CacheTag {}

impl PartialOrd for CacheTag {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for CacheTag {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for CacheTag {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

fn is_legal(byte: &u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b',' | b'"' | b'\\' | b'*')
}

impl AsRef<str> for CacheTag {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for CacheTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for CacheTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CacheTag").field(&self.as_str()).finish()
    }
}

impl FromStr for CacheTag {
    type Err = InvalidCacheTag;

    fn from_str(name: &str) -> Result<Self, InvalidCacheTag> {
        Self::new(name)
    }
}

impl TryFrom<&str> for CacheTag {
    type Error = InvalidCacheTag;

    fn try_from(name: &str) -> Result<Self, InvalidCacheTag> {
        Self::new(name)
    }
}

impl TryFrom<String> for CacheTag {
    type Error = InvalidCacheTag;

    fn try_from(name: String) -> Result<Self, InvalidCacheTag> {
        Self::new(name)
    }
}

/// An error returned by [`CacheTag`] and [`CacheTags`](super::CacheTags).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidCacheTag {
    /// The name of a tag is empty, too long, or has a character that no field carries.
    Name,
    /// The set has no room for the tag: it takes at most
    /// [`CacheTags::MAX_BYTES`](super::CacheTags::MAX_BYTES).
    TooMany,
}

impl fmt::Display for InvalidCacheTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => f.write_str(
                "a cache tag has 1 to 1024 visible ASCII characters, none of them `,`, `\"`, `\\` or `*`",
            ),
            Self::TooMany => {
                write!(f, "the cache tags of a response take at most {MAX_BYTES} bytes")
            }
        }
    }
}

impl Error for InvalidCacheTag {}
