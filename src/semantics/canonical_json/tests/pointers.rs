//! Members that are left out.

use super::{CanonicalLimits, IgnoredMembers, NotCanonical, canonicalize_without};

/// Returns the form without the members, and the pointers that matched nothing.
fn without(json: &str, pointers: &[&str]) -> (String, Vec<String>) {
    let ignored = IgnoredMembers::parse(pointers).expect("pointers");
    let limits = CanonicalLimits::new(usize::MAX);
    let form = canonicalize_without(json.as_bytes(), &ignored, &limits).expect(json);
    let content = String::from_utf8(form.content).expect("UTF-8");
    let unmatched = form.unmatched.into_iter().map(str::to_owned).collect();
    (content, unmatched)
}

#[test]
fn the_named_members_are_left_out() {
    let rows: [(&str, &[&str], &str); 18] = [
        (r#"{"b":1,"a":2}"#, &["/a"], r#"{"b":1}"#),
        (r#"{"b":1,"a":2}"#, &["/b"], r#"{"a":2}"#),
        (r#"{"a":1,"b":2}"#, &["/a", "/b"], "{}"),
        (r#"{"a":1,"b":2,"c":3}"#, &["/b"], r#"{"a":1,"c":3}"#),
        (
            r#"{"c":3,"b":[{"x":"]}"}],"a":1}"#,
            &["/b"],
            r#"{"a":1,"c":3}"#,
        ),
        (
            r#"{"a":{"b":1,"a":2},"b":1}"#,
            &["/a/b"],
            r#"{"a":{"a":2},"b":1}"#,
        ),
        (r#"{"a":{"b":{"a":1}}}"#, &["/a/b"], r#"{"a":{}}"#),
        // Only whole paths match.
        (
            r#"{"a":{"b":1},"c":{"b":2}}"#,
            &["/a/b"],
            r#"{"a":{},"c":{"b":2}}"#,
        ),
        (r#"{"a":1,"x":{"a":2}}"#, &["/a"], r#"{"x":{"a":2}}"#),
        // Elements: each of them, or one.
        (
            r#"{"items":[{"seen":1,"id":2},{"id":3},[{"seen":4}],{"seen":5}]}"#,
            &["/items/*/seen"],
            r#"{"items":[{"id":2},{"id":3},[{"seen":4}],{}]}"#,
        ),
        (
            r#"[{"a":1},{"a":2},{"a":3}]"#,
            &["/1/a"],
            r#"[{"a":1},{},{"a":3}]"#,
        ),
        (
            r#"[[{"a":1,"b":2}],[{"a":3}]]"#,
            &["/*/*/a"],
            r#"[[{"b":2}],[{}]]"#,
        ),
        (
            r#"[{"a":1,"b":2},{"a":3,"b":4}]"#,
            &["/*/a", "/0/b"],
            r#"[{},{"b":4}]"#,
        ),
        // In an object, a star and a number are names.
        (
            r#"{"*":{"a":1},"b":{"a":2}}"#,
            &["/*/a"],
            r#"{"*":{},"b":{"a":2}}"#,
        ),
        (
            r#"{"0":{"a":1},"1":{"a":2}}"#,
            &["/0/a"],
            r#"{"0":{},"1":{"a":2}}"#,
        ),
        // Escapes in pointers and in names.
        (
            r#"{"a/b":1,"~1":2,"c":3}"#,
            &["/a~1b", "/~01"],
            r#"{"c":3}"#,
        ),
        (r#"{"\u0061\/\u20ac":1,"c":3}"#, &["/a~1€"], r#"{"c":3}"#),
        (
            r#"{"":1,"a":{"":{"":2}}}"#,
            &["/", "/a//"],
            r#"{"a":{"":{}}}"#,
        ),
    ];
    for (json, pointers, expected) in rows {
        let (content, unmatched) = without(json, pointers);
        assert_eq!(content, expected, "{json} {pointers:?}");
        assert_eq!(unmatched, Vec::<String>::new(), "{json} {pointers:?}");
    }
}

#[test]
fn pointers_that_match_nothing_are_reported() {
    let rows: [(&str, &[&str]); 8] = [
        (r#"{"a":1}"#, &["/b"]),
        (r#"{"a":1}"#, &["/a/b"]),
        (r#"[{"a":1}]"#, &["/a", "/1/a", "/-/a", "/00/a", "/*/b"]),
        // An element is no member.
        ("[1,2]", &["/0"]),
        (r#"{"a":[1,2]}"#, &["/a/1"]),
        ("1", &["/a"]),
        ("{}", &["/a"]),
        ("[]", &["/*/a"]),
    ];
    for (json, pointers) in rows {
        assert_eq!(
            without(json, pointers),
            (
                json.to_owned(),
                pointers.iter().map(|&p| p.to_owned()).collect()
            )
        );
    }
    let (content, unmatched) = without(r#"{"a":1,"b":2}"#, &["/b", "/c"]);
    assert_eq!(
        (content.as_str(), unmatched),
        (r#"{"a":1}"#, vec!["/c".to_owned()])
    );
}

/// The number of an ignored member does not count, but its syntax does.
#[test]
fn ignored_members_are_json_with_any_number() {
    let ignored = IgnoredMembers::parse(["/a"]).expect("a pointer");
    let limits = CanonicalLimits::new(usize::MAX);
    let form = |json: &str| canonicalize_without(json.as_bytes(), &ignored, &limits);
    for number in ["9007199254740993", "1e400", "[1,{\"b\":1e400}]"] {
        let json = format!(r#"{{"b":1,"a":{number}}}"#);
        assert_eq!(form(&json).expect("a form").content, br#"{"b":1}"#);
    }
    let refused = form(r#"{"a":{"x":1,"x":2}}"#);
    assert_eq!(refused, Err(NotCanonical::DuplicateName { at: 12 }));
    let refused = form(r#"{"a":1,"a":2}"#);
    assert_eq!(refused, Err(NotCanonical::DuplicateName { at: 7 }));
}

#[test]
fn pointers_that_leave_nothing_out_are_refused() {
    let rows: [(&[&str], &str); 9] = [
        (
            &[""],
            r#"invalid pointer "": it is the whole document: name a member, as in "/name""#,
        ),
        (
            &["a"],
            r#"invalid pointer "a": a pointer starts with "/", as in "/meta/request_id""#,
        ),
        (
            &["#/a"],
            r##"invalid pointer "#/a": a pointer starts with "/""##,
        ),
        (
            &["/a~"],
            r#"invalid pointer "/a~": in a name, "~" is written "~0""#,
        ),
        (
            &["/a~2b"],
            r#"invalid pointer "/a~2b": in a name, "~" is written "~0""#,
        ),
        (
            &["/items/*"],
            r#"invalid pointer "/items/*": only members of objects can be left out"#,
        ),
        (
            &["/a", "/a"],
            r#"invalid pointer "/a": another pointer leaves this member out"#,
        ),
        (
            &["/a", "/a/b"],
            r#"invalid pointer "/a/b": another pointer leaves this member out"#,
        ),
        (
            &["/a/*/b", "/a"],
            r#"invalid pointer "/a/*/b": another pointer leaves this member out"#,
        ),
    ];
    for (pointers, message) in rows {
        let refused = IgnoredMembers::parse(pointers)
            .expect_err("refused")
            .to_string();
        assert!(refused.starts_with(message), "{refused}");
    }
    assert!(IgnoredMembers::parse(["/ab", "/a", "/a~1b"]).is_ok());
}
