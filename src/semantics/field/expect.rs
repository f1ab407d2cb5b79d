//! `Expect` (RFC 9110, section 10.1.1).

use http::{HeaderMap, header::EXPECT};

use super::{lines, list::members};

/// Returns `true` if the client waits for a 100 before it sends content.
pub(crate) fn expects_continue(headers: &HeaderMap) -> bool {
    members(lines::lines(headers, &EXPECT))
        .any(|member| member.eq_ignore_ascii_case(b"100-continue"))
}

#[cfg(test)]
#[test]
fn only_100_continue_is_recognized() {
    for (value, expected) in [
        ("100-continue", true),
        ("100-Continue", true),
        ("x=1, 100-continue", true),
        ("100", false),
        ("\"100-continue\"", false),
        ("", false),
    ] {
        let headers = HeaderMap::from_iter([(EXPECT, value.parse().unwrap())]);
        assert_eq!(expects_continue(&headers), expected, "{value}");
    }
    assert!(!expects_continue(&HeaderMap::new()));
}
