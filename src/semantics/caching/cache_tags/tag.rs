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

/// The greatest length of a set of tags in bytes.
pub(super) const MAX_BYTES: usize = 16_384;

/// The length up to which a name is stored inline.
const MAX_INLINE: usize = 32;

/// A name that groups stored responses, so they can be invalidated together.
///
/// It has 1 to 1,024 visible ASCII characters without `,`, `"`, `\` and `*`, and is
/// case-sensitive. Every header can carry such a name. `Cache-Groups` replaces a name of more
/// than 32 characters by its digest: see [`TagField`](super::TagField).
///
/// A name of up to 32 characters is stored inline. Clones of a longer one share it, so no clone
/// needs an allocation.
///
/// ```
/// use tower_conditional::cache_tags::CacheTag;
///
/// let tag: CacheTag = "note-17".parse()?;
/// assert_eq!(tag.as_str(), "note-17");
/// assert!(CacheTag::new("note 17").is_err());
///
/// // Names with text from clients may contain any character.
/// assert_eq!(CacheTag::encoded("note-17"), tag);
/// assert_eq!(CacheTag::encoded("note 17").as_str().len(), 32);
/// # Ok::<_, tower_conditional::cache_tags::InvalidCacheTag>(())
/// ```
#[derive(Clone)]
pub struct CacheTag {
    name: TagName,
}

#[derive(Clone)]
enum TagName {
    /// The name, padded with zeros.
    Inline([u8; MAX_INLINE]),
    Shared(Bytes),
}

impl CacheTag {
    /// The greatest length of a name, the limit of Fastly and Cloudflare.
    pub const MAX_LENGTH: usize = 1_024;

    /// Creates a tag with this name.
    ///
    /// # Errors
    ///
    /// Returns an error if the name is empty or has more than 1,024 characters. All characters
    /// must be visible ASCII, and none of `,`, `"`, `\`, `*`.
    pub fn new(name: impl AsRef<str>) -> Result<Self, InvalidCacheTag> {
        let name = name.as_ref();
        Self::from_valid(name).ok_or_else(|| InvalidCacheTag::Name(name.to_owned()))
    }

    /// Creates a tag, or returns `None` if the name is invalid.
    fn from_valid(name: &str) -> Option<Self> {
        let name = name.as_bytes();
        if name.is_empty() || name.len() > Self::MAX_LENGTH || !name.iter().all(is_legal) {
            return None;
        }
        let mut bytes = [0; MAX_INLINE];
        let name = match bytes.get_mut(..name.len()) {
            Some(room) => {
                room.copy_from_slice(name);
                TagName::Inline(bytes)
            }
            None => TagName::Shared(Bytes::copy_from_slice(name)),
        };
        Some(Self { name })
    }

    /// Creates a tag from any text. The same text always becomes the same tag.
    ///
    /// An invalid name becomes `~` and 31 characters of its SHA-256 in base64url. Use this for
    /// names that contain text from clients. The name of such a tag is valid and stays as it is,
    /// so a text and its encoded name become one tag.
    #[must_use]
    pub fn encoded(name: impl AsRef<str>) -> Self {
        let name = name.as_ref();
        Self::from_valid(name).unwrap_or_else(|| Self::digest(name))
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let name = match &self.name {
            TagName::Inline(bytes) => {
                let length = bytes.iter().take_while(|byte| **byte != 0).count();
                &bytes[..length]
            }
            TagName::Shared(bytes) => bytes,
        };
        str::from_utf8(name).expect("a tag is ASCII")
    }

    /// Returns this tag, or its digest if it has more than 32 characters.
    pub(super) fn shorten(&self) -> Self {
        match self.name {
            TagName::Inline(_) => self.clone(),
            TagName::Shared(_) => Self::digest(self.as_str()),
        }
    }

    /// Returns the tag for a text that is not a valid name: `~` and 184 bits of its SHA-256.
    fn digest(name: &str) -> Self {
        let digest = Sha256::digest(name);
        let mut bytes = [b'~'; MAX_INLINE];
        URL_SAFE_NO_PAD
            .encode_slice(&digest[..23], &mut bytes[1..])
            .expect("23 bytes are 31 characters");
        Self {
            name: TagName::Inline(bytes),
        }
    }
}

impl PartialEq for CacheTag {
    fn eq(&self, other: &Self) -> bool {
        match (&self.name, &other.name) {
            (TagName::Inline(one), TagName::Inline(other)) => one == other,
            (TagName::Shared(one), TagName::Shared(other)) => one == other,
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
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidCacheTag {
    /// This name is empty, too long, or has a character that some header cannot carry.
    Name(String),
    /// The set would have more than [`CacheTags::MAX_BYTES`](super::CacheTags::MAX_BYTES) with
    /// this tag.
    TooMany(CacheTag),
}

impl fmt::Display for InvalidCacheTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(
                f,
                "invalid cache tag {name:?}: use 1 to {} visible ASCII characters, \
                 without `,`, `\"`, `\\` and `*`",
                CacheTag::MAX_LENGTH
            ),
            Self::TooMany(tag) => write!(
                f,
                "no room for the cache tag {:?}: all tags of a response have at most {MAX_BYTES} \
                 bytes",
                tag.as_str()
            ),
        }
    }
}

impl Error for InvalidCacheTag {}
