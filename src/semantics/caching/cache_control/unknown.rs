use super::InvalidCachePolicy;

const RESPONSE: [&str; 13] = [
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
const REQUEST: [&str; 8] = [
    "max-age",
    "max-stale",
    "min-fresh",
    "no-cache",
    "no-store",
    "no-transform",
    "only-if-cached",
    "stale-if-error",
];

/// Refuses a directive of a response.
pub(super) fn in_response(name: &[u8]) -> InvalidCachePolicy {
    refuse(name, &RESPONSE)
}

/// Refuses a directive of a request.
pub(super) fn in_request(name: &[u8]) -> InvalidCachePolicy {
    refuse(name, &REQUEST)
}

fn refuse(name: &[u8], known: &[&'static str]) -> InvalidCachePolicy {
    let name = String::from_utf8_lossy(name).into_owned();
    let lower = name.to_ascii_lowercase();
    // A letter in three may be wrong, and one in any case.
    let most = (lower.len() / 3).max(1);
    let distances = known.iter().map(|known| (distance(&lower, known), *known));
    let nearest = distances.min().filter(|(distance, _)| *distance <= most);
    InvalidCachePolicy::Unknown {
        nearest: nearest.map(|(_, known)| known),
        name,
    }
}

/// How many letters have to be added, left out or replaced.
fn distance(name: &str, known: &str) -> usize {
    let known = known.as_bytes();
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
