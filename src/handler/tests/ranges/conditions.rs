//! Ranges beside conditions and `If-Range`.

use super::{
    super::{DATE, EARLIER},
    Answer, get, ranges, respond, tag,
};
use crate::semantics::{
    field::HttpDate,
    validator::{RepeatedFields, Validators},
};

/// R-9110-14.2-b: the layer outside makes a 304 or a 412 of the 200.
#[test]
fn a_false_condition_wins_over_416() {
    for condition in [("if-none-match", "\"v1\""), ("if-match", "\"v0\"")] {
        let answer = get(&[("range", "bytes=36000-"), condition]);
        assert_eq!(answer.response.status(), 200, "{condition:?}");
    }
    let answer = get(&[("range", "bytes=36000-"), ("if-match", "\"v1\"")]);
    assert_eq!(answer.response.status(), 416);
}

/// R-9110-14.2-b: a 206 after `If-Range` has no date, which the layer outside would compare.
#[test]
fn a_false_condition_wins_over_a_part_without_metadata() {
    let parse = |date: &str| HttpDate::parse(date.as_bytes(), HttpDate::EPOCH).expect("a date");
    let validators = || Validators::from(tag()).with_last_modified(parse(DATE));
    let part = [("range", "bytes=5-9"), ("if-range", "\"v1\"")];
    for (condition, status) in [
        (("if-modified-since", DATE), 200),
        (("if-unmodified-since", EARLIER), 200),
        (("if-modified-since", EARLIER), 206),
        (("if-unmodified-since", DATE), 206),
    ] {
        let fields = [part[0], part[1], condition];
        let answer = respond(&ranges("GET", &fields), validators());
        assert_eq!(answer.response.status(), status, "{condition:?}");
        let dated = answer.response.headers().contains_key("last-modified");
        assert_eq!(dated, status == 200);
    }
}

/// R-9110-13.1.5-c, R-9110-15.3.7-a.
#[test]
fn a_date_continues_a_download_without_metadata() {
    let parse = |date: &str| HttpDate::parse(date.as_bytes(), HttpDate::EPOCH).expect("a date");
    let validators = || {
        let repeated = RepeatedFields::new().with_cache_control(&"max-age=9".parse().expect("one"));
        Validators::new()
            .with_last_modified(parse(DATE))
            .with_repeated(repeated)
    };
    for (date, is_part) in [(DATE, true), (EARLIER, false)] {
        let ranges = ranges("GET", &[("range", "bytes=5-9"), ("if-range", date)]);
        let Answer { response, asked } = respond(&ranges, validators());
        let headers = response.headers();
        assert_eq!(headers["cache-control"], "max-age=9");
        assert_eq!(headers.contains_key("last-modified"), !is_part);
        assert_eq!(headers.contains_key("content-type"), !is_part);
        assert_eq!(asked, [if is_part { (5, 9) } else { (0, 35_999) }]);
    }
}
