use proptest::prelude::*;

use crate::semantics::{field::list::members, proptests::strategies::lines, tests::values};

/// R-9110-5.6.1.2-a: members are separated at commas outside of quotes.
#[test]
fn lists_are_split_into_members() {
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
        // A backslash outside of quotes is an ordinary byte, even after a quoted string.
        (&["\"a\"\\,b"], &["\"a\"\\", "b"]),
        // An unclosed quote extends to the end of its line.
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
        assert!(members(&lines).count() <= commas + 1, "{pattern}");
    }
}

proptest! {
    #[test]
    fn members_are_trimmed_and_not_empty(lines in lines()) {
        let is_ows = |byte: Option<&u8>| byte.is_some_and(|byte| b" \t".contains(byte));
        for member in members(&lines) {
            prop_assert!(!member.is_empty());
            prop_assert!(!is_ows(member.first()) && !is_ows(member.last()));
        }
    }
}
