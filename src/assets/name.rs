//! Names of assets, and the paths made from them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Sha256, digest::Output};

/// All characters except the unreserved ones of RFC 3986, section 2.3, and slashes. Such a URL
/// needs no further escaping in HTML and CSS.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// The number of bytes of the digest in a name.
const HASH: usize = 8;

/// Returns `true` if this is a relative path that clients do not normalize to another one.
pub(super) fn is_path(name: &str) -> bool {
    name.split('/')
        .all(|segment| !matches!(segment, "" | "." | ".."))
}

/// Adds a hash before the extension of a name: `css/app.3f9a6b2c51d0e8a7.css`.
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

/// Returns the text after the last dot of the file name. A leading dot does not count.
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
