//! Tests of routes, and of how many bytes of a path they read.

mod table;

use std::ops::Range;

use proptest::{collection::vec, prelude::*, sample::select};

use super::{Route, segments::PathSegments};

/// A second, slow implementation of routes. It splits the whole path, counts its segments and
/// then compares them.
fn captures(pattern: &str, path: &str) -> Option<Vec<(String, String)>> {
    let mut names: Vec<_> = pattern.strip_prefix('/')?.split('/').collect();
    let rest = names.pop_if(|last| last.starts_with("{*"));
    let texts: Vec<_> = path.strip_prefix('/')?.split('/').collect();
    let (texts, left) = texts.split_at_checked(names.len())?;
    if left.is_empty() == rest.is_some() {
        return None;
    }
    let mut found = Vec::new();
    for (name, text) in names.iter().zip(texts) {
        match name.strip_prefix('{') {
            Some(_) if text.is_empty() => return None,
            Some(name) => found.push((name.trim_end_matches('}').to_owned(), (*text).to_owned())),
            None if name != text => return None,
            None => {}
        }
    }
    if let Some(rest) = rest {
        let left = left.join("/");
        if left.is_empty() {
            return None;
        }
        found.push((rest[2..].trim_end_matches('}').to_owned(), left));
    }
    Some(found)
}

/// Generates a pattern in which each name occurs once.
fn pattern() -> impl Strategy<Value = String> {
    let segment = select(vec!["", "a", "b", "ab", "%C3%A4", "{}"]);
    (vec(segment, 1..12), any::<bool>()).prop_map(|(segments, rest)| {
        let named = segments
            .iter()
            .enumerate()
            .map(|(at, segment)| match *segment {
                "{}" => format!("/{{n{at}}}"),
                literal => format!("/{literal}"),
            });
        let rest = rest.then(|| "/{*rest}".to_owned());
        named.chain(rest).collect()
    })
}

fn path() -> impl Strategy<Value = String> {
    vec(select(vec!["/", "/", "/", "a", "b", "ä", "%C3%A4"]), 0..24)
        .prop_map(|parts| parts.concat())
}

/// Generates a path that is likely to match the pattern.
fn path_for(pattern: &str) -> impl Strategy<Value = String> + use<> {
    let pieces: Vec<_> = pattern.split('/').skip(1).map(str::to_owned).collect();
    let texts = vec(select(vec!["a", "b", "ab", "", "a/b"]), pieces.len());
    texts.prop_map(move |texts| {
        let filled = pieces.iter().zip(texts).map(|(piece, text)| {
            let text = if piece.starts_with('{') { text } else { piece };
            format!("/{text}")
        });
        filled.collect()
    })
}

/// Generates patterns, and paths that match some of them or none.
fn patterns_and_paths(count: Range<usize>) -> impl Strategy<Value = (Vec<String>, Vec<String>)> {
    vec(pattern(), count).prop_flat_map(|patterns| {
        let like: Vec<_> = patterns.iter().map(|pattern| path_for(pattern)).collect();
        let paths = (like, vec(path(), 1..6)).prop_map(|(like, any)| [like, any].concat());
        (Just(patterns), paths)
    })
}

proptest! {
    /// Issue 10, B.7: neither an early stop nor stored ends of segments change the result.
    #[test]
    fn routes_match_as_the_slow_implementation(
        (patterns, paths) in patterns_and_paths(1..6),
    ) {
        for path in &paths {
            let mut shared = PathSegments::new(path);
            for pattern in &patterns {
                let route = Route::new(pattern).expect("a pattern");
                let expected = captures(pattern, path);
                prop_assert_eq!(route.matches(path), expected.is_some(), "{} {}", pattern, path);
                prop_assert_eq!(
                    route.matches_segments(&mut shared), expected.is_some(), "{} {}", pattern, path,
                );
                prop_assert_eq!(route.capture(path, "none"), None);
                for (name, text) in expected.into_iter().flatten() {
                    let found = route.capture(path, &name);
                    let text = text.replace("%C3%A4", "ä");
                    prop_assert_eq!(found.as_deref(), Some(&*text), "{} {} {}", pattern, path, name);
                }
            }
        }
    }
}

#[test]
fn routes_match_and_capture() {
    let several = Route::new("/a/{b}/c/{d}").unwrap();
    assert_eq!(several.capture("/a/1/c/2", "b").as_deref(), Some("1"));
    assert_eq!(several.capture("/a/1/c/2", "d").as_deref(), Some("2"));
    assert_eq!(several.capture("/a/1/c/2", "c"), None);
    assert_eq!(several.capture("/a//c/2", "d"), None);
    assert_eq!(several.capture("/a/%ff/c/2", "b"), None, "no UTF-8");
    // A literal is compared as it is sent.
    assert_eq!(several.capture("/a/%2F/c/ä", "b").as_deref(), Some("/"));
    assert!(Route::new("/").unwrap().matches("/"));
    assert!(!Route::new("/a").unwrap().matches("/a/"));
    assert!(Route::new("/a/").unwrap().matches("/a/"));
    // Every character that a path may have on the wire (RFC 3986, section 3.3).
    let any = "/aZ09-._~!$&'()+,;=@%20%c3%A4|\\^[]";
    assert!(Route::new(any).unwrap().matches(any));
}

