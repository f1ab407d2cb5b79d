//! Documents without a canonical form.

use super::{CanonicalLimits, NotCanonical, canonicalize, form};

/// `R-8785-3-a`: a difference that the form would lose is refused.
#[test]
fn what_the_form_would_lose_is_refused() {
    let rows: [(&[u8], NotCanonical); 21] = [
        (br#"{"a":1,"a":1}"#, NotCanonical::DuplicateName { at: 7 }),
        (
            br#"{"a":1,"\u0061":1}"#,
            NotCanonical::DuplicateName { at: 7 },
        ),
        (
            br#"{"b":1,"a":1,"b":1}"#,
            NotCanonical::DuplicateName { at: 13 },
        ),
        (
            br#"[{"b":1,"\u0000":1,"a":1,"\u0000":1}]"#,
            NotCanonical::DuplicateName { at: 25 },
        ),
        (br#"{"":1,"":1}"#, NotCanonical::DuplicateName { at: 6 }),
        (br#"["\ud800"]"#, NotCanonical::LoneSurrogate { at: 2 }),
        (br#"["\udc00"]"#, NotCanonical::LoneSurrogate { at: 2 }),
        (
            br#"["\ud800\ud800"]"#,
            NotCanonical::LoneSurrogate { at: 2 },
        ),
        (br#"["\ud800\n"]"#, NotCanonical::LoneSurrogate { at: 2 }),
        (
            br#"["\ude02\ud83d"]"#,
            NotCanonical::LoneSurrogate { at: 2 },
        ),
        (br#"{"\udbff":1}"#, NotCanonical::LoneSurrogate { at: 2 }),
        (b"\xef\xbb\xbf{}", NotCanonical::ByteOrderMark),
        (b"{} {}", NotCanonical::TrailingData { at: 3 }),
        (b"1,", NotCanonical::TrailingData { at: 1 }),
        (b"{}\0", NotCanonical::TrailingData { at: 2 }),
        (b"[1e400]", NotCanonical::Number { at: 1 }),
        (b"[-1e309]", NotCanonical::Number { at: 1 }),
        (b"[1e99999999999999999999]", NotCanonical::Number { at: 1 }),
        (b"\"\xff\"", NotCanonical::Utf8 { at: 1 }),
        (b"\"\xed\xa0\x80\"", NotCanonical::Utf8 { at: 1 }),
        (b"{\"a\":\"\xe2\x82", NotCanonical::Utf8 { at: 6 }),
    ];
    for (json, expected) in rows {
        assert_eq!(form(json), Err(expected), "{}", json.escape_ascii());
    }
}

/// The position is that of the first byte that does not fit.
#[test]
fn malformed_json_is_refused() {
    let rows = [
        ("", 0),
        (" ", 1),
        ("[", 1),
        ("]", 0),
        ("{", 1),
        ("}", 0),
        ("[1", 2),
        ("[1,", 3),
        ("[1,]", 3),
        ("[,1]", 1),
        ("[1 2]", 3),
        ("{\"a\"", 4),
        ("{\"a\":", 5),
        ("{\"a\":1", 6),
        ("{\"a\":1,", 7),
        ("{\"a\":1,}", 7),
        ("{,}", 1),
        ("{a:1}", 1),
        ("{'a':1}", 1),
        ("{1:1}", 1),
        ("{\"a\" 1}", 5),
        ("{\"a\":1]", 6),
        ("[1}", 2),
        ("\"a", 2),
        ("\"\\", 2),
        ("\"\\x\"", 2),
        ("\"\\u12g4\"", 5),
        ("\"\\u+123\"", 3),
        ("\"\\u123", 6),
        ("\"\\ud800\\u12\"", 11),
        ("\"\n\"", 1),
        ("\"\0\"", 1),
        ("\"\u{1f}\"", 1),
        ("12345678\"", 8),
        ("\"1234567\t\"", 8),
        ("tru", 3),
        ("trUe", 2),
        ("nul", 3),
        ("falsy", 4),
        ("NaN", 0),
        ("Infinity", 0),
        ("-", 1),
        ("-a", 1),
        ("-Infinity", 1),
        ("+1", 0),
        (".5", 0),
        ("1.", 2),
        ("1.e5", 2),
        ("1e", 2),
        ("1e+", 3),
        ("0x10", 1),
        ("01", 1),
        ("-01", 2),
        ("00", 1),
        ("1.5.5", 3),
        ("// a", 0),
        ("[1]//", 3),
    ];
    for (json, at) in rows {
        let refused = form(json).expect_err(json);
        let (NotCanonical::Syntax { at: place } | NotCanonical::TrailingData { at: place }) =
            refused
        else {
            panic!("{json}: {refused:?}");
        };
        assert_eq!(place, at, "{json}: {refused:?}");
    }
}

/// A body that breaks: no part of a document is one.
#[test]
fn each_part_of_a_document_is_refused() {
    let json = r#"{"b":[1.5e3,-2,"\ud83d\ude02é",{"y":null,"x":[]}],"a":{"t":true,"f":false}}"#;
    assert!(form(json).is_ok());
    for length in 0..json.len() {
        assert!(form(&json.as_bytes()[..length]).is_err(), "{length}");
    }
}

#[test]
fn depth_has_a_limit() {
    let nested = |levels: usize| ["[".repeat(levels), "]".repeat(levels)].concat();
    assert_eq!(form(nested(128)), Ok(nested(128)));
    assert_eq!(form(nested(129)), Err(NotCanonical::TooDeep { at: 128 }));
    let objects = [r#"{"a":"#.repeat(128).as_str(), "{}"].concat();
    assert_eq!(form(objects), Err(NotCanonical::TooDeep { at: 640 }));

    let shallow = CanonicalLimits::new(100).with_max_depth(1);
    assert!(canonicalize(b"[1]", &shallow).is_ok());
    let refused = canonicalize(b"[{}]", &shallow);
    assert_eq!(refused, Err(NotCanonical::TooDeep { at: 1 }));
    assert!(canonicalize(b"1", &shallow.with_max_depth(0)).is_ok());
}

/// The limit bounds memory, and not the stack.
#[test]
fn any_depth_that_is_configured_is_read() {
    let levels = 100_000;
    let json = [r#"{"b":0,"a":["#.repeat(levels), "]}".repeat(levels)].concat();
    let canonical = [r#"{"a":["#.repeat(levels), r#"],"b":0}"#.repeat(levels)].concat();
    let limits = CanonicalLimits::new(usize::MAX).with_max_depth(usize::MAX);
    assert_eq!(
        canonicalize(json.as_bytes(), &limits),
        Ok(canonical.into_bytes())
    );
}

#[test]
fn length_has_a_limit() {
    let limits = CanonicalLimits::new(4);
    assert!(canonicalize(b"1234", &limits).is_ok());
    assert_eq!(canonicalize(b"12345", &limits), Err(NotCanonical::TooLarge));
}

#[test]
fn an_error_names_the_place_and_no_content() {
    let refused = form(r#"{"secret":1,"secret":2}"#).expect_err("two names");
    let message = "no canonical JSON, byte 12: two members of one object have this name";
    assert_eq!(refused.to_string(), message);
}
