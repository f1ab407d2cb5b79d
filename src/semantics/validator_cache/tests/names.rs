use crate::semantics::{caching::cache_tags::CacheTag, validator_cache::CacheScope};

fn of_path(path: &str) -> CacheScope {
    CacheScope::of_path("notes", path)
}

/// R-9111-4.4-a: a write through any spelling reaches the reads of every other one.
#[test]
fn spellings_of_a_path_have_one_scope() {
    let spellings: &[&[&str]] = &[
        &[
            "/notes/1",
            "/notes/1/",
            "//notes//1//",
            "/NOTES/1",
            "/%6eotes/%31",
            "/notes%2F1",
        ],
        &["/", "", "//", "%2f"],
        &["/a%zz", "/A%ZZ", "/a%zz/"],
        &["/a%", "/A%25"],
        &["/%c3%a9", "/%C3%A9", "/é"],
    ];
    for group in spellings {
        for spelling in *group {
            assert_eq!(of_path(spelling), of_path(group[0]), "{spelling}");
        }
    }
    for (at, one) in spellings.iter().enumerate() {
        for other in &spellings[..at] {
            assert_ne!(of_path(one[0]), of_path(other[0]), "{one:?} {other:?}");
        }
    }
}

#[test]
fn other_paths_have_other_scopes() {
    let paths = [
        "/notes/1",
        "/notes/2",
        "/notes",
        "/notes/1/a",
        "/notes/a/../1",
        "/notes/./1",
        "/notes/%2531",
    ];
    for (at, one) in paths.iter().enumerate() {
        for other in &paths[..at] {
            assert_ne!(of_path(one), of_path(other), "{one} {other}");
        }
    }
}

/// R-9875-2.2.1-a
#[test]
fn scopes_of_other_kinds_and_namespaces_are_apart() {
    let tag = |name| CacheTag::new(name).expect("a tag");
    let scopes = [
        CacheScope::of_tag("n", &tag("a")),
        CacheScope::of_tag("n", &tag("A")),
        CacheScope::of_tag("m", &tag("a")),
        CacheScope::of_tag("na", &tag("a")),
        CacheScope::of_path("n", "a"),
        CacheScope::of_path("n", "untagged"),
        CacheScope::of_path("n", ""),
        CacheScope::of_path("m", ""),
        CacheScope::untagged("n"),
        CacheScope::untagged("m"),
    ];
    for (at, one) in scopes.iter().enumerate() {
        assert!(!scopes[..at].contains(one), "{one:?}");
    }
}

/// Processes of two versions share a store during an upgrade: a write of one must reach the
/// reads of the other.
#[test]
fn the_bytes_of_scopes_stay() {
    let scopes = [of_path("/notes/1"), CacheScope::untagged("notes")];
    let starts = scopes.map(|scope| {
        let start = scope.as_bytes()[..4].iter();
        start.map(|byte| format!("{byte:02x}")).collect::<String>()
    });
    assert_eq!(starts, ["bef0a9a1", "e1f200bf"]);
}
