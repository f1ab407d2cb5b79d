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

/// Separates these codes from others that are made with the same secret.
const DOMAIN: &[u8] = b"tower-conditional version 1";
/// Separates digests of scopes from other digests of the same text.
const SCOPE_DOMAIN: &[u8] = b"tower-conditional scope 1";
/// The largest number of bytes that [`VersionTags::bytes`] writes out without hashing.
const MAX_PLAIN_BYTES: usize = 64;
/// The number of bytes of a scope's digest in a plain tag.
///
/// A collision does harm only if a client also sends the tag of one resource to the other, at
/// the same version. Among a billion resources, the probability that any two collide is
/// 2^-21. The base64url of 80 bits ends in one of `AQgw`. So no tag looks as if it had the
/// suffix of a content coding (`-br`).
const SCOPE_BYTES: usize = 10;
/// The length of a scope's digest in a plain tag, with the hyphen before it.
const SCOPE_SUFFIX_LENGTH: usize = 1 + (SCOPE_BYTES * 4).div_ceil(3);
/// The length of the longest tag text: a version of [`MAX_PLAIN_BYTES`] bytes, with a scope.
const MAX_TEXT_LENGTH: usize = (MAX_PLAIN_BYTES * 4).div_ceil(3) + SCOPE_SUFFIX_LENGTH;

/// A generator of entity tags from versions, with one allocation for each tag.
///
/// A tag from a version is known before the content is rendered. So it works for the conditions
/// of writes (optimistic concurrency), and a 304 costs one small query.
///
/// Use one kind of version per resource. Keyed tags of two kinds are never equal, but plain
/// ones may be.
///
/// ```
/// use tower_conditional::VersionTags;
///
/// let tags = VersionTags::plain().scope("notes/17");
/// let tag = tags.number(42);
/// assert_eq!(tag.as_header_value(), "\"42-dhLgLmJWxIC26A\"");
///
/// // The version is read back for a compare-and-set:
/// //   UPDATE notes SET text = $1, version = version + 1
/// //   WHERE id = $2 AND version = $3
/// assert_eq!(tags.parse_number(tag.as_ref()), Some(42));
///
/// // The tag of another note has no version for this one.
/// let other = VersionTags::plain().scope("notes/18").number(42);
/// assert_eq!(tags.parse_number(other.as_ref()), None);
/// ```
///
/// # One resource, one scope
///
/// Two resources often have the same version number. Without a scope their tags are equal, too,
/// and a write to one note with the tag of another note succeeds. [`VersionTags::scope`] binds
/// tags to one resource. The source, the handler that reads and the handler that writes must
/// use the same scope.
///
/// # Requirements for versions
///
/// - Read the version together with the content, in one query or one snapshot.
/// - Change the version on every write, and never use one again. If a deleted row is created
///   again and its version restarts at 1, two contents get the same tag.
/// - Include everything that the content depends on. If one row is shown in several media
///   types, languages or codings, make the tag with [`VersionTags::bytes`]. Include the version
///   and everything else that selects the content. The same holds if a release renders the row
///   differently. Or make the tag [weak](EntityTag::into_weak): a strong tag identifies one
///   sequence of bytes.
#[derive(Debug, Clone)]
pub struct VersionTags {
    key: Option<Hmac<Sha256>>,
    scope: Option<ScopeDigest>,
}

/// The SHA-256 of the scope that tags are bound to.
#[derive(Debug, Clone, Copy)]
struct ScopeDigest([u8; 32]);

/// The kind of a version, which keyed tags cover so that kinds never share a code.
#[derive(Debug, Clone, Copy)]
enum VersionKind {
    Number = 1,
    Uuid = 2,
    Timestamp = 3,
    Bytes = 4,
    Collection = 5,
}

impl VersionTags {
    /// Creates a generator of tags that show the version to clients.
    #[must_use]
    pub fn plain() -> Self {
        Self {
            key: None,
            scope: None,
        }
    }

    /// Creates a generator of plain tags for one resource: the member `id` of a collection,
    /// such as a row of a table.
    ///
    /// Put it into a function, so that the tags are the same everywhere:
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
    /// The tags have the [scope](Self::scope) `id` within the scope `collection`, so two
    /// different pairs never have the same scope.
    #[must_use]
    pub fn of(collection: impl AsRef<[u8]>, id: impl fmt::Display) -> Self {
        Self::plain().scope(collection).scope(id.to_string())
    }

    /// Creates a generator of tags of 128 bits, from HMAC-SHA-256 over the version.
    ///
    /// The tags show neither the version nor how often it changes. Replicas must share the
    /// secret.
    ///
    /// Without a [`scope`](Self::scope), equal versions of two resources have equal tags. A
    /// client that watches one resource change could recognize the version of the other.
    ///
    /// # Errors
    ///
    /// Returns [`WeakSecret`] for a secret of fewer than 16 bytes, which could be guessed.
    pub fn keyed(secret: impl AsRef<[u8]>) -> Result<Self, WeakSecret> {
        let key = key::hmac_key(secret.as_ref())?;
        Ok(Self {
            key: Some(key),
            scope: None,
        })
    }

