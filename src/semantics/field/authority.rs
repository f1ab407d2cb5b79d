//! Parts of an authority that the `http` crate does not expose (RFC 3986, section 3.2).

use http::uri::Authority;

/// Splits an authority into its user information, if any, and the host with its port.
pub(crate) fn split_user(authority: &Authority) -> (Option<&str>, &str) {
    let text = authority.as_str();
    match text.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, text),
    }
}

/// Returns the port as written, including its `:`.
///
/// `http` accepts a port above 65,535, but its `port()` then returns `None`.
pub(crate) fn port(authority: &Authority) -> &str {
    let (_, host) = split_user(authority);
    host.strip_prefix(authority.host()).unwrap_or_default()
}
