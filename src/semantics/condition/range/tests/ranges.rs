use http::{
    HeaderMap, HeaderValue,
    header::{ACCEPT_ENCODING, RANGE},
};
use proptest::{collection::vec, prelude::*};

use super::{LIMITS, RangeLimits, headers, of_length, planned};

fn of_range(range: &'static str, length: u64) -> String {
    planned(&headers(&[range], &[]), &of_length(length), LIMITS)
}

/// R-9110-14.1.2-a, R-9110-14.2-c.
#[test]
fn ranges_are_inclusive_and_end_with_the_representation() {
    for (range, length, expected) in [
        ("bytes=0-0", 10, "0-0"),
        ("bytes=0-9", 10, "0-9"),
        ("bytes=3-5", 10, "3-5"),
        ("bytes=9-", 10, "9-9"),
        ("bytes=3-99", 10, "3-9"),
        ("bytes=10-", 10, "unsatisfiable"),
        ("bytes=10-20", 10, "unsatisfiable"),
        ("bytes=-1", 10, "9-9"),
        ("bytes=-10", 10, "0-9"),
        ("bytes=-99", 10, "0-9"),
        ("bytes=-0", 10, "unsatisfiable"),
        ("bytes=-0,-1", 10, "9-9"),
        ("bytes=0-", 1, "0-0"),
        ("bytes=1-", 1, "unsatisfiable"),
        ("bytes=0-", 0, "unsatisfiable"),
        ("bytes=-0", 0, "unsatisfiable"),
        ("bytes=-1", 0, "whole"),
        ("bytes=20-30,2-3", 10, "2-3"),
        (
            "bytes=-1",
            1 << 63,
            "9223372036854775807-9223372036854775807",
        ),
        ("bytes=0-", u64::MAX, "0-18446744073709551614"),
    ] {
        assert_eq!(of_range(range, length), expected, "{range} of {length}");
    }
}

/// R-9110-14.1.2-b.
#[test]
fn numbers_of_any_length_are_compared_and_never_overflow() {
    const HUGE: &str = "99999999999999999999999";
    for (range, expected) in [
        (format!("bytes=0-{HUGE}"), "0-9"),
        (format!("bytes=-{HUGE}"), "0-9"),
        (format!("bytes={HUGE}-"), "unsatisfiable"),
        (format!("bytes={HUGE}-{HUGE}"), "unsatisfiable"),
        (format!("bytes={HUGE}-{HUGE}0"), "unsatisfiable"),
        (format!("bytes={HUGE}0-{HUGE}"), "whole"),
        (format!("bytes={HUGE}-18446744073709551615"), "whole"),
        ("bytes=18446744073709551615-".to_owned(), "unsatisfiable"),
        (format!("bytes={:0>99}-{:0>50}", 1, 3), "1-3"),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, HeaderValue::try_from(&range).unwrap());
        assert_eq!(
            planned(&headers, &of_length(10), LIMITS),
            expected,
            "{range}"
        );
    }
}

/// R-9110-14.1.2-b, R-9110-14.2-a.
#[test]
fn invalid_ranges_and_other_units_are_ignored() {
    for range in [
        "bytes=9-1",
        "bytes=",
        "bytes",
        "bytes=,",
        "bytes= , ,",
        "bytes=-",
        "bytes=a-b",
        "bytes=0-1,x",
        "bytes=0-1,5-2",
        "bytes=+1-2",
        "bytes=1-2-3",
        "bytes=--1",
        "bytes=1 -2",
        "bytes=0-1;2-3",
        "bytes=\"0-1\"",
        "bytes =0-1",
        "bytes:0-1",
        "byte=0-1",
        "bytess=0-1",
        "lines=1-2",
        "0-1",
        "",
        "bytes=0x0-0x1",
        "none",
    ] {
        assert_eq!(of_range(range, 10), "whole", "{range:?}");
    }
    assert_eq!(planned(&headers(&[], &[]), &of_length(10), LIMITS), "whole");
    // `Range` is no list.
    let two = headers(&["bytes=0-1", "bytes=3-4"], &[]);
    assert_eq!(planned(&two, &of_length(10), LIMITS), "whole");
}

/// R-9110-14.2-a.
#[test]
fn the_unit_has_no_case_and_lists_have_white_space() {
    for range in [
        "Bytes=0-1",
        "BYTES=0-1",
        " bytes=0-1 ",
        "bytes= 0-1\t,",
        "bytes=,,0-1",
    ] {
        assert_eq!(of_range(range, 10), "0-1", "{range:?}");
    }
}

#[test]
fn parts_keep_the_order_of_the_request_and_overlaps_are_joined() {
    for (range, expected) in [
        ("bytes=0-0,2-2", "0-0,2-2"),
        ("bytes=8-9,0-1", "8-9,0-1"),
        ("bytes=0-1,2-3", "0-3"),
        ("bytes=2-3,0-1", "0-3"),
        ("bytes=5-6,0-1,6-8", "5-8,0-1"),
        ("bytes=0-0,9-9,5-5,0-5", "0-5,9-9"),
        ("bytes=0-0,2-2,4-4,0-9", "0-9"),
        ("bytes=0-,-1", "0-9"),
        ("bytes=0-0,-1", "0-0,9-9"),
    ] {
        assert_eq!(of_range(range, 10), expected, "{range}");
    }
}

