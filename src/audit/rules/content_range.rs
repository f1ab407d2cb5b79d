use http::{HeaderMap, header::CONTENT_RANGE};

use crate::semantics::field::lines;

/// The value of `Content-Range` (RFC 9110, section 14.4).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ContentRange {
    pub(super) first: u64,
    last: u64,
    pub(super) complete: Option<u64>,
}

impl ContentRange {
    pub(super) fn of(response: &HeaderMap) -> Option<Self> {
        let line = lines::only(response, &CONTENT_RANGE)?.to_str().ok()?;
        let (unit, range) = line.trim().split_once(' ')?;
        let (range, complete) = range.trim().split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let range = Self {
            first: parse_digits(first)?,
            last: parse_digits(last)?,
            complete: match complete {
                "*" => None,
                complete => Some(parse_digits(complete)?),
            },
        };
        let is_valid = range.first <= range.last
            && range.complete.is_none_or(|complete| range.last < complete);
        (unit.eq_ignore_ascii_case("bytes") && is_valid).then_some(range)
    }

    /// Returns `true` if the range has all bytes.
    pub(super) fn is_whole(&self) -> bool {
        self.length() == self.complete && self.complete.is_some()
    }

    pub(super) fn length(&self) -> Option<u64> {
        (self.last - self.first).checked_add(1)
    }
}

fn parse_digits(text: &str) -> Option<u64> {
    let spelled = text.bytes().all(|byte| byte.is_ascii_digit());
    spelled.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn range(value: &'static str) -> Option<(u64, u64, Option<u64>)> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_RANGE, HeaderValue::from_static(value));
        ContentRange::of(&headers).map(|range| (range.first, range.last, range.complete))
    }

    #[test]
    fn a_content_range_is_read_strictly() {
        assert_eq!(range("bytes 0-4/10"), Some((0, 4, Some(10))));
        assert_eq!(range("Bytes 7-7/*"), Some((7, 7, None)));
        for other in [
            "bytes */10",
            "bytes 4-0/10",
            "bytes 0-10/10",
            "bytes 0-/10",
            "bytes +0-4/10",
            "bytes=0-4/10",
            "lines 0-4/10",
            "bytes 0-18446744073709551616/*",
            "bytes",
            "",
        ] {
            assert_eq!(range(other), None, "{other}");
        }
        let all = ContentRange {
            first: 0,
            last: u64::MAX,
            complete: None,
        };
        assert_eq!(all.length(), None);
    }
}
