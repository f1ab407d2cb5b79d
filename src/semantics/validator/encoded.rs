//! The encoding of validators for stores.

use bytes::{Buf, BufMut};
use http::{
    HeaderName, HeaderValue,
    header::{CACHE_CONTROL, CONTENT_LOCATION, EXPIRES, VARY},
};

use super::{EntityTag, Validators};
use crate::semantics::field::HttpDate;

/// The version of the encoding, its first byte.
const VERSION: u8 = 1;

/// The headers that a 304 repeats. Their numbers are their places, from 1.
const REPEATED: [HeaderName; 4] = [CACHE_CONTROL, CONTENT_LOCATION, EXPIRES, VARY];

/// The length of the version and of the length of all parts.
const START: usize = 5;

const ETAG: u8 = 5;
const LAST_MODIFIED: u8 = 6;

impl Validators {
    /// Encodes the validators and the repeated headers, for one column of a database.
    ///
    /// | Bytes | Content |
    /// |---|---|
    /// | 1 | the version, 1 |
    /// | 4 | the length of all parts |
    /// | 1 | the number of a part |
    /// | 4 | the length of its value |
    /// | .. | its value, and then the next part |
    ///
    /// | Part | Value |
    /// |---|---|
    /// | 1, 2, 3, 4 | `Cache-Control`, `Content-Location`, `Expires`, `Vary` |
    /// | 5 | the entity tag, with its quotes |
    /// | 6 | the last modification, in seconds since 1970, in 8 bytes |
    ///
    /// Numbers are in network order.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION, 0, 0, 0, 0];
        if let Some(etag) = &self.etag {
            put(&mut bytes, ETAG, etag.as_header_value().as_bytes());
        }
        if let Some(date) = self.last_modified {
            put(
                &mut bytes,
                LAST_MODIFIED,
                &date.unix_seconds().to_be_bytes(),
            );
        }
        for (number, name) in (1..).zip(&REPEATED) {
            for value in self.repeated.values(name) {
                put(&mut bytes, number, value.as_bytes());
            }
        }
        let length = length_of(&bytes[START..]);
        bytes[1..START].copy_from_slice(&length.to_be_bytes());
        bytes
    }

    /// Decodes the bytes that [`encode`](Self::encode) returned. `None` if they are cut, changed
    /// or of another version: a store then has no entry.
    #[must_use]
    pub fn decode(mut bytes: &[u8]) -> Option<Self> {
        if bytes.try_get_u8().ok()? != VERSION {
            return None;
        }
        let length = bytes.try_get_u32().ok()?;
        if length != length_of(bytes) {
            return None;
        }
        let mut validators = Self::new();
        while bytes.has_remaining() {
            let number = bytes.try_get_u8().ok()?;
            let length = usize::try_from(bytes.try_get_u32().ok()?).ok()?;
            let (value, rest) = bytes.split_at_checked(length)?;
            bytes = rest;
            match number {
                ETAG if validators.etag.is_none() => {
                    let value = HeaderValue::from_bytes(value).ok()?;
                    validators.etag = Some(EntityTag::try_from(&value).ok()?);
                }
                LAST_MODIFIED if validators.last_modified.is_none() => {
                    let seconds = i64::from_be_bytes(value.try_into().ok()?);
                    validators.last_modified = Some(HttpDate::from_unix_seconds(seconds));
                }
                _ => {
                    let name = REPEATED.get(usize::from(number).checked_sub(1)?)?;
                    let value = HeaderValue::from_bytes(value).ok()?;
                    validators.repeated.append(name.clone(), value);
                }
            }
        }
        Some(validators)
    }
}

fn put(bytes: &mut Vec<u8>, number: u8, value: &[u8]) {
    bytes.put_u8(number);
    bytes.put_u32(length_of(value));
    bytes.put_slice(value);
}

/// Returns the length. No headers have 4 GiB, and a wrong length does not decode.
fn length_of(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}
