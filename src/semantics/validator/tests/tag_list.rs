use http::HeaderValue;
use proptest::{collection::vec, prelude::*};

use super::{tags_in, text};
use crate::semantics::{
    proptests::strategies::{junk, lines, padding, separator, tag, value},
    tests::values,
    validator::{TagMember, entity_tags},
};

/// Returns the text of each member. A malformed one has the prefix `!`.
fn tags(lines: &[&[u8]]) -> Vec<Vec<u8>> {
    entity_tags(&values(lines))
        .map(|member| match member {
            TagMember::Tag(tag) => {
                let weak: &[u8] = if tag.is_weak() { b"W/" } else { b"" };
                [weak, tag.opaque()].concat()
            }
            TagMember::Malformed(junk) => [b"!", junk].concat(),
        })
        .collect()
}

fn one_line(bytes: &[u8]) -> [HeaderValue; 1] {
    [HeaderValue::from_bytes(bytes).expect("a field value")]
}

/// R-9110-5.6.1.2-a, R-9110-13.1.2-d: a malformed member affects no other member.
#[test]
fn lists_are_split_into_tags() {
    type Lines<'a> = &'a [&'a [u8]];
    let table: &[(Lines<'_>, Lines<'_>)] = &[
        (&[], &[]),
        (&[b""], &[]),
        (&[b" ,\t, "], &[]),
        (&[b"\"a\""], &[b"a"]),
        (&[b"\"a\",\"b\""], &[b"a", b"b"]),
        (&[b"\"a\",,\t\"b\" ,"], &[b"a", b"b"]),
        (&[b"W/\"a\" , \"b\""], &[b"W/a", b"b"]),
        (&[b"\"a\"", b"\"b\", \"c\""], &[b"a", b"b", b"c"]),
        (&[b"\"p,q\",\",\",\"\""], &[b"p,q", b",", b""]),
        (&[b"W/\"p,q\",\"r\""], &[b"W/p,q", b"r"]),
        (&[b"\"a\\\",\"b\""], &[b"a\\", b"b"]),
        (&[b"\"\xe9\", \"\x80\xff\""], &[b"\xe9", b"\x80\xff"]),
        (&[b"a, \"b\""], &[b"!a", b"b"]),
        (&[b"*"], &[b"!*"]),
        (&[b"*, \"b\""], &[b"!*", b"b"]),
        (&[b"w/\"a\", \"b\""], &[b"!w/\"a\"", b"b"]),
        (&[b"W/ \"a\", \"b\""], &[b"!W/ \"a\"", b"b"]),
        (&[b"\"a b\", \"c\""], &[b"!\"a b\"", b"c"]),
        (&[b"\"a b, c\", \"d\""], &[b"!\"a b, c\"", b"d"]),
        (&[b"\"a\" \"b\", \"c\""], &[b"!\"a\" \"b\"", b"c"]),
        (&[b"\"a\"x, \"c\""], &[b"!\"a\"x", b"c"]),
        (&[b"x\"a\", \"c\""], &[b"!x\"a\"", b"c"]),
        (&[b"x\", \"c\""], &[b"!x\"", b"c"]),
        // An unclosed quote extends to the end of its line.
        (&[b"\"a", b"\"b\""], &[b"!\"a", b"b"]),
        (&[b"\"c\", \"a, b", b"\"d\""], &[b"c", b"!\"a, b", b"d"]),
        (&[b"W/\"", b"\"b\""], &[b"!W/\"", b"b"]),
    ];
    for (lines, expected) in table {
        assert_eq!(tags(lines), *expected, "{:?}", values(*lines));
    }
}

/// R-9110-13.1.2-d: the time is linear. Each step consumes at least one byte, so 64 KiB of
/// malformed text take no noticeable time.
#[test]
fn long_malformed_lists_take_linear_time() {
    const LENGTH: usize = 64 * 1024;
    for pattern in [
        ",", "\"", "\",", "W/", "W/\"", "\"a\"", " ", "\t,", "a,", "\\", "\"\\",
    ] {
        let line = pattern.repeat(LENGTH / pattern.len());
        let lines = values([&line]);
        let commas = line.matches(',').count();
        assert!(entity_tags(&lines).count() <= commas + 1, "{pattern}");
    }
}

/// R-9110-13.1.2-d: a list has no maximum length.
#[test]
fn ten_thousand_tags_are_all_found() {
    let line: String = (0..10_000).map(|number| format!("\"{number}\",")).collect();
    let lines = values([&line]);
    let found = entity_tags(&lines).filter(|member| matches!(member, TagMember::Tag(_)));
    assert_eq!(found.count(), 10_000);
}

proptest! {
    /// R-9110-5.6.1.2-a: white space, empty members and lines make no
    /// difference.
    #[test]
    fn a_list_is_split_into_its_tags(
        list in vec(vec((tag(), separator()), 0..6), 0..4),
        start in padding(),
    ) {
        let lines: Vec<HeaderValue> = list
            .iter()
            .map(|line| {
                let mut bytes = start.clone();
                for (tag, separator) in line {
                    bytes.extend_from_slice(tag.as_header_value().as_bytes());
                    bytes.extend_from_slice(separator);
                }
                HeaderValue::from_bytes(&bytes).expect("a field value")
            })
            .collect();
        let made_of: Vec<_> = list.iter().flatten().map(|(tag, _)| text(tag.as_ref())).collect();
        prop_assert_eq!(entity_tags(&lines).count(), made_of.len());
        prop_assert_eq!(tags_in(&lines), made_of);
    }

    /// R-9110-13.1.2-d: a malformed member does not affect those beside it.
    #[test]
    fn a_malformed_member_affects_no_other(before in tag(), junk in junk(), after in tag()) {
        let [before_text, after_text] =
            [&before, &after].map(|tag| tag.as_header_value().as_bytes());
        let line = one_line(&[before_text, b",", &junk, b", ", after_text].concat());
        prop_assert_eq!(tags_in(&line), [text(before.as_ref()), text(after.as_ref())]);
        prop_assert_eq!(entity_tags(&line).count(), 3);
    }

    /// R-9110-13.1.2-d: a malformed line does not affect the next one.
    #[test]
    fn a_malformed_line_affects_no_other(junk in value(), tag in tag()) {
        let alone = tags_in(std::slice::from_ref(&junk));
        let both = tags_in(&[junk, tag.as_header_value().clone()]);
        prop_assert_eq!(both, [alone, vec![text(tag.as_ref())]].concat());
    }

    #[test]
    fn malformed_tags_are_trimmed_and_not_empty(lines in lines()) {
        let is_ows = |byte: Option<&u8>| byte.is_some_and(|byte| b" \t".contains(byte));
        for member in entity_tags(&lines) {
            if let TagMember::Malformed(junk) = member {
                prop_assert!(!junk.is_empty());
                prop_assert!(!is_ows(junk.first()) && !is_ows(junk.last()));
            }
        }
    }
}
