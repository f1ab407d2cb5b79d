use std::{slice, sync::Arc};

use super::{CacheTag, InvalidCacheTag, tag};
use crate::semantics::field::OrderedSet;

/// A set of cache tags, in the order in which they were added.
///
/// A response to a read carries the tags that it depends on. A write names the tags that it
/// changed, and caches then remove all responses with one of them. Four headers carry tags, for
/// different caches: see [`TagField`](super::TagField).
///
/// A handler can insert a set as a response extension. [`CacheTagsLayer`](crate::CacheTagsLayer)
/// adds it to its own tags.
///
/// All tags together have at most 16,384 bytes in a header, the limit of Fastly and Cloudflare.
/// An empty set needs no allocation, and one of up to 16 short tags needs two. A clone needs
/// none.
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
    /// `None` if there are no tags. The set is shared, since a source clones it for each request.
    set: Option<Arc<TagSet>>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct TagSet {
    tags: OrderedSet<CacheTag>,
    bytes: usize,
}

impl CacheTags {
    /// The greatest length of a set in bytes, with two quotes, a comma and a space for each tag.
    pub const MAX_BYTES: usize = tag::MAX_BYTES;

    /// Creates a set without tags.
    #[must_use]
    pub const fn new() -> Self {
        Self { set: None }
    }

    /// Creates a set of tags with these names. Duplicates are ignored.
    ///
    /// # Errors
    ///
    /// Returns an error if a name is not a valid [`CacheTag`], or if all together have more than
    /// [`MAX_BYTES`](Self::MAX_BYTES).
    pub fn of<N: AsRef<str>>(names: impl IntoIterator<Item = N>) -> Result<Self, InvalidCacheTag> {
        let mut tags = Self::new();
        for name in names {
            tags.insert(CacheTag::new(name)?)?;
        }
        Ok(tags)
    }

    /// Adds a tag. Returns `true` if it is new.
    ///
    /// # Errors
    ///
    /// Returns an error if the set would have more than [`MAX_BYTES`](Self::MAX_BYTES). The set
    /// then stays unchanged.
    pub fn insert(&mut self, tag: CacheTag) -> Result<bool, InvalidCacheTag> {
        if self.contains(&tag) {
            return Ok(false);
        }
        let bytes = self.bytes() + tag.as_str().len() + 4;
        if bytes > Self::MAX_BYTES {
            return Err(InvalidCacheTag::TooMany(tag));
        }
        // Clones share the set, so it is copied before the first change.
        let set = Arc::make_mut(self.set.get_or_insert_default());
        set.bytes = bytes;
        Ok(set.tags.insert(tag))
    }

    /// Adds the tags of `other` that are missing, after these.
    ///
    /// # Errors
    ///
    /// Returns an error if the result would have more than [`MAX_BYTES`](Self::MAX_BYTES).
    pub fn union(mut self, other: &Self) -> Result<Self, InvalidCacheTag> {
        for tag in other {
            self.insert(tag.clone())?;
        }
        Ok(self)
    }

    /// Returns `true` if the set contains `tag`.
    #[must_use]
    pub fn contains(&self, tag: &CacheTag) -> bool {
        let set = self.set.as_ref();
        set.is_some_and(|set| set.tags.contains(tag))
    }

    /// Returns the tags in the order in which they were added.
    pub fn iter(&self) -> slice::Iter<'_, CacheTag> {
        self.as_slice().iter()
    }

    /// Returns the number of tags.
    #[must_use]
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Returns the length of the set in the header with the most bytes per tag.
    pub(crate) fn bytes(&self) -> usize {
        self.set.as_ref().map_or(0, |set| set.bytes)
    }

    /// Returns `true` if there is no tag.
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
