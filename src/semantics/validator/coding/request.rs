//! From the tags that a client has to those that the service knows.

use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE},
};

use super::{TagCodings, dictionary::Dictionary};
use crate::semantics::{
    field::{accept_encoding, lines, method::may_be_not_modified},
    validator::{TagMember, TagRef, entity_tags},
};

/// What has to be kept of a request until its response is there. For one
/// without conditions and dictionary that is nothing to allocate for.
#[derive(Debug, Clone)]
pub struct Asked {
    pub(super) reads: bool,
    // Boxed both: most requests have neither.
    pub(super) dictionary: Option<Box<Dictionary>>,
    /// The conditions of a read.
    pub(super) conditions: Option<Box<Conditions>>,
}

#[derive(Debug, Clone)]
pub(super) struct Conditions {
    pub(super) accepted: Accepted,
    /// `If-None-Match` as the client sent it.
    pub(super) none_match: Vec<HeaderValue>,
}

/// How readily a request would be given a variant: by its weight, and between
/// equal weights by what compression prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    weight: u16,
    preference: u16,
}

impl Rank {
    pub(super) const LEAST: Self = Self {
        weight: 0,
        preference: 0,
    };
    const MOST: Self = Self {
        weight: u16::MAX,
        preference: u16::MAX,
    };
}

/// The variants that a read takes.
#[derive(Debug, Clone)]
pub(super) struct Accepted {
    /// Of each suffix; `None` where the request does not take its coding.
    coded: Vec<Option<Rank>>,
    identity: Option<Rank>,
    dictionary: Option<Dictionary>,
}

impl Accepted {
    fn of(headers: &HeaderMap, codings: &TagCodings, dictionary: Option<Dictionary>) -> Self {
        let coded = codings.suffixes().iter().map(|suffix| {
            let weight = accept_encoding::weight(headers, suffix.coding());
            let is_taken = weight > 0 && (dictionary.is_some() || !suffix.by_dictionary());
            is_taken.then_some(Rank {
                weight,
                preference: suffix.preference(),
            })
        });
        Self {
            coded: coded.collect(),
            identity: accept_encoding::identity_weight(headers).map(|weight| Rank {
                weight,
                preference: 0,
            }),
            dictionary,
        }
    }

    /// Whether the selected variant may be a coded one.
    pub(super) fn any_coding(&self) -> bool {
        self.coded.iter().any(Option::is_some)
    }

    pub(super) fn identity(&self) -> Option<Rank> {
        self.identity
    }

    /// The tag that the service knows for a coded variant that the request
    /// takes.
    pub(super) fn plain<'t>(
        &self,
        opaque: &'t [u8],
        codings: &TagCodings,
    ) -> Option<(&'t [u8], Rank)> {
        let mut least = Some(Rank::MOST);
        let plain = codings.strip(opaque, |found| {
            let is_same = found.dictionary.is_none() || found.dictionary == self.dictionary;
            least = least.min(self.coded[found.at].filter(|_| is_same));
        })?;
        Some((plain, least?))
    }
}

