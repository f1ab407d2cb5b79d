use http::{HeaderMap, HeaderName, HeaderValue};
use sfv::{BareItem, Item, List, ListEntry, Parser};

use super::{CacheTag, CacheTags};
use crate::semantics::field::{OrderedSet, lines, list::trim_ows};

/// The header of a response to a write that lists the invalidated groups (RFC 9875, section 3).
pub(super) const CACHE_GROUP_INVALIDATION: HeaderName =
    HeaderName::from_static("cache-group-invalidation");

/// The number of groups that every cache must support (RFC 9875, section 2).
const MAX_GROUPS: usize = 32;

/// A header that carries the cache tags of a response.
///
/// | Header | Longest tag | Tags | Bytes |
/// |---|---|---|---|
/// | `Surrogate-Key` | 1,024 characters | any | 16,384 |
/// | `Cache-Tag` at Cloudflare | 1,024 characters | any | 16,384 |
/// | `Cache-Tag` at CloudFront | 256 characters | 50 | |
/// | `xkey` | any | any | a header line of Varnish: 8,192, or `http_resp_hdr_len` |
/// | `Cache-Groups` | 32 characters | 32 | |
///
/// [`CacheTag`] and [`CacheTags`] obey the limits of the first two. In `Cache-Groups` and
/// `Cache-Group-Invalidation`, a longer tag is replaced by its digest: see
/// [`encode`](Self::encode).
///
/// More than 32 groups are all written, since a cache may support more (RFC 9875, section 2).
/// [`CacheTagsLayer`](crate::CacheTagsLayer) reports them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TagField {
    /// `Surrogate-Key: a b`, for Fastly, which removes it before it sends the response.
    SurrogateKey,
    /// `Cache-Tag: a, b`, for Cloudflare and CloudFront.
    CacheTag,
    /// `xkey: a b`, for Varnish with its module xkey.
    Xkey,
    /// `Cache-Groups: "a", "b"`, for any cache, including those of browsers (RFC 9875).
    CacheGroups,
}

impl TagField {
    /// Returns the name of the header.
    #[must_use]
    pub fn name(self) -> HeaderName {
        HeaderName::from_static(match self {
            Self::SurrogateKey => "surrogate-key",
            Self::CacheTag => "cache-tag",
            Self::Xkey => "xkey",
            Self::CacheGroups => "cache-groups",
        })
    }

    /// Returns the tag as it is written in this header.
    ///
    /// In `Cache-Groups`, a tag of more than 32 characters becomes `~` and 31 characters of its
    /// SHA-256 in base64url. All other tags stay unchanged.
    #[must_use]
    pub fn encode(self, tag: &CacheTag) -> CacheTag {
        match self {
            Self::CacheGroups => tag.shorten(),
            Self::SurrogateKey | Self::CacheTag | Self::Xkey => tag.clone(),
        }
    }

    /// Returns `true` if every cache for this header supports all of these tags.
    pub(crate) fn has_room<'a>(self, tags: impl IntoIterator<Item = &'a CacheTag>) -> bool {
        let distinct: OrderedSet<_> = tags.into_iter().collect();
        match self {
            Self::CacheGroups => distinct.len() <= MAX_GROUPS,
            Self::SurrogateKey | Self::CacheTag | Self::Xkey => {
                let bytes = distinct.iter().map(|tag| tag.as_str().len() + 2);
                bytes.sum::<usize>() <= CacheTags::MAX_BYTES
            }
        }
    }

    /// Adds the tags that are missing from the header, each as [`encode`](Self::encode) returns it.
    ///
    /// Existing tags are kept, in one line with the new ones. A `Cache-Groups` that is not a list
    /// of strings is replaced, since caches ignore all of it (RFC 9651, section 4.2). If no tag
    /// is missing, the header stays unchanged.
    pub fn write<'a>(self, tags: impl IntoIterator<Item = &'a CacheTag>, headers: &mut HeaderMap) {
        match self {
            Self::SurrogateKey | Self::Xkey => TagListStyle::Spaces,
            Self::CacheTag => TagListStyle::Commas,
            Self::CacheGroups => TagListStyle::Strings,
        }
        .merge(&self.name(), tags, headers);
    }
}

