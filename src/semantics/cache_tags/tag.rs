use std::{error::Error, fmt, str::FromStr};

/// The longest tag (RFC 9875, section 2: caches have room for 32 characters).
const LONGEST: usize = 32;

/// A name by which responses are invalidated together: 1 to 32 visible ASCII
/// characters without `,`, `"`, `\` and `*`, compared byte by byte.
///
/// So every field carries it as it is, and every cache of RFC 9875 has room
/// for it (section 2). It is stored in place: to copy one costs no allocation.
///
/// ```
/// use tower_conditional::semantics::cache_tags::CacheTag;
///
/// let tag: CacheTag = "note-17".parse()?;
/// assert_eq!(tag.as_str(), "note-17");
/// assert!(CacheTag::new("note 17").is_err());
/// # Ok::<_, tower_conditional::semantics::cache_tags::InvalidCacheTag>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CacheTag {
    /// Zeros fill up what the name leaves.
    bytes: [u8; LONGEST],
}

impl CacheTag {
    /// The tag of this name.
    ///
    /// # Errors
    ///
    /// Refuses an empty name, one of more than 32 characters, and any
    /// character that is not visible ASCII or is one of `,`, `"`, `\`, `*`.
    pub fn new(name: impl AsRef<str>) -> Result<Self, InvalidCacheTag> {
        let name = name.as_ref().as_bytes();
        let mut bytes = [0; LONGEST];
        match bytes.get_mut(..name.len()) {
            Some(room) if !name.is_empty() && name.iter().all(is_legal) => {
                room.copy_from_slice(name);
                Ok(Self { bytes })
            }
            _ => Err(InvalidCacheTag(())),
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let length = self.bytes.iter().take_while(|byte| **byte != 0).count();
        std::str::from_utf8(&self.bytes[..length]).expect("a tag is ASCII")
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

/// A name that is no [`CacheTag`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidCacheTag(());

impl fmt::Display for InvalidCacheTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a cache tag has 1 to 32 visible ASCII characters, none of them `,`, `\"`, `\\` or `*`",
        )
    }
}

impl Error for InvalidCacheTag {}
