use http::{HeaderMap, HeaderName, HeaderValue};
use sfv::{BareItem, Item, List, ListEntry, Parser};

use super::{CacheTag, CacheTags};
use crate::semantics::field::{OrderedSet, lines, list::trim_ows};

/// The field in which caches of RFC 9875 read what a write made stale.
pub(super) const CACHE_GROUP_INVALIDATION: HeaderName =
    HeaderName::from_static("cache-group-invalidation");

/// So many groups every cache has to take (RFC 9875, section 2).
const MOST_GROUPS: usize = 32;

/// A field that tells caches the tags of a response.
///
/// | Field | Longest tag | Tags | Bytes |
/// |---|---|---|---|
/// | `Surrogate-Key` | 1,024 characters | any | 16,384 |
/// | `Cache-Tag` at Cloudflare | 1,024 characters | any | 16,384 |
/// | `Cache-Tag` at CloudFront | 256 characters | 50 | |
/// | `xkey` | any | any | a line of Varnish: 8,192 unless `http_resp_hdr_len` says more |
/// | `Cache-Groups` | 32 characters | 32 | |
///
/// A [`CacheTag`] keeps to the first two, and so do [`CacheTags`]. `Cache-Groups`
/// spells a longer tag by its digest, and so does `Cache-Group-Invalidation`: see
/// [`spelled`](Self::spelled). No spelling helps against too many tags: all are written, since
/// 32 is what every cache has to take, and not the most that one may take (RFC 9875, section
/// 2), and [`CacheTagsLayer`](crate::CacheTagsLayer) reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TagField {
    /// `Surrogate-Key: a b`, as Fastly reads it. Fastly takes it away before
    /// the response leaves.
    SurrogateKey,
    /// `Cache-Tag: a, b`, as Cloudflare and CloudFront read it.
    CacheTag,
    /// `xkey: a b`, as Varnish reads it with its module xkey.
    Xkey,
    /// `Cache-Groups: "a", "b"`, for any cache, a browser's too (RFC 9875).
    CacheGroups,
}

impl TagField {
    /// The name of the field.
    #[must_use]
    pub fn name(self) -> HeaderName {
        HeaderName::from_static(match self {
            Self::SurrogateKey => "surrogate-key",
            Self::CacheTag => "cache-tag",
            Self::Xkey => "xkey",
            Self::CacheGroups => "cache-groups",
        })
    }

    /// Returns the tag as this field has it: as it is, but that `Cache-Groups` has `~` and 31
    /// characters of its SHA-256 in base64url in place of a name of more than 32.
    #[must_use]
    pub fn spelled(self, tag: &CacheTag) -> CacheTag {
        match self {
            Self::CacheGroups => tag.shortened(),
            Self::SurrogateKey | Self::CacheTag | Self::Xkey => tag.clone(),
        }
    }

    /// Returns `true` if caches are sure to read all of these tags.
    pub(crate) fn has_room<'a>(self, tags: impl IntoIterator<Item = &'a CacheTag>) -> bool {
        let distinct: OrderedSet<_> = tags.into_iter().collect();
        match self {
            Self::CacheGroups => distinct.len() <= MOST_GROUPS,
            Self::SurrogateKey | Self::CacheTag | Self::Xkey => {
                let bytes = distinct.iter().map(|tag| tag.as_str().len() + 2);
                bytes.sum::<usize>() <= CacheTags::MAX_BYTES
            }
        }
    }

    /// Adds those tags to the field that are not in it yet, each as it is
    /// [spelled](Self::spelled).
    ///
    /// What is there stays, in one line with the new tags; only a
    /// `Cache-Groups` that is no list of strings is replaced, for caches ignore
    /// all of it (RFC 9651, section 4.2). Without new tags nothing changes.
    pub fn write<'a>(self, tags: impl IntoIterator<Item = &'a CacheTag>, headers: &mut HeaderMap) {
        match self {
            Self::SurrogateKey | Self::Xkey => Style::Spaces,
            Self::CacheTag => Style::Commas,
            Self::CacheGroups => Style::Strings,
        }
        .merge(&self.name(), tags, headers);
    }
}

/// Adds to `Cache-Group-Invalidation` those tags that are not in it yet, as
/// [`TagField::write`] does (RFC 9875, section 3). It means nothing in a
/// response to a safe method.
pub fn write_invalidation<'a>(
    tags: impl IntoIterator<Item = &'a CacheTag>,
    headers: &mut HeaderMap,
) {
    Style::Strings.merge(&CACHE_GROUP_INVALIDATION, tags, headers);
}

/// How a field spells a list of tags.
#[derive(Clone, Copy)]
enum Style {
    Spaces,
    Commas,
    Strings,
}

impl Style {
    fn merge<'a>(
        self,
        name: &HeaderName,
        tags: impl IntoIterator<Item = &'a CacheTag>,
        headers: &mut HeaderMap,
    ) {
        let mut line = Vec::new();
        for there in lines::lines(headers, name) {
            self.push(&mut line, trim_ows(there.as_bytes()));
        }
        // What is no tag of ours cannot be one of the new ones either.
        let mut known = match self {
            Self::Spaces => of_ours(line.split(u8::is_ascii_whitespace)),
            Self::Commas => of_ours(line.split(|byte| *byte == b',').map(trim_ows)),
            Self::Strings => strings(&line).unwrap_or_else(|| {
                line.clear();
                OrderedSet::new()
            }),
        };
        let before = known.len();
        for tag in tags {
            known.insert(match self {
                Self::Strings => tag.shortened(),
                Self::Spaces | Self::Commas => tag.clone(),
            });
        }
        let new = &known.as_slice()[before..];
        if new.is_empty() {
            return;
        }
        // With room for a comma, a space and two quotes each.
        line.reserve(new.iter().map(|tag| tag.as_str().len() + 4).sum());
        for tag in new {
            self.push_tag(&mut line, tag);
        }
        let line = HeaderValue::try_from(line).expect("field values and tags make one");
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

fn of_ours<'a>(members: impl Iterator<Item = &'a [u8]>) -> OrderedSet<CacheTag> {
    members
        .filter_map(|member| CacheTag::new(std::str::from_utf8(member).ok()?).ok())
        .collect()
}

/// The tags in a list of strings, whose parameters mean nothing (RFC 9875,
/// section 2), if it is one.
fn strings(line: &[u8]) -> Option<OrderedSet<CacheTag>> {
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
