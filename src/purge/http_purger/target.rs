//! Checks for targets that a cache would read as a pattern.

use http::{Uri, uri::PathAndQuery};
use percent_encoding::percent_decode_str;

use super::RedactedUri;
use crate::{purge::NotPurged, semantics::field::authority};

/// Refuses a target that a cache may read as a pattern, since clients write targets.
///
/// nginx's module reads a key that ends in `*` as all keys with that prefix. Encoding the
/// asterisk does not help. With `$uri` as the key, nginx decodes it again. With `$request_uri`
/// as the key, `%2A` does not match the stored `*`.
pub(super) fn check_path(target: &Uri, has_prefix: bool) -> Result<(), NotPurged> {
    let text = target.path_and_query().map_or("/", PathAndQuery::as_str);
    if percent_decode_str(text).any(|byte| byte == b'*') {
        return Err(ambiguous(target, "`*` is a pattern to some caches"));
    }
    // Both must be encoded in a URI (RFC 3986, section 2), and `http` accepts them anyway. It
    // accepts neither spaces nor line breaks.
    if text.contains(['"', '\\']) {
        return Err(ambiguous(
            target,
            "a quote or a backslash may end a text in a cache's expression",
        ));
    }
    let is_dots = |segment: &str| {
        let bytes = percent_decode_str(segment);
        bytes.clone().eq(*b".") || bytes.eq(*b"..")
    };
    if has_prefix && target.path().split('/').any(is_dots) {
        return Err(ambiguous(
            target,
            "its dots lead out of the path of the base",
        ));
    }
    Ok(())
}

/// Refuses a host with characters that no host name has (RFC 3986, section 3.2.2, without
/// sub-delimiters). `*.example.org` may mean all hosts to a cache.
pub(super) fn check_host(target: &Uri) -> Result<(), NotPurged> {
    let Some(authority) = target.authority() else {
        return Ok(());
    };
    let (_, host) = authority::split_user(authority);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:[]".contains(&byte);
    if host.bytes().all(is_plain) {
        Ok(())
    } else {
        Err(ambiguous(target, "its host may be a pattern"))
    }
}

fn ambiguous(target: &Uri, problem: &'static str) -> NotPurged {
    NotPurged::ambiguous(RedactedUri(target).to_string(), problem)
}
