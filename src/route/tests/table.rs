//! Tests of route tables, and of how many bytes of a path they read.

use proptest::prelude::*;

use super::{LONG, Route, captures, patterns_and_paths};
use crate::route::{RouteTable, segments::PathSegments};

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
    /// Each route that matches is found once, also routes that conflict or occur twice.
    #[test]
    fn a_table_finds_each_route_that_matches(
        (patterns, paths) in patterns_and_paths(0..24),
    ) {
        let table = table(patterns.iter().map(String::as_str));
        for path in &paths {
            let matching = |number: &usize| captures(&patterns[*number], path).is_some();
            let expected: Vec<_> = (0..patterns.len()).filter(matching).collect();
            let mut segments = PathSegments::new(path);
            prop_assert_eq!(found(&table, &mut segments), expected, "{:?} {}", patterns, path);
            // Each node may search one byte more than its longest literal, which has 2 bytes.
            let most = path.len() + 3 * segments.visited;
            prop_assert!(segments.searched <= most, "{:?} {}", patterns, path);
        }
    }
}

/// Issue 12, item 8: the number of bytes read does not depend on the number of routes.
#[test]
fn a_table_reads_as_much_with_10_000_routes_as_with_one() {
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
        // One byte more than the longest literal is searched.
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

/// Also for segments behind those whose ends are stored inline.
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

/// A route may have any number of segments.
#[test]
fn a_deep_route_causes_no_deep_recursion() {
    let deep = "/a".repeat(100_000);
    let table = table([&*deep, "/a/{b}"]);
    assert_eq!(found(&table, &mut PathSegments::new(&deep)), [0]);
    assert_eq!(found(&table, &mut PathSegments::new("/a/a")), [1]);
}