#[test]
fn invalid_routes_are_refused_with_the_reason() {
    for (pattern, reason) in [
        ("", "a route starts with \"/\""),
        ("a", "a route starts with \"/\""),
        ("*", "a route starts with \"/\""),
        ("{id}", "a route starts with \"/\""),
        ("/{}", "a parameter needs a name"),
        ("/{*}", "a parameter needs a name"),
        ("/{id", "braces enclose the whole of one segment"),
        ("/id}", "braces enclose the whole of one segment"),
        ("/a{id}", "braces enclose the whole of one segment"),
        ("/{id}a", "braces enclose the whole of one segment"),
        ("/{{id}}", "braces enclose the whole of one segment"),
        ("/{a}{b}", "braces enclose the whole of one segment"),
        ("/{a}/{a}", "two parameters have the same name"),
        ("/{a}/{*a}", "two parameters have the same name"),
        ("/{*a}/b", "nothing may follow a rest parameter"),
        ("/:id", "parameters are written \"{id}\""),
        ("/a/*", "a parameter needs a name"),
        ("/a/*rest", "a rest parameter is written \"{*rest}\""),
        // No path has these on the wire, so such a route would never match.
        ("/a?tab=1", "leave the query out, since a route is a path"),
        ("/{id}/x?y", "leave the query out, since a route is a path"),
        (
            "/a#b",
            "leave the fragment out, since clients do not send it",
        ),
        ("/a b", "clients send ' ' as an escape: write \"%20\""),
        ("/a\tb", "clients send '\\t' as an escape: write \"%09\""),
        ("/a/ä", "clients send 'ä' as an escape: write \"%C3%A4\""),
        ("/a\"", "clients send '\"' as an escape: write \"%22\""),
        ("/<a>", "clients send '<' as an escape: write \"%3C\""),
        (
            "/100%",
            "\"%\" begins an escape of two digits: write \"%25\"",
        ),
        ("/%2", "\"%\" begins an escape of two digits: write \"%25\""),
        (
            "/%zz",
            "\"%\" begins an escape of two digits: write \"%25\"",
        ),
        ("/%ä", "\"%\" begins an escape of two digits: write \"%25\""),
    ] {
        let error = Route::new(pattern).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("invalid route \"{pattern}\": {reason}")
        );
    }
}

const LONG: usize = 60 * 1024;

/// Issue 10, B.7: one `GET` with a path of 60 KB took 250 ms at 640 patterns, since each of
/// them split the whole path.
#[test]
fn a_route_searches_no_further_than_the_first_mismatch() {
    for (pattern, path, most) in [
        // A literal is compared without a search for its end.
        ("/notes/{id}", "/".repeat(LONG), 0),
        ("/notes/{id}", "/x".repeat(LONG), 0),
        ("/notes", format!("/{}", "x".repeat(LONG)), 0),
        ("/notes", format!("/notes{}", "x".repeat(LONG)), 0),
        ("/notes", format!("/notes/{}", "x".repeat(LONG)), 0),
        ("/files/{*path}", format!("/files{}", "/x".repeat(LONG)), 0),
        ("/{id}", "/x".repeat(LONG), 1),
        ("/{id}/tags", format!("/ab{}", "/x".repeat(LONG)), 2),
        ("/notes/{id}", format!("/notes/7{}", "/".repeat(LONG)), 1),
    ] {
        let mut segments = PathSegments::new(&path);
        Route::new(pattern).unwrap().matches_segments(&mut segments);
        assert!(
            segments.searched <= most,
            "{pattern}: {}",
            segments.searched
        );
    }
}

/// Issue 10, B.7: a long segment is searched once for all routes.
#[test]
fn many_routes_search_a_path_once() {
    let long = "x".repeat(LONG / 4);
    for path in [
        format!("/{long}{long}{long}{long}"),
        format!("/{long}/{long}/{long}/{long}"),
        format!("/notes/{long}/tags/{long}"),
        format!("/notes/{long}{}", "/x".repeat(LONG / 4)),
    ] {
        let mut segments = PathSegments::new(&path);
        for at in 0..160 {
            for pattern in [
                format!("/{{id}}/{at}"),
                format!("/notes/{{id}}/tags/{{tag}}/{at}"),
                "/{a}/{b}/{c}/{d}/{e}".to_owned(),
                format!("/{{a}}/{{b}}/{at}/{{*rest}}"),
            ] {
                Route::new(&pattern)
                    .unwrap()
                    .matches_segments(&mut segments);
            }
        }
        assert!(segments.searched <= path.len(), "{}", segments.searched);
    }
}