/// How one field is mapped.
enum Mapping<'a> {
    /// `If-Match` of a read.
    Match(&'a Accepted),
    /// `If-None-Match` of a read.
    NoneMatch(&'a Accepted),
    /// Either field of any other method.
    Write,
}

/// What becomes of one member.
enum Mapped<'t> {
    Same,
    /// Stands for nothing that the request would be given.
    Gone,
    Plain(&'t [u8]),
    /// The plain tag and the tag itself, which may be the handler's own.
    Both(&'t [u8]),
}

impl TagCodings {
    /// Maps the tags in `If-Match` and `If-None-Match` back to those that the
    /// service knows, and keeps what [`encode`](Self::encode) needs.
    pub fn decode(&self, method: &Method, headers: &mut HeaderMap) -> Asked {
        let mut asked = self.unconditional(method, headers);
        if !is_conditional(headers) {
            return asked;
        }
        if !asked.reads {
            self.map(headers, &IF_MATCH, &Mapping::Write);
            self.map(headers, &IF_NONE_MATCH, &Mapping::Write);
            return asked;
        }
        let accepted = Accepted::of(headers, self, asked.dictionary.as_deref().copied());
        let none_match = lines::lines(headers, &IF_NONE_MATCH).cloned().collect();
        self.map(headers, &IF_NONE_MATCH, &Mapping::NoneMatch(&accepted));
        // A date tells no coding, and a part must not be joined to coded bytes.
        let by_date = match lines::first(headers, &IF_RANGE) {
            Some(line) => !is_tag(line),
            None => lines::has(headers, &IF_UNMODIFIED_SINCE) && !lines::has(headers, &IF_MATCH),
        };
        if by_date && accepted.any_coding() {
            headers.remove(RANGE);
        }
        // A part is cut inside, from content without coding; only for GET (RFC
        // 9110, section 14.2).
        if *method != Method::GET || !lines::has(headers, &RANGE) {
            self.map(headers, &IF_MATCH, &Mapping::Match(&accepted));
        }
        asked.conditions = Some(Box::new(Conditions {
            accepted,
            none_match,
        }));
        asked
    }

    /// As [`decode`](Self::decode), of a request that is not
    /// [conditional](is_conditional): its head stays as it is.
    #[inline]
    pub(crate) fn unconditional(&self, method: &Method, headers: &HeaderMap) -> Asked {
        Asked {
            reads: may_be_not_modified(method),
            dictionary: self
                .by_dictionary
                .then(|| Dictionary::of_request(headers).map(Box::new))
                .flatten(),
            conditions: None,
        }
    }

    fn map(&self, headers: &mut HeaderMap, field: &HeaderName, mapping: &Mapping<'_>) {
        for (_, line) in headers.iter_mut().filter(|(name, _)| *name == field) {
            if let Some(mapped) = self.map_line(line, mapping) {
                *line = mapped;
            }
        }
    }

    /// `None` where the line stays as it is.
    fn map_line(&self, line: &HeaderValue, mapping: &Mapping<'_>) -> Option<HeaderValue> {
        let members = || entity_tags([line]);
        let stays = |member| match member {
            TagMember::Tag(tag) => matches!(self.map_tag(tag, mapping), Mapped::Same),
            TagMember::Malformed(_) => true,
        };
        if members().all(stays) {
            return None;
        }
        let mut list = List::default();
        for member in members() {
            match member {
                TagMember::Malformed(junk) => list.push(junk),
                TagMember::Tag(tag) => match self.map_tag(tag, mapping) {
                    Mapped::Same => list.push_tag(tag.is_weak(), tag.opaque()),
                    Mapped::Gone => {}
                    Mapped::Plain(plain) => list.push_tag(tag.is_weak(), plain),
                    Mapped::Both(plain) => {
                        list.push_tag(tag.is_weak(), plain);
                        list.push_tag(tag.is_weak(), tag.opaque());
                    }
                },
            }
        }
        Some(HeaderValue::from_bytes(&list.0).expect("made of parts of a field value"))
    }

    fn map_tag<'t>(&self, tag: TagRef<'t>, mapping: &Mapping<'_>) -> Mapped<'t> {
        let accepted = match mapping {
            Mapping::Write => {
                return self
                    .strip(tag.opaque(), |_| {})
                    .map_or(Mapped::Same, Mapped::Plain);
            }
            Mapping::Match(accepted) | Mapping::NoneMatch(accepted) => accepted,
        };
        if let Some((plain, _)) = accepted.plain(tag.opaque(), self) {
            return Mapped::Both(plain);
        }
        match mapping {
            Mapping::NoneMatch(_) if !self.is_given(tag, accepted) => Mapped::Gone,
            _ => Mapped::Same,
        }
    }

    /// Whether the request may be given the variant that a tag stands for. A
    /// weak one may stand for any.
    pub(super) fn is_given(&self, tag: TagRef<'_>, accepted: &Accepted) -> bool {
        if self.is_identity(tag) {
            accepted.identity().is_some()
        } else {
            tag.is_weak() || accepted.plain(tag.opaque(), self).is_some()
        }
    }

    /// Whether a client that has this tag has content without coding. A weak
    /// tag does not tell.
    pub(super) fn is_identity(&self, tag: TagRef<'_>) -> bool {
        !tag.is_weak() && !self.looks_coded(tag.opaque())
    }
}

/// Returns `true` if the request has a condition, well-formed or not.
#[inline]
pub(crate) fn is_conditional(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| {
        matches!(
            *name,
            IF_MATCH | IF_NONE_MATCH | IF_MODIFIED_SINCE | IF_UNMODIFIED_SINCE | IF_RANGE
        )
    })
}

fn is_tag(line: &HeaderValue) -> bool {
    matches!(entity_tags([line]).next(), Some(TagMember::Tag(_)))
}

/// A list as it is written.
#[derive(Default)]
struct List(Vec<u8>);

impl List {
    fn push(&mut self, member: &[u8]) {
        self.separate();
        self.0.extend_from_slice(member);
    }

    fn push_tag(&mut self, weak: bool, opaque: &[u8]) {
        self.separate();
        self.0.extend_from_slice(if weak { b"W/\"" } else { b"\"" });
        self.0.extend_from_slice(opaque);
        self.0.push(b'"');
    }

    fn separate(&mut self) {
        if !self.0.is_empty() {
            self.0.extend_from_slice(b", ");
        }
    }
}
