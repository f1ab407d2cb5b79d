use super::values;
use crate::semantics::validator::{TagMember, entity_tags};

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
