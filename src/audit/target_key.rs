//! The names of targets, in findings and in the history.

use std::sync::Arc;

use http::{HeaderMap, Method, Uri, header::HOST};
use sha2::{Digest, Sha256};

use super::history::TargetKey;

pub(super) fn path(uri: &Uri) -> &str {
    uri.path_and_query()
        .map_or_else(|| uri.path(), |path| path.as_str())
}

/// Returns method, path and query, truncated if they are long.
pub(super) fn display_target(method: &Method, uri: &Uri) -> Arc<str> {
    const MAX_CHARS: usize = 500;
    let mut label = format!("{method} {}", path(uri));
    if let Some((end, _)) = label.char_indices().nth(MAX_CHARS) {
        label.truncate(end);
        label.push('…');
    }
    label.into()
}

/// Returns the key of a target URI, which includes the host (RFC 9110, section 7.1).
pub(super) fn key(uri: &Uri, headers: &HeaderMap) -> TargetKey {
    let mut hash = Sha256::new();
    match uri.authority() {
        Some(authority) => hash.update(authority.as_str()),
        None => headers
            .get_all(HOST)
            .iter()
            .for_each(|host| hash.update(host)),
    }
    // Neither part contains a space, so different pairs have different inputs.
    hash.update(b" ");
    hash.update(path(uri));
    first_half(&hash.finalize().into())
}

/// Returns the first half of a digest.
pub(super) fn first_half(digest: &[u8; 32]) -> [u8; 16] {
    std::array::from_fn(|at| digest[at])
}
