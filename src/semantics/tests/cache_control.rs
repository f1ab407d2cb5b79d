//! `Cache-Control`, read, written, checked and merged.

mod agreement;
mod checking;
mod configuration;
mod dictionary;
mod no_store;
mod reading;
mod request;
mod strategies;
mod stricter;
mod strictness;
mod writing;

use http::{HeaderMap, header::CACHE_CONTROL};

use super::values;
use crate::semantics::caching::cache_control::CacheControl;

fn field<V: AsRef<[u8]>>(lines: impl IntoIterator<Item = V>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in values(lines) {
        headers.append(CACHE_CONTROL, line);
    }
    headers
}

fn read<V: AsRef<[u8]>>(lines: impl IntoIterator<Item = V>) -> CacheControl {
    CacheControl::of(&field(lines))
}

/// One line that goes together, or not.
fn said(text: &str) -> CacheControl {
    read([text])
}
