//! The common parts of the fuzz targets: the conversion of bytes to headers.

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Returns one header value per line of `data`, without lines that no header can carry. A newline
/// cannot occur in a value.
#[must_use]
pub fn values(data: &[u8]) -> Vec<HeaderValue> {
    data.split(|byte| *byte == b'\n')
        .filter_map(|line| HeaderValue::from_bytes(line).ok())
        .collect()
}

/// Returns all [`values`] of `data` as lines of one header.
#[must_use]
pub fn one_field(name: &HeaderName, data: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values(data) {
        headers.append(name, value);
    }
    headers
}

/// Returns one header per line of `data`. The first byte of a line selects a name from `names`, and
/// the rest is the value. If the byte is beyond `names`, the line contains its own name.
#[must_use]
pub fn fields(names: &[HeaderName], data: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in data.split(|byte| *byte == b'\n') {
        let Some((&pick, rest)) = line.split_first() else {
            continue;
        };
        let (name, value) = match names.get(usize::from(pick & 0x1f)) {
            Some(name) => (name.clone(), rest),
            None => {
                let colon = rest.iter().position(|byte| *byte == b':');
                let (name, value) = rest.split_at(colon.unwrap_or(rest.len()));
                let name = HeaderName::from_bytes(name).unwrap_or(header::SERVER);
                (name, value.get(1..).unwrap_or_default())
            }
        };
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(name, value);
        }
    }
    headers
}

/// Returns the number in the first eight bytes, and the rest.
#[must_use]
pub fn number(data: &[u8]) -> (u64, &[u8]) {
    match data.split_first_chunk() {
        Some((number, rest)) => (u64::from_le_bytes(*number), rest),
        None => (0, data),
    }
}
