use std::{error::Error, fmt};

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

/// A directive in a configuration that is no standard one, and that was not
/// allowed by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownDirective {
    name: String,
    nearest: Option<&'static str>,
}

impl UnknownDirective {
    pub(super) fn in_response(name: &[u8]) -> Self {
        Self::new(name, &RESPONSE)
    }

    pub(super) fn in_request(name: &[u8]) -> Self {
        Self::new(name, &REQUEST)
    }

    fn new(name: &[u8], known: &[&'static str]) -> Self {
        let name = String::from_utf8_lossy(name).into_owned();
        let lower = name.to_ascii_lowercase();
        // A letter in three may be wrong, and one in any case.
        let most = (lower.len() / 3).max(1);
        let distances = known.iter().map(|known| (distance(&lower, known), *known));
        let nearest = distances.min().filter(|(distance, _)| *distance <= most);
        Self {
            nearest: nearest.map(|(_, known)| known),
            name,
        }
    }

    /// The name, in the case in which it was written.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The standard directive whose name looks most like it, if one does.
    #[must_use]
    pub fn nearest(&self) -> Option<&'static str> {
        self.nearest
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

impl fmt::Display for UnknownDirective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown directive {:?}: ", self.name)?;
        match self.nearest {
            Some(nearest) => write!(f, "did you mean {nearest:?}?"),
            None => f.write_str("an extension has to be allowed by name"),
        }
    }
}

impl Error for UnknownDirective {}
