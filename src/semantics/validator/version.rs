//! Entity tags from versions that a database keeps (RFC 9110, section 8.8.1).

use std::{
    fmt,
    io::{Cursor, Write},
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine, display::Base64Display, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use super::{EntityTag, TagRef, WeakSecret, key};

/// Keeps these codes apart from all others that are made with the same secret.
const DOMAIN: &[u8] = b"tower-conditional version 1";
/// Keeps digests of scopes apart from other digests of the same text.
const SCOPE_DOMAIN: &[u8] = b"tower-conditional scope 1";
/// The most bytes that [`VersionTags::bytes`] spells out.
const SPELLED: usize = 64;
/// The bytes of a scope's digest that a plain tag spells.
///
/// A collision does harm only if a client also sends the tag of the one
/// resource to the other, at the same version. Among a billion resources the
/// probability that any two collide is 2^-21. And 80 bits end in one of `AQgw`,
/// so that no tag looks as if it had the suffix of a content coding (`-br`).
const MARKED: usize = 10;
/// How these are spelled, with a hyphen before them.
const MARK: usize = 1 + (MARKED * 4).div_ceil(3);
/// The longest text of a version, that of [`SPELLED`] bytes, with a scope.
const LONGEST: usize = (SPELLED * 4).div_ceil(3) + MARK;

/// Makes entity tags from versions, each with one allocation.
///
/// Keep to one kind of version per resource. Tags of two kinds never meet if
/// they are keyed; plain ones may.
///
/// A tag from a version is known before the content is made, so it decides
/// about writes too, and a 304 costs one small query.
///
/// ```
/// use tower_conditional::VersionTags;
///
/// let tags = VersionTags::plain().scope("notes/17");
/// let tag = tags.number(42);
/// assert_eq!(tag.as_header_value(), "\"42-dhLgLmJWxIC26A\"");
///
/// // And back, for a compare-and-set:
/// //   UPDATE notes SET text = $1, version = version + 1
/// //   WHERE id = $2 AND version = $3
/// assert_eq!(tags.parse_number(tag.as_ref()), Some(42));
///
/// // The tag of another note is no version of this one.
/// let other = VersionTags::plain().scope("notes/18").number(42);
/// assert_eq!(tags.parse_number(other.as_ref()), None);
/// ```
///
/// # One resource, one scope
///
/// Versions of two resources are often the same number. Without a scope their
/// tags are the same too, and `If-Match` with the tag of one note lets a write
/// to another one pass. [`VersionTags::scope`] binds tags to one resource. The
/// source, the handler that reads and the handler that writes use the same
/// scope, so their tags agree.
///
/// # What a version must be
///
/// - Read together with the content, in one query or one snapshot.
/// - Changed by every write, and never used again, not even by a row that is
///   deleted and made anew: a version that restarts at 1 calls two contents
///   the same.
/// - All that the content depends on. Where one row is shown in several media
///   types, languages or codings, or where a release renders it anew, make the
///   tag with [`VersionTags::bytes`] from the version and whatever else
///   decides, or make it [weak](EntityTag::into_weak): one strong tag stands
///   for one sequence of bytes.
#[derive(Debug, Clone)]
pub struct VersionTags {
    key: Option<Hmac<Sha256>>,
    scope: Option<ScopeDigest>,
}

/// SHA-256 of what the tags are bound to.
#[derive(Debug, Clone, Copy)]
struct ScopeDigest([u8; 32]);

/// What a version is, so that no two kinds share a code.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Number = 1,
    Uuid = 2,
    Timestamp = 3,
    Bytes = 4,
    Collection = 5,
}

impl VersionTags {
    /// Tags that spell the version. Clients can read it.
    #[must_use]
    pub fn plain() -> Self {
        Self {
            key: None,
            scope: None,
        }
    }

    /// Plain tags of one resource: the member `id` of a collection, such as a row of a
    /// table. A function makes them the same everywhere:
    ///
    /// ```
    /// use tower_conditional::VersionTags;
    ///
    /// fn tags(id: i64) -> VersionTags {
    ///     VersionTags::of("notes", id)
    /// }
    ///
    /// let [one, other] = [tags(1), tags(2)].map(|tags| tags.number(7).to_string());
    /// assert_ne!(one, other);
    /// ```
    ///
    /// It is the [scope](Self::scope) `id` within the scope `collection`, so that no two
    /// pairs of them are one resource.
    #[must_use]
    pub fn of(collection: impl AsRef<[u8]>, id: impl fmt::Display) -> Self {
        Self::plain().scope(collection).scope(id.to_string())
    }

    /// Tags of 128 bits from HMAC-SHA-256 over the version, which show neither
    /// the version nor how often it changes. Replicas must share the secret.
    ///
    /// Without a [`scope`](Self::scope) equal versions of two resources have
    /// equal tags. A client that may watch one of them count upwards could
    /// recognise the numbers of the other.
    ///
    /// # Errors
    ///
    /// Refuses a secret of fewer than 16 bytes, which could be guessed.
    pub fn keyed(secret: impl AsRef<[u8]>) -> Result<Self, WeakSecret> {
        let key = key::key(secret.as_ref())?;
        Ok(Self {
            key: Some(key),
            scope: None,
        })
    }

