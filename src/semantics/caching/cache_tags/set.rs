use std::{slice, sync::Arc};

use super::{CacheTag, InvalidCacheTag, tag};
use crate::semantics::field::OrderedSet;

/// Cache tags, each once, in the order in which they were added. Together they take at
/// most 16,384 bytes in a field, which is as much as Fastly and Cloudflare read.
///
/// As an extension of a response it says the tags that only the handler knows;
/// [`CacheTagsLayer`](crate::CacheTagsLayer) adds them to its own.
///
/// Without tags it costs no allocation, with up to 16 short ones two. A clone costs none.
///
/// A response says which tags it has; a write says which of them it made
/// stale, and a cache forgets all that have one of those. Four fields carry
/// tags, each for other caches: see [`TagField`](super::TagField).
///
/// ```
/// # fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use http::HeaderMap;
/// use tower_conditional::cache_tags::{CacheTags, TagField};
///
/// let tags = CacheTags::of(["notes", "note-17"])?;
/// let mut headers = HeaderMap::new();
/// TagField::CacheGroups.write(&tags, &mut headers);
/// TagField::SurrogateKey.write(&tags, &mut headers);
/// assert_eq!(headers["cache-groups"], r#""notes", "note-17""#);
/// assert_eq!(headers["surrogate-key"], "notes note-17");
/// # Ok(())
/// # }
/// # run().unwrap();
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CacheTags {
    /// None without tags. Shared: a source clones its tags for each request.
    set: Option<Arc<TagSet>>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct TagSet {
    tags: OrderedSet<CacheTag>,
    bytes: usize,
}

impl CacheTags {
    /// The most bytes of one set, as `Cache-Groups` spells it: with two quotes, a comma and a
    /// space for each tag.
    pub const MAX_BYTES: usize = tag::MAX_BYTES;

    /// No tags.
    #[must_use]
    pub const fn new() -> Self {
        Self { set: None }
    }

    /// The tags of these names. A name that is there twice counts once.
    ///
    /// # Errors
    ///
    /// Refuses what is no [`CacheTag`], and more than [`MAX_BYTES`](Self::MAX_BYTES).
    pub fn of<N: AsRef<str>>(names: impl IntoIterator<Item = N>) -> Result<Self, InvalidCacheTag> {
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
    /// Refuses a tag beyond [`MAX_BYTES`](Self::MAX_BYTES). The set stays as it is.
    pub fn insert(&mut self, tag: CacheTag) -> Result<bool, InvalidCacheTag> {
        if self.contains(&tag) {
            return Ok(false);
        }
        let bytes = self.bytes() + tag.as_str().len() + 4;
        if bytes > Self::MAX_BYTES {
            return Err(InvalidCacheTag::TooMany);
        }
        let set = Arc::make_mut(self.set.get_or_insert_default());
        set.bytes = bytes;
        Ok(set.tags.insert(tag))
    }

    /// These tags, then those of `other` that are not among them.
    ///
    /// # Errors
    ///
    /// Refuses more than [`MAX_BYTES`](Self::MAX_BYTES).
    pub fn union(mut self, other: &Self) -> Result<Self, InvalidCacheTag> {
        for tag in other {
            self.insert(tag.clone())?;
        }
        Ok(self)
    }

    /// Whether `tag` is among them.
    #[must_use]
    pub fn contains(&self, tag: &CacheTag) -> bool {
        let set = self.set.as_ref();
        set.is_some_and(|set| set.tags.contains(tag))
    }

    /// The tags, in the order in which they were added.
    pub fn iter(&self) -> slice::Iter<'_, CacheTag> {
        self.as_slice().iter()
    }

    /// How many tags there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// How many bytes they take where most are taken.
    pub(crate) fn bytes(&self) -> usize {
        self.set.as_ref().map_or(0, |set| set.bytes)
    }

    /// Whether there is no tag.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.set.is_none()
    }

    fn as_slice(&self) -> &[CacheTag] {
        let set = self.set.as_ref();
        set.map_or(&[], |set| set.tags.as_slice())
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
        let bytes = tag.as_str().len() + 4;
        let tags = OrderedSet::from_iter([tag]);
        Self {
            set: Some(Arc::new(TagSet { tags, bytes })),
        }
    }
}
