//! Paths and patterns, and how much of a path is looked at.

use std::ops::Range;

use proptest::{collection::vec, prelude::*, sample::select};

use super::{Route, RouteTable, segments::PathSegments};

/// The meaning of a pattern, written without regard to cost: the path is taken apart
/// whole, its segments are counted and then compared.
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

/// A pattern in which no name is there twice.
fn pattern() -> impl Strategy<Value = String> {
    let segment = select(vec!["", "a", "b", "ab", "ä", "{}"]);
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
    vec(select(vec!["/", "/", "/", "a", "b", "ä"]), 0..24).prop_map(|parts| parts.concat())
}

/// A path that is likely to be of that pattern.
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

/// Patterns, and paths that match some of them or none.
fn patterns_and_paths(count: Range<usize>) -> impl Strategy<Value = (Vec<String>, Vec<String>)> {
    vec(pattern(), count).prop_flat_map(|patterns| {
        let like: Vec<_> = patterns.iter().map(|pattern| path_for(pattern)).collect();
        let paths = (like, vec(path(), 1..6)).prop_map(|(like, any)| [like, any].concat());
        (Just(patterns), paths)
    })
}

proptest! {
    /// Issue 10, B.7: to stop early changes no answer, and neither does to look at one path
    /// with many routes.
    #[test]
    fn routes_mean_what_they_meant(
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
                    prop_assert_eq!(found.as_deref(), Some(&*text), "{} {} {}", pattern, path, name);
                }
            }
        }
    }
}

const LONG: usize = 60 * 1024;

/// Issue 10, B.7: one `GET` of 60 KB took 250 ms below 640 patterns, since each took the
/// whole path apart.
#[test]
fn a_route_looks_at_no_more_than_the_first_segment_that_does_not_fit() {
    for (pattern, path, most) in [
        // Nothing is searched for where the text is known.
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

/// Issue 10, B.7: where a long segment has to be looked at, it is for all routes together.
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

fn table<'a>(patterns: impl IntoIterator<Item = &'a str>) -> RouteTable {
    let mut table = RouteTable::new();
    for (number, pattern) in patterns.into_iter().enumerate() {
        table.insert(&Route::new(pattern).expect("a pattern"), number);
    }
    table
}

fn found(table: &RouteTable, path: &mut PathSegments<'_>) -> Vec<usize> {
    let mut found = Vec::new();
    table.for_each_match_in(path, |number| found.push(number));
    found.sort_unstable();
    found
}

proptest! {
    /// Each pattern that a path matches is found once, those that conflict and those that are
    /// there twice included.
    #[test]
    fn a_table_finds_each_pattern_that_matches(
        (patterns, paths) in patterns_and_paths(0..24),
    ) {
        let table = table(patterns.iter().map(String::as_str));
        for path in &paths {
            let matching = |number: &usize| captures(&patterns[*number], path).is_some();
            let expected: Vec<_> = (0..patterns.len()).filter(matching).collect();
            let mut segments = PathSegments::new(path);
            prop_assert_eq!(found(&table, &mut segments), expected, "{:?} {}", patterns, path);
            // Each node may also look at one byte more than its literals have, which is 2.
            let most = path.len() + 3 * segments.visited;
            prop_assert!(segments.searched <= most, "{:?} {}", patterns, path);
        }
    }
}

/// Issue 12, item 8: what is looked at does not depend on the number of patterns.
#[test]
fn a_table_looks_at_as_much_for_10_000_patterns_as_for_one() {
    let patterns: Vec<_> = (0..10_000)
        .map(|at| match at % 4 {
            0 => format!("/notes-{at}/{{id}}"),
            1 => format!("/pages/about-{at}"),
            2 => format!("/a/b/c/d/e/f/g/h/i/{at}/{{*rest}}"),
            _ => format!("/users/{{id}}/things-{at}"),
        })
        .collect();
    let long = "x".repeat(LONG);
    for (path, nodes, bytes) in [
        ("/".to_owned(), 1, 0),
        ("/notes-0/17".to_owned(), 3, 9),
        (format!("/notes-0/{long}"), 3, 7 + LONG),
        (format!("/notes-0/17{}", "/".repeat(LONG)), 3, 9),
        // One more than the longest literal is looked at.
        (format!("/{long}"), 1, 11),
        ("/x".repeat(LONG), 1, 1),
        ("/".repeat(LONG), 1, 0),
        ("/notes-0".repeat(LONG), 3, 15),
    ] {
        for many in [1, 64, 10_000] {
            let table = table(patterns[..many].iter().map(String::as_str));
            let mut segments = PathSegments::new(&path);
            found(&table, &mut segments);
            assert!(segments.visited <= nodes, "{}", segments.visited);
            let searched = segments.searched;
            assert!(
                searched <= bytes,
                "{}: {searched}",
                &path[..20.min(path.len())]
            );
        }
    }
}

/// Also where segments come later than those whose ends are kept in place.
#[test]
fn a_table_with_branches_searches_a_path_once() {
    let mut patterns = Vec::new();
    for at in 0..1_u32 << 12 {
        let segments = (0..12).map(|bit| match (at >> bit) & 1 {
            0 => "/a".to_owned(),
            _ => format!("/{{n{bit}}}"),
        });
        patterns.push("/p".repeat(10) + &segments.collect::<String>());
    }
    let table = table(patterns.iter().map(String::as_str));
    let path = format!(
        "{}{}/{}",
        "/p".repeat(10),
        "/a".repeat(11),
        "x".repeat(LONG)
    );
    let mut segments = PathSegments::new(&path);
    assert_eq!(found(&table, &mut segments).len(), 1 << 11);
    assert!(
        segments.searched <= path.len() + (1 << 12),
        "{}",
        segments.searched
    );
}

/// A pattern may be as deep as it likes.
#[test]
fn a_deep_table_is_no_deep_recursion() {
    let deep = "/a".repeat(100_000);
    let table = table([&*deep, "/a/{b}"]);
    assert_eq!(found(&table, &mut PathSegments::new(&deep)), [0]);
    assert_eq!(found(&table, &mut PathSegments::new("/a/a")), [1]);
}
