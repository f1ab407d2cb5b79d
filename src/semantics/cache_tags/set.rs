use std::{error::Error, fmt, slice};

use super::{CacheTag, InvalidCacheTag};

/// At most 32 tags, each once, in the order in which they were added: what
/// caches of RFC 9875 have room for (section 2).
///
/// As an extension of a response it says the tags that only the handler knows;
/// [`CacheTagsLayer`](crate::CacheTagsLayer) adds them to its own.
///
/// Without tags it costs no allocation, with tags one, and so does a clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CacheTags {
    tags: Vec<CacheTag>,
}

impl CacheTags {
    /// The most tags of one set.
    pub const MOST: usize = 32;

    /// No tags.
    #[must_use]
    pub const fn new() -> Self {
        Self { tags: Vec::new() }
    }

    /// The tags of these names. A name that is there twice counts once.
    ///
    /// # Errors
    ///
    /// Refuses what is no [`CacheTag`], and more than 32 of them.
    pub fn of<N: AsRef<str>>(names: impl IntoIterator<Item = N>) -> Result<Self, InvalidCacheTags> {
        let mut tags = Self::new();
        for name in names {
            tags.insert(CacheTag::new(name)?)?;
        }
        Ok(tags)
    }

    /// Adds a tag, and says whether it is new.
    ///
    /// # Errors
    ///
    /// Refuses a 33rd tag. The set stays as it is.
    pub fn insert(&mut self, tag: CacheTag) -> Result<bool, TooManyTags> {
        if self.contains(&tag) {
            return Ok(false);
        }
        if self.len() == Self::MOST {
            return Err(TooManyTags(()));
        }
        self.tags.push(tag);
        Ok(true)
    }

    /// These tags, then those of `other` that are not among them.
    ///
    /// # Errors
    ///
    /// Refuses more than 32 tags.
    pub fn union(mut self, other: &Self) -> Result<Self, TooManyTags> {
        for tag in other {
            self.insert(*tag)?;
        }
        Ok(self)
    }

    /// Whether `tag` is among them.
    #[must_use]
    pub fn contains(&self, tag: &CacheTag) -> bool {
        self.tags.contains(tag)
    }

    /// The tags, in the order in which they were added.
    pub fn iter(&self) -> slice::Iter<'_, CacheTag> {
        self.tags.iter()
    }

    /// How many tags there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tags.len()
    }

    /// Whether there is no tag.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tags.is_empty()
    }
}

impl<'a> IntoIterator for &'a CacheTags {
    type Item = &'a CacheTag;
    type IntoIter = slice::Iter<'a, CacheTag>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl From<CacheTag> for CacheTags {
    fn from(tag: CacheTag) -> Self {
        Self { tags: vec![tag] }
    }
}

/// More than 32 tags in one set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyTags(());

impl fmt::Display for TooManyTags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a response has at most {} cache tags", CacheTags::MOST)
    }
}

impl Error for TooManyTags {}

/// Names that are no [`CacheTags`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidCacheTags {
    /// One of them is no [`CacheTag`].
    Invalid(InvalidCacheTag),
    /// They are more than 32.
    TooMany(TooManyTags),
}

impl From<InvalidCacheTag> for InvalidCacheTags {
    fn from(error: InvalidCacheTag) -> Self {
        Self::Invalid(error)
    }
}

impl From<TooManyTags> for InvalidCacheTags {
    fn from(error: TooManyTags) -> Self {
        Self::TooMany(error)
    }
}

impl fmt::Display for InvalidCacheTags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(error) => error.fmt(f),
            Self::TooMany(error) => error.fmt(f),
        }
    }
}

impl Error for InvalidCacheTags {}
