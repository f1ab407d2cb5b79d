//! What the fuzz targets share: how bytes become header fields.

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// One field value per line of `data`; a newline cannot occur in a value.
/// Lines that no header field can carry are left out.
#[must_use]
pub fn values(data: &[u8]) -> Vec<HeaderValue> {
    data.split(|byte| *byte == b'\n')
        .filter_map(|line| HeaderValue::from_bytes(line).ok())
        .collect()
}

/// All [`values`] of `data` as lines of one field.
#[must_use]
pub fn one_field(name: &HeaderName, data: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values(data) {
        headers.append(name, value);
    }
    headers
}

/// One field line per line of `data`. Its first byte picks a name from
/// `names`, and the rest is the value; beyond `names` the line names itself.
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

/// The number that the first eight bytes spell, and what follows.
#[must_use]
pub fn number(data: &[u8]) -> (u64, &[u8]) {
    match data.split_first_chunk() {
        Some((number, rest)) => (u64::from_le_bytes(*number), rest),
        None => (0, data),
    }
}
