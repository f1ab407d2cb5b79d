use http::{HeaderMap, HeaderName, HeaderValue};
use sfv::{BareItem, Item, List, ListEntry, Parser};

use super::CacheTag;
use crate::semantics::{fields, list::trim_ows};

/// The field in which caches of RFC 9875 read what a write made stale.
pub(super) const CACHE_GROUP_INVALIDATION: HeaderName =
    HeaderName::from_static("cache-group-invalidation");

/// A field that tells caches the tags of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TagField {
    /// `Surrogate-Key: a b`, as Fastly reads it. Fastly takes it away before
    /// the response leaves.
    SurrogateKey,
    /// `Cache-Tag: a, b`, as Cloudflare and Akamai read it.
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

    /// Adds those tags to the field that are not in it yet.
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
        for there in fields::lines(headers, name) {
            self.push(&mut line, trim_ows(there.as_bytes()));
        }
        // What is no tag of ours cannot be one of the new ones either.
        let mut known = match self {
            Self::Spaces => of_ours(line.split(u8::is_ascii_whitespace)),
            Self::Commas => of_ours(line.split(|byte| *byte == b',').map(trim_ows)),
            Self::Strings => strings(&line).unwrap_or_else(|| {
                line.clear();
                Vec::new()
            }),
        };
        let before = known.len();
        for tag in tags {
            if !known.contains(tag) {
                known.push(*tag);
            }
        }
        let new = &known[before..];
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

fn of_ours<'a>(members: impl Iterator<Item = &'a [u8]>) -> Vec<CacheTag> {
    members
        .filter_map(|member| CacheTag::new(std::str::from_utf8(member).ok()?).ok())
        .collect()
}

/// The tags in a list of strings, whose parameters mean nothing (RFC 9875,
/// section 2), if it is one.
fn strings(line: &[u8]) -> Option<Vec<CacheTag>> {
    let list: List = Parser::new(line).parse().ok()?;
    let mut tags = Vec::new();
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
