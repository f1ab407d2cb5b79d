//! `Content-Length` (RFC 9110, section 8.6).

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header::CONTENT_LENGTH};

use super::{lines, list::trim_ows};

/// Whether any line of the field says something else than `length`.
pub(crate) fn contradicts(headers: &HeaderMap, length: u64) -> bool {
    lines::lines(headers, &CONTENT_LENGTH).any(|value| parse(value) != Some(length))
}

/// How many bytes the head of a message announces.
pub(crate) fn announced(headers: &HeaderMap) -> Option<u64> {
    lines::first(headers, &CONTENT_LENGTH).and_then(parse)
}

/// How many bytes of content a `GET` would be sent, as far as is known from
/// the head of a response and the exact size of its body.
///
/// `silent` says that the service may have left content out, as it may in
/// answer to a `HEAD`: then no content shows no length.
pub(crate) fn of_get(
    status: StatusCode,
    headers: &HeaderMap,
    exact: Option<u64>,
    silent: bool,
) -> Option<u64> {
    if let Some(value) = lines::first(headers, &CONTENT_LENGTH) {
        return parse(value);
    }
    match status {
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED => None,
        _ => exact.filter(|length| *length > 0 || !silent),
    }
}

/// Takes away from a 304 a length of nothing: that of the 304 itself, which a
/// framework wrote, where the field stands for the length of the 200.
pub(crate) fn disclaim<B>(response: &mut Response<B>) {
    if response.status() == StatusCode::NOT_MODIFIED && announced(response.headers()) == Some(0) {
        response.headers_mut().remove(CONTENT_LENGTH);
    }
}

/// Sets the field, if the length is known.
pub(crate) fn set(headers: &mut HeaderMap, length: Option<u64>) {
    if let Some(length) = length {
        headers.insert(CONTENT_LENGTH, decimal(length));
    }
}

pub(crate) fn parse(value: &HeaderValue) -> Option<u64> {
    let digits = trim_ows(value.as_bytes());
    let spelled = digits.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(digits).ok().filter(|_| spelled)?;
    text.parse().ok()
}

/// All numbers of three digits, one after the other.
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

/// `HeaderValue::from(u64)` allocates twice. This allocates once, and not at all for the
/// length of a refusal.
fn decimal(mut number: u64) -> HeaderValue {
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
    let mut digits = [b'0'; 20];
    let mut start = digits.len();
    while start == digits.len() || number > 0 {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    HeaderValue::from_bytes(&digits[start..]).expect(DIGITS_ARE_VISIBLE)
}

const DIGITS_ARE_VISIBLE: &str = "digits are visible ASCII";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_and_read_in_full() {
        for number in (0..1100).chain([1_048_576, u64::MAX]) {
            assert_eq!(decimal(number), number.to_string());
            assert_eq!(parse(&decimal(number)), Some(number));
        }
        for other in ["", "+1", "-1", "1 2", "0x1", "18446744073709551616"] {
            assert_eq!(parse(&HeaderValue::from_static(other)), None, "{other}");
        }
    }

    /// R-9110-8.6-a.
    #[test]
    fn a_missing_body_shows_no_length() {
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
