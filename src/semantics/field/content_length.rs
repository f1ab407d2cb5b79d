//! `Content-Length` (RFC 9110, section 8.6).

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header::CONTENT_LENGTH};

use super::{lines, list::trim_ows};

/// Returns `true` if any line of the header differs from `length`.
pub(crate) fn contradicts(headers: &HeaderMap, length: u64) -> bool {
    lines::lines(headers, &CONTENT_LENGTH).any(|value| parse(value) != Some(length))
}

/// Returns the content length that the header declares, if it is valid.
pub(crate) fn declared_length(headers: &HeaderMap) -> Option<u64> {
    lines::first(headers, &CONTENT_LENGTH).and_then(parse)
}

/// Returns `true` if a response has no content, whatever its headers say (RFC 9110, section 6.4.1).
pub(crate) fn never_has_content(method: &Method, status: StatusCode) -> bool {
    *method == Method::HEAD
        || status.is_informational()
        || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
        // A tunnel begins (RFC 9110, section 9.3.6).
        || *method == Method::CONNECT && status.is_success()
}

/// Returns the length of the content that a `GET` would receive, if it is known.
///
/// The length comes from the header, or else from `exact`, the exact size of the body. Set
/// `may_omit_content` for a response to `HEAD`: its empty body then does not show the length.
pub(crate) fn of_get(
    status: StatusCode,
    headers: &HeaderMap,
    exact: Option<u64>,
    may_omit_content: bool,
) -> Option<u64> {
    if let Some(value) = lines::first(headers, &CONTENT_LENGTH) {
        return parse(value);
    }
    match status {
        // A 204 has no content, and the empty body of a 304 does not show the length of the
        // 200.
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED => None,
        _ => exact.filter(|length| *length > 0 || !may_omit_content),
    }
}

/// Removes `Content-Length: 0` from a 304.
///
/// Some frameworks write it for the empty body, but on a 304 it means the length of the 200
/// (RFC 9110, section 8.6).
pub(crate) fn remove_zero_length_from_304<B>(response: &mut Response<B>) {
    if response.status() == StatusCode::NOT_MODIFIED
        && declared_length(response.headers()) == Some(0)
    {
        response.headers_mut().remove(CONTENT_LENGTH);
    }
}

/// Sets the header if the length is known.
pub(crate) fn set(headers: &mut HeaderMap, length: Option<u64>) {
    if let Some(length) = length {
        headers.insert(CONTENT_LENGTH, decimal(length));
    }
}

/// Parses one line of the header. Returns `None` if it is not a number of at most 64 bits.
pub(crate) fn parse(value: &HeaderValue) -> Option<u64> {
    let digits = trim_ows(value.as_bytes());
    // `u64::from_str` would accept a sign.
    let only_digits = digits.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(digits).ok().filter(|_| only_digits)?;
    text.parse().ok()
}

/// The numbers from 000 to 999, one after the other.
static DIGITS: [u8; 3000] = {
    let mut digits = [0; 3000];
    let mut number = 0;
    while number < 1000 {
        digits[3 * number] = b'0' + (number / 100) as u8;
        digits[3 * number + 1] = b'0' + (number / 10 % 10) as u8;
        digits[3 * number + 2] = b'0' + (number % 10) as u8;
        number += 1;
    }
    digits
};

/// Formats a number as a header value, with one allocation, or none below 1,000.
///
/// `HeaderValue::from(u64)` allocates twice. Refusals are shorter than 1,000 bytes.
fn decimal(number: u64) -> HeaderValue {
    if number < 1000 {
        let start = 3 * number as usize;
        let leading = match number {
            0..10 => 2,
            10..100 => 1,
            _ => 0,
        };
        let digits = Bytes::from_static(&DIGITS[start + leading..start + 3]);
        return HeaderValue::from_maybe_shared(digits).expect(DIGITS_ARE_VISIBLE);
    }
    let mut digits = [0; MAX_DIGITS];
    let start = write_digits(&mut digits, MAX_DIGITS, number);
    HeaderValue::from_bytes(&digits[start..]).expect(DIGITS_ARE_VISIBLE)
}

/// The digits of the largest number of 64 bits.
pub(crate) const MAX_DIGITS: usize = 20;

/// Writes the digits of a number before `end`, and returns the place of the first digit.
pub(crate) fn write_digits(text: &mut [u8], end: usize, mut number: u64) -> usize {
    let mut start = end;
    loop {
        start -= 1;
        text[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return start;
        }
    }
}

const DIGITS_ARE_VISIBLE: &str = "digits are visible ASCII";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_parses_back_and_other_text_does_not() {
        for number in (0..1100).chain([1_048_576, u64::MAX]) {
            assert_eq!(decimal(number), number.to_string());
            assert_eq!(parse(&decimal(number)), Some(number));
        }
        for other in ["", "+1", "-1", "1 2", "0x1", "18446744073709551616"] {
            assert_eq!(parse(&HeaderValue::from_static(other)), None, "{other}");
        }
    }

    /// A 304 with this length would describe an empty 200. Other statuses keep it.
    #[test]
    fn a_length_of_zero_is_removed_from_a_304_only() {
        for (status, length, kept) in [(304, "0", false), (304, "5", true), (200, "0", true)] {
            let mut response = Response::new(());
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            let value = HeaderValue::from_static(length);
            response.headers_mut().insert(CONTENT_LENGTH, value);
            remove_zero_length_from_304(&mut response);
            let found = response.headers().contains_key(CONTENT_LENGTH);
            assert_eq!(found, kept, "{status} {length}");
        }
    }

    /// R-9110-8.6-a.
    #[test]
    fn an_omitted_body_has_no_known_length() {
        let mut headers = HeaderMap::new();
        let (ok, none) = (StatusCode::OK, StatusCode::NO_CONTENT);
        assert_eq!(of_get(ok, &headers, Some(5), true), Some(5));
        assert_eq!(of_get(ok, &headers, Some(0), false), Some(0));
        assert_eq!(of_get(ok, &headers, Some(0), true), None);
        assert_eq!(of_get(ok, &headers, None, false), None);
        assert_eq!(of_get(none, &headers, Some(0), false), None);
        set(&mut headers, Some(7));
        assert_eq!(of_get(ok, &headers, Some(0), true), Some(7));
        assert!(contradicts(&headers, 8) && !contradicts(&headers, 7));
    }
}
