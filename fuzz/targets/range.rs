//! `Range` and `If-Range`: the parts are disjoint and lie in the representation. They have exactly the
//! bytes that a naive reading selects, however often a set repeats them.

#![no_main]

use http::{
    HeaderMap, HeaderValue, Method,
    header::{IF_RANGE, RANGE},
};
use libfuzzer_sys::fuzz_target;
use tower_conditional::{
    EntityTag, Validators,
    fuzzing::{ByteRange, Plan, RangeLimits, plan_ranges},
    validator::HttpDate,
};
use tower_conditional_fuzz::{fields, number};

const METHODS: [Method; 3] = [Method::GET, Method::HEAD, Method::PUT];
const DATE: HttpDate = HttpDate::from_unix_seconds(784_111_777);
/// The length of the longest set, of 1,000 copies of a member, or of 64 KiB of commas.
const LONGEST: usize = 64 * 1024;

fuzz_target!(|data: &[u8]| {
    let [method, parts, copies, small, data @ ..] = data else {
        return;
    };
    let (length, data) = number(data);
    // Small lengths are compared byte by byte.
    let length = if small % 2 == 0 {
        length % 64
    } else {
        length.min(u64::MAX - 1)
    };
    let limits = RangeLimits {
        max_parts: usize::from(parts % 20),
        max_gap: u64::from(*small / 2 % 4) * 40,
    };
    let mut headers = fields(&[RANGE, IF_RANGE], data);
    repeat(&mut headers, usize::from(*copies) * 4);
    let validators = Validators::new()
        .with_etag(EntityTag::strong("v").unwrap())
        .with_last_modified(DATE);
    let made = HttpDate::from_unix_seconds(784_111_777 + i64::from(parts % 3));
    let method = METHODS.get(usize::from(*method)).unwrap_or(&Method::GET);

    let plan = plan_ranges(&headers, method, length, &validators, Some(made), limits);
    if *method != Method::GET || headers.get_all(RANGE).iter().count() != 1 {
        assert!(matches!(plan, Plan::Whole));
    }
    let set = headers.get(RANGE).and_then(naive);
    let mut ranges: Vec<ByteRange> = match plan {
        Plan::Whole => return,
        Plan::Parts(ranges) => ranges.as_slice().to_vec(),
        Plan::Unsatisfiable => Vec::new(),
    };
    let set = set.expect("a well-formed set");
    assert!(ranges.len() <= limits.max_parts);
    ranges.sort_unstable_by_key(|range| range.first());
    assert!(
        ranges
            .iter()
            .all(|range| range.first() <= range.last() && range.last() < length)
    );
    let gaps = ranges
        .windows(2)
        .map(|pair| pair[1].first() - pair[0].last() - 1);
    assert!(
        gaps.min().is_none_or(|gap| gap > limits.max_gap),
        "{ranges:?}"
    );

    let is_selected = |at: u64| {
        let at = u128::from(at);
        set.iter().any(|(first, last)| match first {
            Some(first) => *first <= at && at <= *last,
            None => at.saturating_add(*last) >= u128::from(length),
        })
    };
    if small % 2 == 0 {
        for at in 0..length {
            let is_sent = ranges
                .iter()
                .any(|range| (range.first()..=range.last()).contains(&at));
            assert!(is_sent || !is_selected(at), "{at} is missing");
            assert!(
                !is_sent || is_selected(at) || limits.max_gap > 0,
                "{at} is too much"
            );
        }
    }
    // Each part begins and ends with a byte that was selected.
    for range in ranges {
        assert!(is_selected(range.first()) && is_selected(range.last()));
    }
});

/// Appends copies of the members of `Range` to it.
fn repeat(headers: &mut HeaderMap, copies: usize) {
    let Some(value) = headers.get(RANGE).cloned() else {
        return;
    };
    let Some(equals) = value.as_bytes().iter().position(|byte| *byte == b'=') else {
        return;
    };
    let members = &value.as_bytes()[equals + 1..];
    let mut longer = value.as_bytes().to_vec();
    for _ in 0..copies {
        if longer.len() + members.len() >= LONGEST {
            break;
        }
        longer.push(b',');
        longer.extend_from_slice(members);
    }
    // With one line more, all lines would count as none.
    if headers.get_all(RANGE).iter().count() == 1 {
        headers.insert(RANGE, HeaderValue::from_bytes(&longer).unwrap());
    }
}

/// Reads a set of ranges. The first position is missing if the last one counts from the end.
/// Numbers beyond 128 bits are the largest.
fn naive(value: &HeaderValue) -> Option<Vec<(Option<u128>, u128)>> {
    let text = value.to_str().ok()?;
    let (unit, set) = text.trim_matches([' ', '\t']).split_once('=')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    let is_number = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit());
    let number = |digits: &str| digits.parse().unwrap_or(u128::MAX);
    let mut ranges = Vec::new();
    for member in set
        .split(',')
        .map(|member| member.trim_matches([' ', '\t']))
    {
        if member.is_empty() {
            continue;
        }
        let (first, last) = member.split_once('-')?;
        if !is_number(first) || !is_number(last) || first.len() + last.len() == 0 {
            return None;
        }
        let last_position = if last.is_empty() {
            u128::MAX
        } else {
            number(last)
        };
        let is_beyond = |digits: &str| number(digits) == u128::MAX;
        if !first.is_empty() && last_position < number(first) && !is_beyond(first) {
            return None;
        }
        ranges.push(((!first.is_empty()).then(|| number(first)), last_position));
    }
    (!ranges.is_empty()).then_some(ranges)
}
