//! Targets that a cache would take for more than one resource.

use http::{Uri, uri::PathAndQuery};
use percent_encoding::percent_decode_str;

use crate::{purge::NotPurged, semantics::field::authority};

/// Refuses a target that may reach a cache as a pattern. Clients write targets.
///
/// nginx's module takes a key that ends in `*` for all keys that begin so. To encode the
/// star is no way out: where `$uri` is the key, nginx decodes it again, and where
/// `$request_uri` is, `%2A` is not the key of what was stored as `*`.
pub(super) fn check_path(target: &Uri, has_prefix: bool) -> Result<(), NotPurged> {
    let text = target.path_and_query().map_or("/", PathAndQuery::as_str);
    if percent_decode_str(text).any(|byte| byte == b'*') {
        return Err(NotPurged::ambiguous("`*` is a pattern to some caches"));
    }
    // Neither belongs into a URI unencoded (RFC 3986, section 2); `http` lets them pass, and
    // neither spaces nor line breaks.
    if text.contains(['"', '\\']) {
        return Err(NotPurged::ambiguous(
            "a quote or a backslash may end a text in a cache's expression",
        ));
    }
    let is_dots = |segment: &str| {
        let bytes = percent_decode_str(segment);
        bytes.clone().eq(*b".") || bytes.eq(*b"..")
    };
    if has_prefix && target.path().split('/').any(is_dots) {
        return Err(NotPurged::ambiguous("its dots lead out of the base"));
    }
    Ok(())
}

/// Refuses a host that is none (RFC 3986, section 3.2.2, without sub-delimiters, which no
/// name has): `*.example.org` may be all hosts to a cache.
pub(super) fn check_host(target: &Uri) -> Result<(), NotPurged> {
    let Some(authority) = target.authority() else {
        return Ok(());
    };
    let (_, host) = authority::split_user(authority);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:[]".contains(&byte);
    if host.bytes().all(is_plain) {
        Ok(())
    } else {
        Err(NotPurged::ambiguous("its host may be a pattern"))
    }
}
