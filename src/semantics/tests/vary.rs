use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, ORIGIN, VARY},
};

use super::headers;
use crate::semantics::field::vary::{is_any, merge, names};

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

/// R-9110-12.5.5-a: what a layer consults is listed, if nothing was before.
#[test]
fn fields_are_listed_where_there_is_no_vary() {
    assert_eq!(merged(&[], &[ACCEPT_ENCODING]), ["accept-encoding"]);
    assert_eq!(merged(&[], &[ACCEPT, ORIGIN, ACCEPT]), ["accept, origin"]);
    assert!(merged(&[], &[]).is_empty());
}

/// R-9110-12.5.5-b: a union over lines, without regard to case, of names only.
#[test]
fn what_is_there_is_kept_and_joined() {
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

/// R-9110-12.5.5-c: `*` absorbs, and is never made up.
#[test]
fn a_star_stays_alone() {
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

/// R-9110-12.5.5-d: nothing is added that was not asked for, least of all
/// `Authorization`.
#[test]
fn authorization_is_not_made_up() {
    assert_eq!(merged(&["accept"], &[ORIGIN]), ["accept, origin"]);
    let mut listed = vary(&["accept"]);
    merge(&mut listed, [ACCEPT]);
    assert!(names(&listed).all(|name| name != AUTHORIZATION));
}

/// R-9111-4.1-a, R-7240-2-a: what is listed depends on the response alone, so
/// that the default variant says the same as every other.
#[test]
fn the_request_does_not_matter() {
    assert_eq!(merged(&[], &[PREFER]), ["prefer"]);
    assert_eq!(
        merged(&["accept-encoding"], &[PREFER]),
        ["accept-encoding, prefer"]
    );
}

/// R-9842-6.2-a: whether a dictionary is used is chosen by both fields.
#[test]
fn a_dictionary_is_listed_beside_the_coding() {
    let both = [ACCEPT_ENCODING, DICTIONARY];
    assert_eq!(
        merged(&["Accept-Encoding"], &both),
        ["accept-encoding, available-dictionary"]
    );
}

#[test]
fn other_fields_are_untouched() {
    let mut response = headers([("accept", "a"), ("vary", "b"), ("set-cookie", "c=1")]);
    merge(&mut response, [ORIGIN]);
    let expected = headers([
        ("accept", "a"),
        ("vary", "b, origin"),
        ("set-cookie", "c=1"),
    ]);
    assert_eq!(response, expected);
}

/// The time is linear in the length, whatever stands there.
#[test]
fn many_names_are_merged_in_one_pass() {
    let line: Vec<_> = (0..20_000).map(|at| format!("x{at}")).collect();
    let mut many = headers([("vary", &*line.join(","))]);
    merge(&mut many, [ORIGIN]);
    assert_eq!(names(&many).count(), line.len() + 1);
}

/// R-9110-12.5.5-b: each once, of as many as anybody sends.
#[test]
fn each_of_64_names_is_there_once() {
    let line: Vec<_> = (0..64).map(|at| format!("x{at}")).collect();
    let twice = [line.join(","), line.join(",").to_uppercase()].join(", ");
    let mut both = headers([("vary", &*twice)]);
    merge(&mut both, [ORIGIN]);
    assert_eq!(names(&both).count(), line.len() + 1);
}
