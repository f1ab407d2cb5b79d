//! Paths and patterns, and how much of a path is looked at.

use proptest::{collection::vec, prelude::*, sample::select};

use crate::source::{PathSegments, Route};

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

proptest! {
    /// Issue 10, B.7: to stop early changes no answer, and neither does to look at one path
    /// with many routes.
    #[test]
    fn routes_mean_what_they_meant(
        (patterns, paths) in vec(pattern(), 1..6).prop_flat_map(|patterns| {
            let like: Vec<_> = patterns.iter().map(|pattern| path_for(pattern)).collect();
            let paths = (like, vec(path(), 1..6)).prop_map(|(like, any)| [like, any].concat());
            (Just(patterns), paths)
        }),
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