#[test]
fn gaps_up_to_the_limit_are_joined() {
    let near = headers(&["bytes=0-0,3-3"], &[]);
    for (max_gap, expected) in [
        (0, "0-0,3-3"),
        (1, "0-0,3-3"),
        (2, "0-3"),
        (u64::MAX, "0-3"),
    ] {
        let limits = RangeLimits { max_gap, ..LIMITS };
        assert_eq!(
            planned(&near, &of_length(10), limits),
            expected,
            "{max_gap}"
        );
    }
}

/// R-9110-14.2-d.
#[test]
fn more_parts_than_the_limit_are_the_whole() {
    let parts = |number: u64| {
        let parts = (0..number).map(|at| format!("{}-{}", 2 * at, 2 * at));
        let line = format!("bytes={}", parts.collect::<Vec<_>>().join(","));
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, HeaderValue::try_from(line).unwrap());
        planned(&headers, &of_length(1000), LIMITS)
    };
    assert_eq!(parts(16).split(',').count(), 16);
    assert_eq!(parts(17), "whole");
    // A thousand ranges of one byte overlap.
    let line = format!("bytes={}0-0", "0-0,".repeat(999));
    let mut headers = HeaderMap::new();
    headers.insert(RANGE, HeaderValue::try_from(line).unwrap());
    assert_eq!(planned(&headers, &of_length(1000), LIMITS), "0-0");
}

/// R-9110-14.1.2-c: one part has `Content-Range`, and layers that compress pass it.
#[test]
fn several_parts_that_could_be_coded_are_the_whole() {
    for (accepted, several) in [
        ("gzip", "whole"),
        ("identity, br;q=0.1", "whole"),
        ("*", "whole"),
        ("gzip;q=oops", "whole"),
        ("identity", "0-0,9-9"),
        ("gzip;q=0, *;q=0", "0-0,9-9"),
        ("", "0-0,9-9"),
    ] {
        for (range, expected) in [
            ("bytes=0-0,9-9", several),
            ("bytes=0-0,1-1", "0-1"),
            ("bytes=0-0,99-", "0-0"),
            ("bytes=3-4", "3-4"),
            ("bytes=99-,98-", "unsatisfiable"),
        ] {
            let mut headers = headers(&[range], &[]);
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(accepted));
            let found = planned(&headers, &of_length(10), LIMITS);
            assert_eq!(found, expected, "{range}, {accepted}");
        }
    }
}

/// Every pair of positions up to 12, and every suffix.
#[test]
fn parts_are_the_slices_of_the_whole() {
    let content: Vec<u8> = (0..10).collect();
    for length in [0, 1, 10] {
        let content = &content[..length];
        for first in 0..=12 {
            let mut lines = vec![(format!("bytes={first}-"), content.get(first..))];
            let suffix = &content[length.saturating_sub(first)..];
            lines.push((format!("bytes=-{first}"), Some(suffix)));
            for last in first..=12 {
                let slice = content.get(first..length.min(last + 1));
                lines.push((format!("bytes={first}-{last}"), slice));
            }
            for (line, slice) in lines {
                let mut headers = HeaderMap::new();
                headers.insert(RANGE, HeaderValue::try_from(&line).unwrap());
                let found = planned(&headers, &of_length(length as u64), LIMITS);
                let expected = slice
                    .filter(|slice| !slice.is_empty())
                    .map(|slice| format!("{}-{}", slice[0], slice[slice.len() - 1]));
                // The end of an empty representation is satisfiable, and has no `Content-Range`.
                let is_end_of_nothing = length == 0 && first > 0 && line.contains("=-");
                let otherwise = if is_end_of_nothing {
                    "whole"
                } else {
                    "unsatisfiable"
                };
                let expected = expected.unwrap_or_else(|| otherwise.to_owned());
                assert_eq!(found, expected, "{line} of {length}");
            }
        }
    }
}

proptest! {
    /// The bytes of several parts are those that were asked for, each once.
    #[test]
    fn several_parts_cover_what_was_asked_for(
        asked in vec((0_u64..13, 0_u64..13), 1..8),
        length in prop_oneof![Just(0_u64), Just(1), Just(10)],
    ) {
        let ranges: Vec<_> = asked.iter().map(|(a, b)| (*a.min(b), *a.max(b))).collect();
        let line: Vec<_> = ranges.iter().map(|(first, last)| format!("{first}-{last}")).collect();
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, HeaderValue::try_from(format!("bytes={}", line.join(","))).unwrap());
        let found = planned(&headers, &of_length(length), LIMITS);

        let mut wanted: Vec<u64> = (0..length)
            .filter(|at| ranges.iter().any(|(first, last)| first <= at && at <= last))
            .collect();
        if found == "unsatisfiable" {
            prop_assert!(wanted.is_empty());
            return Ok(());
        }
        let parts = found.split(',').map(|part| part.split_once('-').unwrap());
        let mut sent: Vec<u64> = parts
            .flat_map(|(first, last)| first.parse().unwrap()..=last.parse().unwrap())
            .collect();
        sent.sort_unstable();
        wanted.sort_unstable();
        prop_assert_eq!(sent, wanted);
    }
}
