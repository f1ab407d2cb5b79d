//! Names, and the paths that they become.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Sha256, digest::Output};

/// All but the unreserved characters of RFC 3986, section 2.3, and slashes. So
/// a URL needs no further escaping in HTML and CSS.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// How many bytes of the digest a name holds.
const HASH: usize = 8;

/// Whether this is a relative path that no client would take for another.
pub(super) fn is_path(name: &str) -> bool {
    name.split('/')
        .all(|segment| !matches!(segment, "" | "." | ".."))
}

/// The name with a hash before its extension: `css/app.3f9a6b2c51d0e8a7.css`.
pub(super) fn versioned(name: &str, digest: &Output<Sha256>) -> String {
    let hash: String = digest[..HASH]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    match extension_at(name) {
        Some(dot) => format!("{}.{hash}{}", &name[..dot], &name[dot..]),
        None => format!("{name}.{hash}"),
    }
}

/// What follows the last dot, but not one that starts the name of the file.
pub(super) fn extension(name: &str) -> Option<&str> {
    extension_at(name).map(|dot| &name[dot + 1..])
}

pub(super) fn escape(path: &str) -> String {
    utf8_percent_encode(path, ESCAPED).to_string()
}

fn extension_at(name: &str) -> Option<usize> {
    let file = name.rfind('/').map_or(0, |slash| slash + 1);
    let dot = name[file..].rfind('.').filter(|dot| *dot > 0)?;
    Some(file + dot)
}
