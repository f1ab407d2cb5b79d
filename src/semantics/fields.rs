//! Finding fields in a head.

use http::{HeaderMap, HeaderName, HeaderValue};

/// Up to so many names, comparing them all costs less than hashing one.
const FEW: usize = 16;

/// The first line of a field.
pub(crate) fn first<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    if headers.keys_len() > FEW {
        return headers.get(name);
    }
    headers
        .iter()
        .find_map(|(other, value)| (other == name).then_some(value))
}

/// The line of a field that has only one.
pub(crate) fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut lines = lines(headers, name);
    match (lines.next(), lines.next()) {
        (Some(line), None) => Some(line),
        _ => None,
    }
}

/// All lines of a field, in order.
pub(crate) fn lines<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = &'a HeaderValue> {
    let few = headers.keys_len() <= FEW;
    let compared = few.then(|| headers.iter()).into_iter().flatten();
    let hashed = (!few).then(|| headers.get_all(name).iter());
    compared
        .filter_map(move |(other, value)| (other == name).then_some(value))
        .chain(hashed.into_iter().flatten())
}

pub(crate) fn has(headers: &HeaderMap, name: &HeaderName) -> bool {
    first(headers, name).is_some()
}

#[cfg(test)]
#[test]
fn few_and_many_fields_read_alike() {
    let name = HeaderName::from_static("x-wanted");
    let mut headers = HeaderMap::new();
    for filler in 0..2 * FEW {
        assert!(!has(&headers, &name));
        assert!(only(&headers, &name).is_none());
        let mut one = headers.clone();
        one.append(&name, HeaderValue::from_static("1"));
        assert_eq!(only(&one, &name).unwrap(), "1");
        let mut two = one.clone();
        two.append(&name, HeaderValue::from_static("2"));
        assert_eq!(first(&two, &name).unwrap(), "1");
        assert!(only(&two, &name).is_none());
        assert_eq!(lines(&two, &name).collect::<Vec<_>>(), ["1", "2"]);
        let filler = HeaderName::try_from(format!("x-filler-{filler}")).unwrap();
        headers.append(filler, HeaderValue::from_static(""));
    }
}