    /// Sets the scope of the tags, which binds them to one resource. Defaults to no scope.
    ///
    /// Tags of two resources with the same version then differ.
    ///
    /// A scope is any text or bytes that name only this resource in the application: a path, or
    /// the `Scope` of a store. If it has several parts, separate them. A second call sets a
    /// scope within the first, such as a row within a tenant.
    ///
    /// A plain tag contains 80 bits of the scope's SHA-256 in base64url, behind the version and
    /// a hyphen: `"42-dhLgLmJWxIC26A"`. For a keyed tag, HMAC-SHA-256 covers the scope.
    #[must_use]
    pub fn scope(&self, scope: impl AsRef<[u8]>) -> Self {
        Self {
            key: self.key.clone(),
            scope: Some(ScopeDigest::within(self.scope.as_ref(), scope.as_ref())),
        }
    }

    /// Returns the tag of a number that every write changes: `"42"`.
    #[must_use]
    pub fn number(&self, version: i64) -> EntityTag {
        self.strong(VersionKind::Number, format_args!("{version}"))
    }

    /// Returns the tag of a UUID that every write replaces, in its usual text:
    /// `"67e55044-10b1-426f-9247-bb680e5fe0c8"`.
    #[must_use]
    pub fn uuid(&self, version: [u8; 16]) -> EntityTag {
        let [a, b, c, d] = [96, 80, 64, 48].map(|shift| u128::from_be_bytes(version) >> shift);
        let (b, c, d) = (b & 0xffff, c & 0xffff, d & 0xffff);
        let e = u128::from_be_bytes(version) & 0xffff_ffff_ffff;
        self.strong(
            VersionKind::Uuid,
            format_args!("{a:08x}-{b:04x}-{c:04x}-{d:04x}-{e:012x}"),
        )
    }

    /// Returns the tag of the time of the last write, in seconds since 1970:
    /// `"1763715600.123456"`. The fraction has up to nine digits, without trailing zeros.
    ///
    /// Clocks may be set back and repeat a time, so a number is the better version.
    ///
    /// The tag of a time without a fraction is weak: it works for reads, and `If-Match` with it
    /// always fails. Such a time most likely comes from a column in whole seconds. That column
    /// hides the second of two writes in one second (RFC 9110, section 8.8.1). A clock with
    /// microseconds shows a whole second once in a million times, too.
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
            return self.weak(VersionKind::Timestamp, format_args!("{sign}{seconds}"));
        }
        let mut digits = 9;
        while fraction % 10 == 0 {
            fraction /= 10;
            digits -= 1;
        }
        self.strong(
            VersionKind::Timestamp,
            format_args!("{sign}{seconds}.{fraction:0digits$}"),
        )
    }

    /// Returns the tag of any bytes that every write changes, in base64url: `"AAAAAAAAB9E"`.
    ///
    /// For more than 64 bytes the tag contains their SHA-256, behind `sha256:`.
    #[must_use]
    pub fn bytes(&self, version: &[u8]) -> EntityTag {
        if version.len() > MAX_PLAIN_BYTES {
            let digest = Sha256::digest(version);
            let digest = Base64Display::new(&digest, &URL_SAFE_NO_PAD);
            return self.strong(VersionKind::Bytes, format_args!("sha256:{digest}"));
        }
        let text = Base64Display::new(version, &URL_SAFE_NO_PAD);
        self.strong(VersionKind::Bytes, format_args!("{text}"))
    }

    /// Returns the tag of a collection, from the number of its rows and the highest of their
    /// versions: `"3-42"`.
    ///
    /// The tag distinguishes two states only if
    ///
    /// - the versions of all rows come from one counter that never goes back,
    /// - they increase in the order of commits, which holds if each writer locks the counter's
    ///   row until it commits,
    /// - both numbers are read in one snapshot with the content, and
    /// - only the columns of a row decide whether it belongs to the collection.
    ///
    /// A sequence or `max(txid)` does not increase in that order. One writer takes 3, another
    /// takes 4 and commits, and a reader gets 4. Then the first writer commits: the content
    /// changes, but the maximum is still 4.
    ///
    /// A version of the whole collection needs none of these conditions: a row that every
    /// writer increments in its transaction. Make its tag with [`number`](Self::number).
    #[must_use]
    pub fn collection(&self, count: u64, latest: i64) -> EntityTag {
        self.strong(VersionKind::Collection, format_args!("{count}-{latest}"))
    }

    /// Returns the version from which [`number`](Self::number) makes `tag`, for a
    /// compare-and-set in the database.
    ///
    /// Returns `None` for
    ///
    /// - the tag of another scope,
    /// - a weak tag, which `If-Match` never accepts (RFC 9110, section 13.1.1),
    /// - any other spelling, such as `+42`, `042` or `-0`, since no response had such a tag, and
    /// - keyed tags, which never show their version.
    #[must_use]
    pub fn parse_number(&self, tag: TagRef<'_>) -> Option<i64> {
        if self.key.is_some() || tag.is_weak() {
            return None;
        }
        parse_canonical(match &self.scope {
            Some(scope) => tag.opaque().strip_suffix(&scope.suffix())?,
            None => tag.opaque(),
        })
    }

    fn strong(&self, kind: VersionKind, version: fmt::Arguments<'_>) -> EntityTag {
        self.with_text(kind, version, |code, text| match code {
            Some(code) => EntityTag::from_digest(&code),
            None => EntityTag::strong(text).expect("visible ASCII without quotes"),
        })
    }

    fn weak(&self, kind: VersionKind, version: fmt::Arguments<'_>) -> EntityTag {
        self.with_text(kind, version, |code, text| match code {
            Some(code) => EntityTag::weak_from_digest(&code),
            None => EntityTag::weak(text).expect("visible ASCII without quotes"),
        })
    }

    /// Writes the text of a tag on the stack: the version and the scope behind it. With a key,
    /// `tag` also receives the code of both.
    fn with_text(
        &self,
        kind: VersionKind,
        version: fmt::Arguments<'_>,
        tag: impl FnOnce(Option<[u8; 16]>, &[u8]) -> EntityTag,
    ) -> EntityTag {
        let mut text = Cursor::new([0; MAX_TEXT_LENGTH]);
        text.write_fmt(version).expect("the longest version fits");
        // The code of a keyed tag covers the whole digest of the scope instead.
        if let (None, Some(scope)) = (&self.key, &self.scope) {
            text.write_all(&scope.suffix()).expect("a scope fits too");
        }
        let length = usize::try_from(text.position()).unwrap_or(MAX_TEXT_LENGTH);
        let text = &text.get_ref()[..length];
        tag(
            self.key.as_ref().map(|key| self.code(key, kind, text)),
            text,
        )
    }

    /// Returns the first 128 bits of HMAC-SHA-256 over the parts, each with its length before it.
    fn code(&self, key: &Hmac<Sha256>, kind: VersionKind, text: &[u8]) -> [u8; 16] {
        let mut mac = key.clone();
        let mut update = |part: &[u8]| mac.update(part);
        for_each_part([DOMAIN, &[kind as u8], text], &mut update);
        if let Some(ScopeDigest(digest)) = &self.scope {
            for_each_part([&digest[..]], &mut update);
        }
        let code = mac.finalize().into_bytes();
        std::array::from_fn(|at| code[at])
    }
}

