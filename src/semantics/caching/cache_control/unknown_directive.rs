//! Errors for unknown directives, with the standard directive that was probably meant.

use super::InvalidCachePolicy;

const RESPONSE_DIRECTIVES: [&str; 13] = [
    "max-age",
    "s-maxage",
    "no-cache",
    "no-store",
    "private",
    "public",
    "must-revalidate",
    "proxy-revalidate",
    "must-understand",
    "no-transform",
    "immutable",
    "stale-while-revalidate",
    "stale-if-error",
];
const REQUEST_DIRECTIVES: [&str; 8] = [
    "max-age",
    "max-stale",
    "min-fresh",
    "no-cache",
    "no-store",
    "no-transform",
    "only-if-cached",
    "stale-if-error",
];

/// Returns the error for an unknown directive of a response.
pub(super) fn unknown_in_response(name: &[u8]) -> InvalidCachePolicy {
    unknown_directive(name, &RESPONSE_DIRECTIVES)
}

/// Returns the error for an unknown directive of a request.
pub(super) fn unknown_in_request(name: &[u8]) -> InvalidCachePolicy {
    unknown_directive(name, &REQUEST_DIRECTIVES)
}

fn unknown_directive(name: &[u8], known: &[&'static str]) -> InvalidCachePolicy {
    let name = String::from_utf8_lossy(name).into_owned();
    let lower = name.to_ascii_lowercase();
    // One letter in three may be wrong, and at least one.
    let max_distance = (lower.len() / 3).max(1);
    let distances = known
        .iter()
        .map(|known| (edit_distance(&lower, known), *known));
    let nearest = distances
        .min()
        .filter(|(distance, _)| *distance <= max_distance);
    InvalidCachePolicy::Unknown {
        nearest: nearest.map(|(_, known)| known),
        name,
    }
}

/// Returns the number of letters to insert, delete or replace (the Levenshtein distance).
fn edit_distance(name: &str, known: &str) -> usize {
    let known = known.as_bytes();
    // One row of the matrix: the distances from the letters so far to each prefix of `known`.
    let mut row: Vec<usize> = (0..=known.len()).collect();
    for (before, letter) in name.bytes().enumerate() {
        let mut diagonal = before;
        row[0] = before + 1;
        for (at, other) in known.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[at + 1];
            row[at + 1] = replaced.min(diagonal + 1).min(row[at] + 1);
        }
    }
    row[known.len()]
}
