use std::fmt;

use http::{
    HeaderMap, HeaderName, StatusCode,
    header::{CACHE_CONTROL, CONTENT_RANGE, SET_COOKIE, VARY},
};

use crate::semantics::{
    caching::cache_control::{DirectiveScope, ParsedField, Syntax},
    field::{HttpDate, lines, list::members},
    validator::{
        EntityTag, RepeatedFields, Validators, digest_fields::WANT_REPR_DIGEST, validators,
    },
};

/// The reason why the validators of a response are not remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FillRefusal {
    /// The status is not 200.
    Status,
    /// The response has a part of the content: it is a 206, or has `Content-Range`.
    Partial,
    /// `Cache-Control` has `no-store`.
    NoStore,
    /// `Cache-Control` has `private`, and the application names no user.
    Private,
    /// The response has `Set-Cookie`.
    SetCookie,
    /// `Vary` has `*` or a header that is not declared.
    Vary,
    /// The response has no valid `ETag`, or more than one.
    NoTag,
    /// The handler has put a cache policy into the extensions.
    Policy,
}

impl fmt::Display for FillRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Status => "the status is not 200",
            Self::Partial => "the response has a part of the content",
            Self::NoStore => "the response has `no-store`",
            Self::Private => "the response is `private`, and no user is named",
            Self::SetCookie => "the response sets a cookie",
            Self::Vary => "`Vary` names a header that is not declared",
            Self::NoTag => "the response has no valid entity tag",
            Self::Policy => "the handler chooses a cache policy",
        })
    }
}

/// Returns the reason if the validators of a response must not be remembered (RFC 9111, section
/// 3).
///
/// `declared` are the headers whose values are part of the key, and `has_principal` is `true` if
/// the user is.
///
/// `no-cache` is allowed: a cache must validate such a response before each use, and a 304 from
/// remembered validators is such a validation. Targeted headers do not count, since they are for
/// other caches (RFC 9213, section 2.2).
pub(crate) fn may_fill(
    status: StatusCode,
    headers: &HeaderMap,
    declared: &[HeaderName],
    has_principal: bool,
) -> Result<(), FillRefusal> {
    if status == StatusCode::PARTIAL_CONTENT || lines::has(headers, &CONTENT_RANGE) {
        return Err(FillRefusal::Partial);
    }
    if status != StatusCode::OK {
        return Err(FillRefusal::Status);
    }
    let policy = ParsedField::parse(lines::lines(headers, &CACHE_CONTROL), Syntax::CacheControl);
    if policy.directives.no_store {
        return Err(FillRefusal::NoStore);
    }
    // `private` for some headers counts for the response, as in many caches (RFC 9111, section
    // 5.2.2.7).
    if policy.directives.private != DirectiveScope::Nothing && !has_principal {
        return Err(FillRefusal::Private);
    }
    if lines::has(headers, &SET_COOKIE) {
        return Err(FillRefusal::SetCookie);
    }
    if undeclared_vary(headers, declared).next().is_some() {
        return Err(FillRefusal::Vary);
    }
    if validators::etag(headers).is_none() {
        return Err(FillRefusal::NoTag);
    }
    Ok(())
}

/// Returns the members of `Vary` that are not declared, `*` and malformed ones included (RFC 9111,
/// section 4.1). `Want-Repr-Digest` needs no declaration: it selects a digest, which neither a tag
/// depends on nor a 304 has.
pub(crate) fn undeclared_vary<'a>(
    headers: &'a HeaderMap,
    declared: &'a [HeaderName],
) -> impl Iterator<Item = &'a [u8]> {
    let is_declared = |member: &[u8]| {
        let is = |name: &HeaderName| member.eq_ignore_ascii_case(name.as_str().as_bytes());
        // A declared header may have any name, and `*` is one in the `http` crate.
        member != b"*" && (declared.iter().any(is) || is(&WANT_REPR_DIGEST))
    };
    members(lines::lines(headers, &VARY)).filter(move |member| !is_declared(member))
}

/// Returns the validators of a response and the headers that a 304 repeats, all lines of them
/// (RFC 9110, section 15.4.5). `now` is called only if there is a date.
pub(crate) fn remembered_validators(
    headers: &HeaderMap,
    now: impl FnOnce() -> HttpDate,
) -> Validators {
    Validators {
        etag: validators::etag(headers).map(EntityTag::from),
        last_modified: validators::corrected_last_modified(headers, now),
        repeated: RepeatedFields::from_headers(headers),
    }
}