/// Splits a plain tag into its number and the suffix of its scope, which is empty for a tag
/// without a scope.
pub(crate) fn split_plain(tag: TagRef<'_>) -> Option<(i64, &[u8])> {
    let opaque = tag.opaque();
    if tag.is_weak() {
        return None;
    }
    if let Some(number) = parse_canonical(opaque) {
        return Some((number, &[]));
    }
    let (number, suffix) =
        opaque.split_at_checked(opaque.len().checked_sub(SCOPE_SUFFIX_LENGTH)?)?;
    suffix.starts_with(b"-").then_some(())?;
    Some((parse_canonical(number)?, suffix))
}

/// Parses a number, if it is spelled as [`VersionTags::number`] writes it.
fn parse_canonical(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let digits = text.strip_prefix('-').unwrap_or(text);
    let canonical = text == "0" || digits.starts_with(|first| matches!(first, '1'..='9'));
    text.parse().ok().filter(|_| canonical)
}

impl ScopeDigest {
    /// Returns the digest of a scope, within another scope if there is one.
    fn within(outer: Option<&Self>, scope: &[u8]) -> Self {
        let outer = outer.map_or(&[][..], |outer| &outer.0);
        let mut digest = Sha256::new();
        for_each_part([SCOPE_DOMAIN, outer, scope], |part| digest.update(part));
        Self(digest.finalize().into())
    }

    /// Returns the end of a plain tag: a hyphen and the first bits of the digest.
    fn suffix(&self) -> [u8; SCOPE_SUFFIX_LENGTH] {
        let mut suffix = [b'-'; SCOPE_SUFFIX_LENGTH];
        URL_SAFE_NO_PAD
            .encode_slice(&self.0[..SCOPE_BYTES], &mut suffix[1..])
            .expect("a suffix is as long as its base64url");
        suffix
    }
}

/// Calls `take` with the parts, each with its length before it, so that no two parts run
/// together.
fn for_each_part<const N: usize>(parts: [&[u8]; N], mut take: impl FnMut(&[u8])) {
    for part in parts {
        take(&(part.len() as u64).to_be_bytes());
        take(part);
    }
}
