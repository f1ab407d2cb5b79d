//! HTTP dates, compared with the parser `httpdate`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tower_conditional::validator::HttpDate;
use tower_conditional_fuzz::number;

fuzz_target!(|data: &[u8]| {
    let (seconds, text) = number(data);
    let now = HttpDate::from_unix_seconds(seconds.cast_signed());
    assert_eq!(HttpDate::parse(now.to_string().as_bytes(), now), Some(now));

    let read = HttpDate::parse(text, now);
    if let Some(date) = read {
        assert_eq!(
            HttpDate::parse(date.to_string().as_bytes(), now),
            Some(date)
        );
    }
    // Both parsers agree on the forms with four digits for the year.
    if let Ok(text) = std::str::from_utf8(text)
        && matches!(text.len(), 24 | 29)
        && text == text.trim()
        && let Ok(other) = httpdate::parse_http_date(text)
    {
        assert_eq!(read, Some(HttpDate::from(other)));
    }
});
