use super::values;
use crate::semantics::{
    field::list::members,
    validator::{TagMember, entity_tags},
};

/// R-9110-5.6.1.2-a: what a member of a plain list is.
#[test]
fn members_of_plain_lists() {
    let table: &[(&[&str], &[&str])] = &[
        (&[], &[]),
        (&[""], &[]),
        (&[" \t "], &[]),
        (&[",,,"], &[]),
        (&["a"], &["a"]),
        (&["a,b"], &["a", "b"]),
        (&[" a\t,\t b ,"], &["a", "b"]),
        (&[",a,, ,b"], &["a", "b"]),
        (&["a b, c"], &["a b", "c"]),
        (&["a", "b"], &["a", "b"]),
        (&["a,", "", ",b"], &["a", "b"]),
        (&["x=\"a,b\", c"], &["x=\"a,b\"", "c"]),
        (&["x=\"a\\\",b\", c"], &["x=\"a\\\",b\"", "c"]),
        (&["x=\"a\\\\\", c"], &["x=\"a\\\\\"", "c"]),
        (&["\"\",\"\""], &["\"\"", "\"\""]),
        (&["a\\,b"], &["a\\", "b"]),
        // Outside of quotes a backslash is a byte, after some too.
        (&["\"a\"\\,b"], &["\"a\"\\", "b"]),
        // An open quote takes the rest of its line, and no more.
        (&["x=\"a, b", "c"], &["x=\"a, b", "c"]),
        (&["x=\"a\\", "b\", c"], &["x=\"a\\", "b\", c"]),
    ];
    for (lines, expected) in table {
        let lines = values(lines.iter());
        let found: Vec<&[u8]> = members(&lines).collect();
        let expected: Vec<&[u8]> = expected.iter().map(|member| member.as_bytes()).collect();
        assert_eq!(found, expected, "{lines:?}");
    }
}

/// The text of each member; one that is malformed has a `!` before it.
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

/// R-9110-5.6.1.2-a and R-9110-13.1.2-d.
#[test]
fn members_of_tag_lists() {
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
        // A quote that never closes takes the rest of its line, and no more.
        (&[b"\"a", b"\"b\""], &[b"!\"a", b"b"]),
        (&[b"\"c\", \"a, b", b"\"d\""], &[b"c", b"!\"a, b", b"d"]),
        (&[b"W/\"", b"\"b\""], &[b"!W/\"", b"b"]),
    ];
    for (lines, expected) in table {
        assert_eq!(tags(lines), *expected, "{:?}", values(*lines));
    }
}

/// R-9110-13.1.2-d: work grows with the input and not with its square. Each
/// step takes at least one byte away, and junk of 64 KiB is done.
#[test]
fn long_junk_is_read_in_one_pass() {
    const LENGTH: usize = 64 * 1024;
    for pattern in [
        ",", "\"", "\",", "W/", "W/\"", "\"a\"", " ", "\t,", "a,", "\\", "\"\\",
    ] {
        let line = pattern.repeat(LENGTH / pattern.len());
        let lines = values([&line]);
        let commas = line.matches(',').count();
        assert!(entity_tags(&lines).count() <= commas + 1, "{pattern}");
        assert!(members(&lines).count() <= commas + 1, "{pattern}");
    }
}

/// R-9110-13.1.2-d.
#[test]
fn ten_thousand_tags_are_all_found() {
    let line: String = (0..10_000).map(|number| format!("\"{number}\",")).collect();
    let lines = values([&line]);
    let found = entity_tags(&lines).filter(|member| matches!(member, TagMember::Tag(_)));
    assert_eq!(found.count(), 10_000);
}
