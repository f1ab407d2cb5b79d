use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, ORIGIN, VARY},
};

use proptest::{collection::vec, prelude::*};

use crate::semantics::{
    field::vary::{is_any, merge, names},
    proptests::strategies::{lines, name},
    tests::headers,
};

const PREFER: HeaderName = HeaderName::from_static("prefer");
const DICTIONARY: HeaderName = HeaderName::from_static("available-dictionary");

fn vary(lines: &[&'static str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(VARY, HeaderValue::from_static(line));
    }
    headers
}

fn merged(lines: &[&'static str], fields: &[HeaderName]) -> Vec<String> {
    let mut headers = vary(lines);
    merge(&mut headers, fields.iter().cloned());
    let lines = headers.get_all(VARY).iter();
    lines
        .map(|line| line.to_str().expect("text").to_owned())
        .collect()
}

/// R-9110-12.5.5-a: the header is created if it is missing.
#[test]
fn names_are_added_to_a_response_without_vary() {
    assert_eq!(merged(&[], &[ACCEPT_ENCODING]), ["accept-encoding"]);
    assert_eq!(merged(&[], &[ACCEPT, ORIGIN, ACCEPT]), ["accept, origin"]);
    assert!(merged(&[], &[]).is_empty());
}

/// R-9110-12.5.5-b: the result is the union over all lines, ignoring case and malformed members.
#[test]
fn existing_names_are_kept() {
    let table: &[(&[&str], &[HeaderName], &[&str])] = &[
        (&["x-lang, ORIGIN"], &[ORIGIN], &["x-lang, ORIGIN"]),
        (&["x-lang, ORIGIN"], &[ACCEPT], &["x-lang, origin, accept"]),
        (
            &["x-lang", "Origin"],
            &[ACCEPT],
            &["x-lang, origin, accept"],
        ),
        (&["x-lang", "Origin"], &[ORIGIN], &["x-lang", "Origin"]),
        (&["a,,\tb ,", ""], &[ACCEPT], &["a, b, accept"]),
        (&["a, A, a"], &[ACCEPT], &["a, accept"]),
        (&["a, not a name, b"], &[ACCEPT], &["a, b, accept"]),
        (&["", ","], &[ACCEPT], &["accept"]),
        (&["a"], &[], &["a"]),
    ];
    for (before, fields, after) in table {
        assert_eq!(merged(before, fields), *after, "{before:?} {fields:?}");
    }
}

/// R-9110-12.5.5-c: `*` is left alone, and is never added.
#[test]
fn a_star_stays_unchanged() {
    for lines in [&["*"][..], &[" * "], &["accept, *"], &["accept", "*"]] {
        assert!(is_any(&vary(lines)));
        assert_eq!(merged(lines, &[ORIGIN]), *lines);
    }
    for lines in [&[][..], &["accept"], &["**"], &["x*"], &["\"*\""]] {
        assert!(!is_any(&vary(lines)));
    }
    let star = HeaderName::from_static("*");
    assert!(merged(&[], std::slice::from_ref(&star)).is_empty());
    assert_eq!(merged(&["accept"], &[star, ORIGIN]), ["accept, origin"]);
}

/// R-9110-12.5.5-d: no other name is added, such as `Authorization`.
#[test]
fn authorization_is_not_added() {
    assert_eq!(merged(&["accept"], &[ORIGIN]), ["accept, origin"]);
    let mut listed = vary(&["accept"]);
    merge(&mut listed, [ACCEPT]);
    assert!(names(&listed).all(|name| name != AUTHORIZATION));
}

/// R-9111-4.1-a, R-7240-2-a: the result depends only on the response. The default variant thus
/// lists the same names as every other.
#[test]
fn the_result_is_the_same_for_every_request() {
    assert_eq!(merged(&[], &[PREFER]), ["prefer"]);
    assert_eq!(
        merged(&["accept-encoding"], &[PREFER]),
        ["accept-encoding, prefer"]
    );
}

/// R-9842-6.2-a: both headers select whether a dictionary is used.
#[test]
fn a_dictionary_is_listed_with_the_coding() {
    let both = [ACCEPT_ENCODING, DICTIONARY];
    assert_eq!(
        merged(&["Accept-Encoding"], &both),
        ["accept-encoding, available-dictionary"]
    );
}

#[test]
fn other_headers_are_untouched() {
    let mut response = headers([("accept", "a"), ("vary", "b"), ("set-cookie", "c=1")]);
    merge(&mut response, [ORIGIN]);
    let expected = headers([
        ("accept", "a"),
        ("vary", "b, origin"),
        ("set-cookie", "c=1"),
    ]);
    assert_eq!(response, expected);
}

/// The time is linear in the length of the header.
#[test]
fn many_names_are_merged_in_linear_time() {
    let line: Vec<_> = (0..20_000).map(|at| format!("x{at}")).collect();
    let mut many = headers([("vary", &*line.join(","))]);
    merge(&mut many, [ORIGIN]);
    assert_eq!(names(&many).count(), line.len() + 1);
    // The half of these is listed.
    let added = (10_000..30_000).map(|at| HeaderName::try_from(format!("x{at}")).expect("a name"));
    let added: Vec<_> = added.collect();
    merge(&mut many, added.clone());
    assert_eq!(names(&many).count(), 30_001);
    let before = many.clone();
    merge(&mut many, added.clone());
    assert_eq!(many, before);
    merge(&mut many, [HeaderName::from_static("*")]);
    assert_eq!(many, before);
    many.append("vary", HeaderValue::from_static("*"));
    let before = many.clone();
    merge(&mut many, [ACCEPT]);
    assert_eq!(many, before);
    // Few names are listed.
    let mut few = headers([("vary", "x10000, accept")]);
    merge(&mut few, added);
    assert_eq!(names(&few).count(), 20_001);
}

/// R-9110-12.5.5-b: duplicates are removed among the first 64 names.
#[test]
fn each_of_64_names_is_listed_once() {
    let line: Vec<_> = (0..64).map(|at| format!("x{at}")).collect();
    let twice = [line.join(","), line.join(",").to_uppercase()].join(", ");
    let mut both = headers([("vary", &*twice)]);
    merge(&mut both, [ORIGIN]);
    assert_eq!(names(&both).count(), line.len() + 1);
}

proptest! {
    /// R-9110-12.5.5-b, R-9110-12.5.5-c.
    #[test]
    fn merging_is_a_union_in_order(
        before in prop_oneof![
            3 => vec(vec(name(), 0..4), 0..3).prop_map(|lines| {
                lines.iter().map(|names| {
                    names.iter().map(HeaderName::as_str).collect::<Vec<_>>().join(" ,").parse().expect("a value")
                }).collect()
            }),
            1 => lines(),
        ],
        added in vec(name(), 0..4),
    ) {
        let mut headers = HeaderMap::new();
        for line in before {
            headers.append(VARY, line);
        }
        let before = headers;
        let mut after = before.clone();
        merge(&mut after, added.clone());
        prop_assert_eq!(is_any(&after), is_any(&before));
        if is_any(&before) {
            prop_assert_eq!(after, before);
            return Ok(());
        }
        let mut union: Vec<HeaderName> = Vec::new();
        for name in names(&before).chain(added.iter().filter(|name| *name != "*").cloned()) {
            if !union.contains(&name) {
                union.push(name);
            }
        }
        let mut merged: Vec<HeaderName> = Vec::new();
        for name in names(&after) {
            if !merged.contains(&name) {
                merged.push(name);
            }
        }
        prop_assert_eq!(merged, union);
        let once = after.clone();
        merge(&mut after, added);
        prop_assert_eq!(after, once);
    }
}
