//! What `http` does not tell of an authority (RFC 3986, section 3.2).

use http::uri::Authority;

/// The user before the host, if there is one, and the host with its port.
pub(crate) fn split_user(authority: &Authority) -> (Option<&str>, &str) {
    let text = authority.as_str();
    match text.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, text),
    }
}

/// The port as it is written, with its `:`. `http` takes one of any size, and then
/// gives none.
pub(crate) fn port(authority: &Authority) -> &str {
    let (_, host) = split_user(authority);
    host.strip_prefix(authority.host()).unwrap_or_default()
}