    /// Binds the tags to one resource, so that the tag of another resource with
    /// the same version is another tag. Defaults to no scope.
    ///
    /// A scope is any text or bytes that names the resource, and nothing else
    /// in the application: a path, or the `Scope` of a store. Two parts that
    /// could run together need a separator. A scope that is added to a scope is
    /// another scope within it, such as the row of a tenant.
    ///
    /// A plain tag spells 80 bits of the scope's SHA-256, in base64url, behind
    /// the version and a hyphen: `"42-dhLgLmJWxIC26A"`. In a keyed tag the scope
    /// is part of what HMAC-SHA-256 covers.
    #[must_use]
    pub fn scope(&self, scope: impl AsRef<[u8]>) -> Self {
        Self {
            key: self.key.clone(),
            scope: Some(ScopeDigest::within(self.scope.as_ref(), scope.as_ref())),
        }
    }

    /// From a number that every write changes: `"42"`.
    #[must_use]
    pub fn number(&self, version: i64) -> EntityTag {
        self.strong(Kind::Number, format_args!("{version}"))
    }

    /// From a UUID that every write replaces, in its usual text:
    /// `"67e55044-10b1-426f-9247-bb680e5fe0c8"`.
    #[must_use]
    pub fn uuid(&self, version: [u8; 16]) -> EntityTag {
        let [a, b, c, d] = [96, 80, 64, 48].map(|shift| u128::from_be_bytes(version) >> shift);
        let (b, c, d) = (b & 0xffff, c & 0xffff, d & 0xffff);
        let e = u128::from_be_bytes(version) & 0xffff_ffff_ffff;
        self.strong(
            Kind::Uuid,
            format_args!("{a:08x}-{b:04x}-{c:04x}-{d:04x}-{e:012x}"),
        )
    }

    /// From the time of the last write, in seconds since 1970 with as many
    /// digits as it takes, nine at most: `"1763715600.123456"`.
    ///
    /// Clocks go back and repeat themselves, so a number is the better version.
    ///
    /// The tag of a time without a fraction of a second is weak: it is good for reads, and
    /// `If-Match` with it always fails. Such a time most likely comes from a column in whole
    /// seconds, which hides the second of two writes in one second (RFC 9110, section
    /// 8.8.1). One time in a million a clock with microseconds shows a whole second too.
    ///
    /// ```
    /// use std::time::{Duration, UNIX_EPOCH};
    ///
    /// use tower_conditional::VersionTags;
    ///
    /// let modified = UNIX_EPOCH + Duration::from_secs(1_763_715_600);
    /// let tag = VersionTags::plain().timestamp(modified);
    /// assert_eq!(tag.as_header_value(), "W/\"1763715600\"");
    /// let tag = VersionTags::plain().timestamp(modified + Duration::from_millis(500));
    /// assert_eq!(tag.as_header_value(), "\"1763715600.5\"");
    /// ```
    #[must_use]
    pub fn timestamp(&self, written: SystemTime) -> EntityTag {
        let (sign, since) = match written.duration_since(UNIX_EPOCH) {
            Ok(after) => ("", after),
            Err(before) => ("-", before.duration()),
        };
        let (seconds, mut fraction) = (since.as_secs(), since.subsec_nanos());
        if fraction == 0 {
            return self.weak(Kind::Timestamp, format_args!("{sign}{seconds}"));
        }
        let mut digits = 9;
        while fraction % 10 == 0 {
            fraction /= 10;
            digits -= 1;
        }
        self.strong(
            Kind::Timestamp,
            format_args!("{sign}{seconds}.{fraction:0digits$}"),
        )
    }

    /// From any bytes that every write changes, in base64url: `"AAAAAAAAB9E"`.
    ///
    /// Of more than 64 bytes the tag has the SHA-256, behind `sha256:`.
    #[must_use]
    pub fn bytes(&self, version: &[u8]) -> EntityTag {
        if version.len() > SPELLED {
            let digest = Sha256::digest(version);
            let digest = Base64Display::new(&digest, &URL_SAFE_NO_PAD);
            return self.strong(Kind::Bytes, format_args!("sha256:{digest}"));
        }
        let text = Base64Display::new(version, &URL_SAFE_NO_PAD);
        self.strong(Kind::Bytes, format_args!("{text}"))
    }

    /// From how many rows a collection has and the highest of their versions:
    /// `"3-42"`.
    ///
    /// This tells two states apart only if
    ///
    /// - the versions of all rows come from one counter that never goes back,
    /// - they grow in the order in which the writers commit, as they do if each
    ///   writer holds the counter's row until it commits,
    /// - both are read in one snapshot with the content, and
    /// - which rows belong to the collection depends on nothing but their own
    ///   columns.
    ///
    /// A sequence or `max(txid)` does not grow in that order: a writer takes 3,
    /// another takes 4 and commits, a reader is given 4, and then the first one
    /// commits: other content, and still 4. A version of the collection, in a
    /// row that every writer counts up in its transaction, needs none of these
    /// and makes a better [`number`](Self::number).
    #[must_use]
    pub fn collection(&self, count: u64, latest: i64) -> EntityTag {
        self.strong(Kind::Collection, format_args!("{count}-{latest}"))
    }