/// Adds the tags that are missing from `Cache-Group-Invalidation` (RFC 9875, section 3).
///
/// See [`TagField::write`]. The header has no meaning in a response to a safe method.
pub fn write_invalidation<'a>(
    tags: impl IntoIterator<Item = &'a CacheTag>,
    headers: &mut HeaderMap,
) {
    TagListStyle::Strings.merge(&CACHE_GROUP_INVALIDATION, tags, headers);
}

/// The syntax of a list of tags.
#[derive(Clone, Copy)]
enum TagListStyle {
    Spaces,
    Commas,
    Strings,
}

impl TagListStyle {
    fn merge<'a>(
        self,
        name: &HeaderName,
        tags: impl IntoIterator<Item = &'a CacheTag>,
        headers: &mut HeaderMap,
    ) {
        let mut line = Vec::new();
        for existing in lines::lines(headers, name) {
            self.push(&mut line, trim_ows(existing.as_bytes()));
        }
        // Members that are no valid tags stay in the line, but cannot equal a new tag.
        let mut tags_in_line = match self {
            Self::Spaces => valid_tags(line.split(u8::is_ascii_whitespace)),
            Self::Commas => valid_tags(line.split(|byte| *byte == b',').map(trim_ows)),
            Self::Strings => parse_strings(&line).unwrap_or_else(|| {
                line.clear();
                OrderedSet::new()
            }),
        };
        let before = tags_in_line.len();
        for tag in tags {
            tags_in_line.insert(match self {
                Self::Strings => tag.shorten(),
                Self::Spaces | Self::Commas => tag.clone(),
            });
        }
        let new = &tags_in_line.as_slice()[before..];
        if new.is_empty() {
            return;
        }
        // Each tag needs at most a comma, a space and two quotes.
        line.reserve(new.iter().map(|tag| tag.as_str().len() + 4).sum());
        for tag in new {
            self.push_tag(&mut line, tag);
        }
        let line = HeaderValue::try_from(line).expect("header values and tags make one");
        headers.insert(name, line);
    }

    fn push_tag(self, line: &mut Vec<u8>, tag: &CacheTag) {
        match self {
            Self::Spaces | Self::Commas => self.push(line, tag.as_str().as_bytes()),
            Self::Strings => {
                self.push(line, b"\"");
                line.extend_from_slice(tag.as_str().as_bytes());
                line.push(b'"');
            }
        }
    }

    fn push(self, line: &mut Vec<u8>, piece: &[u8]) {
        if !line.is_empty() && !piece.is_empty() {
            line.extend_from_slice(match self {
                Self::Spaces => b" ",
                Self::Commas | Self::Strings => b", ",
            });
        }
        line.extend_from_slice(piece);
    }
}

/// Returns the members that are valid tags.
fn valid_tags<'a>(members: impl Iterator<Item = &'a [u8]>) -> OrderedSet<CacheTag> {
    members
        .filter_map(|member| CacheTag::new(std::str::from_utf8(member).ok()?).ok())
        .collect()
}

/// Parses a list of strings. Returns `None` if it is not one.
///
/// Parameters have no meaning (RFC 9875, section 2).
fn parse_strings(line: &[u8]) -> Option<OrderedSet<CacheTag>> {
    let list: List = Parser::new(line).parse().ok()?;
    let mut tags = OrderedSet::new();
    for member in &list {
        let ListEntry::Item(Item {
            bare_item: BareItem::String(text),
            ..
        }) = member
        else {
            return None;
        };
        tags.extend(CacheTag::new(text.as_str()));
    }
    Some(tags)
}