    /// Returns the version from which [`number`](Self::number) makes `tag`, for
    /// a compare-and-set in the database.
    ///
    /// Returns `None` for the tag of another scope, for a weak tag, which
    /// `If-Match` never takes (RFC 9110, section 13.1.1), and for any other
    /// spelling, as of `+42`, `042` or `-0`: a tag that was never sent is no tag
    /// of any row. Keyed tags never show their version.
    #[must_use]
    pub fn parse_number(&self, tag: TagRef<'_>) -> Option<i64> {
        if self.key.is_some() || tag.is_weak() {
            return None;
        }
        parse_canonical(match &self.scope {
            Some(scope) => tag.opaque().strip_suffix(&scope.mark())?,
            None => tag.opaque(),
        })
    }

    fn strong(&self, kind: Kind, version: fmt::Arguments<'_>) -> EntityTag {
        self.with_text(kind, version, |code, text| match code {
            Some(code) => EntityTag::from_digest(&code),
            None => EntityTag::strong(text).expect("visible ASCII without quotes"),
        })
    }

    fn weak(&self, kind: Kind, version: fmt::Arguments<'_>) -> EntityTag {
        self.with_text(kind, version, |code, text| match code {
            Some(code) => EntityTag::weak_from_digest(&code),
            None => EntityTag::weak(text).expect("visible ASCII without quotes"),
        })
    }

    /// Writes the version on the stack, with the scope behind it, or the code of
    /// both if there is a key.
    fn with_text(
        &self,
        kind: Kind,
        version: fmt::Arguments<'_>,
        tag: impl FnOnce(Option<[u8; 16]>, &[u8]) -> EntityTag,
    ) -> EntityTag {
        let mut text = Cursor::new([0; LONGEST]);
        text.write_fmt(version).expect("the longest version fits");
        if let (None, Some(scope)) = (&self.key, &self.scope) {
            text.write_all(&scope.mark()).expect("a scope fits too");
        }
        let length = usize::try_from(text.position()).unwrap_or(LONGEST);
        let text = &text.get_ref()[..length];
        tag(
            self.key.as_ref().map(|key| self.code(key, kind, text)),
            text,
        )
    }

    /// The first 128 bits of HMAC-SHA-256 over parts that cannot run together.
    fn code(&self, key: &Hmac<Sha256>, kind: Kind, text: &[u8]) -> [u8; 16] {
        let mut mac = key.clone();
        let mut cover = |part: &[u8]| mac.update(part);
        each_part([DOMAIN, &[kind as u8], text], &mut cover);
        if let Some(ScopeDigest(digest)) = &self.scope {
            each_part([&digest[..]], &mut cover);
        }
        let code = mac.finalize().into_bytes();
        std::array::from_fn(|at| code[at])
    }
}

/// Takes a plain tag apart: its number, and the mark of its scope, which is
/// empty for a tag without one.
pub(crate) fn split_plain(tag: TagRef<'_>) -> Option<(i64, &[u8])> {
    let opaque = tag.opaque();
    if tag.is_weak() {
        return None;
    }
    if let Some(number) = parse_canonical(opaque) {
        return Some((number, &[]));
    }
    let (number, mark) = opaque.split_at_checked(opaque.len().checked_sub(MARK)?)?;
    mark.starts_with(b"-").then_some(())?;
    Some((parse_canonical(number)?, mark))
}

/// A number in the one spelling that [`VersionTags::number`] writes.
fn parse_canonical(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let digits = text.strip_prefix('-').unwrap_or(text);
    let canonical = text == "0" || digits.starts_with(|first| matches!(first, '1'..='9'));
    text.parse().ok().filter(|_| canonical)
}

impl ScopeDigest {
    /// Of a scope within another one, or within none.
    fn within(outer: Option<&Self>, scope: &[u8]) -> Self {
        let outer = outer.map_or(&[][..], |outer| &outer.0);
        let mut digest = Sha256::new();
        each_part([SCOPE_DOMAIN, outer, scope], |part| digest.update(part));
        Self(digest.finalize().into())
    }

    /// A hyphen and the first bits of the digest, which end a plain tag.
    fn mark(&self) -> [u8; MARK] {
        let mut mark = [b'-'; MARK];
        URL_SAFE_NO_PAD
            .encode_slice(&self.0[..MARKED], &mut mark[1..])
            .expect("a mark is as long as its base64url");
        mark
    }
}

/// Parts with their lengths before them, so that none run together.
fn each_part<const N: usize>(parts: [&[u8]; N], mut take: impl FnMut(&[u8])) {
    for part in parts {
        take(&(part.len() as u64).to_be_bytes());
        take(part);
    }
}
