//! Cache tags, the fields that carry them, and what a write invalidates.

use http::{HeaderMap, Method, StatusCode, Uri};
use sfv::{List, Parser};

use super::headers;
use crate::semantics::caching::cache_tags::{
    CacheTags, Effect, TagField, Written, drop_invalidation, effect, locations, target,
    write_invalidation, written,
};

fn tags(names: &[&str]) -> CacheTags {
    CacheTags::of(names).expect("tags")
}

/// R-9875-2-a: what the handler wrote, the tags, and what comes of both.
#[test]
fn fields_are_merged() {
    use TagField::{CacheGroups, CacheTag, SurrogateKey, Xkey};

    let table: [(TagField, &[&str], &[&str], &str); 22] = [
        (SurrogateKey, &[], &["a", "b"], "a b"),
        (SurrogateKey, &["x"], &["a", "b"], "x a b"),
        (SurrogateKey, &["b x"], &["a", "b"], "b x a"),
        (SurrogateKey, &["x  y", "z"], &["a"], "x  y z a"),
        (SurrogateKey, &["", "z"], &["a"], "z a"),
        (SurrogateKey, &["a,b"], &["a"], "a,b a"),
        (Xkey, &[], &["a", "b"], "a b"),
        (Xkey, &["a\tb"], &["b", "c"], "a\tb c"),
        (CacheTag, &[], &["a", "b"], "a, b"),
        (CacheTag, &["b,x"], &["a", "b"], "b,x, a"),
        (
            CacheTag,
            &["b , with space", "y"],
            &["a", "b"],
            "b , with space, y, a",
        ),
        (CacheGroups, &[], &["a", "b"], r#""a", "b""#),
        (CacheGroups, &[r#""x""#], &["a"], r#""x", "a""#),
        (
            CacheGroups,
            &[r#""x","a""#, r#""y""#],
            &["a", "b"],
            r#""x","a", "y", "b""#,
        ),
        (
            CacheGroups,
            &[r#""a";p=1, "with space""#],
            &["a", "b"],
            r#""a";p=1, "with space", "b""#,
        ),
        (
            CacheGroups,
            &[r#""a, b""#],
            &["a", "b"],
            r#""a, b", "a", "b""#,
        ),
        // Not a list of strings, so that caches ignore it.
        (CacheGroups, &["x"], &["a"], r#""a""#),
        (CacheGroups, &[r#""x", 1"#], &["a"], r#""a""#),
        (CacheGroups, &[r#"("x")"#], &["a"], r#""a""#),
        (CacheGroups, &[r#""x","#], &["a"], r#""a""#),
        (CacheGroups, &[r#""x"#], &["a"], r#""a""#),
        (CacheGroups, &[r#""x" "y""#], &["a"], r#""a""#),
    ];
    for (field, there, new, expected) in table {
        let name = field.name();
        let mut fields = headers(there.iter().map(|line| (name.as_str(), *line)));
        field.write(&tags(new), &mut fields);
        let lines: Vec<_> = fields.get_all(&name).iter().collect();
        assert_eq!(lines, [expected], "{field:?} {there:?} {new:?}");
        // A second time there is nothing to add.
        field.write(&tags(new), &mut fields);
        assert_eq!(fields[&name], expected);
    }
}

#[test]
fn nothing_new_changes_nothing() {
    let there = [("cache-groups", r#""a""#), ("cache-groups", r#""b""#)];
    let before = headers(there);
    for new in [&[] as &[&str], &["a"], &["b", "a"]] {
        let mut fields = before.clone();
        TagField::CacheGroups.write(&tags(new), &mut fields);
        assert_eq!(fields, before);
    }
    let mut none = HeaderMap::new();
    TagField::Xkey.write(&CacheTags::new(), &mut none);
    write_invalidation(&CacheTags::new(), &mut none);
    assert!(none.is_empty());
}

/// R-9875-2-a.
#[test]
fn what_a_write_made_stale_is_a_list_of_strings() {
    let mut fields = headers([("cache-group-invalidation", r#""x""#)]);
    write_invalidation(&tags(&["a", "x"]), &mut fields);
    let line = &fields["cache-group-invalidation"];
    assert_eq!(line, r#""x", "a""#);
    assert_eq!(Parser::new(line).parse::<List>().expect("a list").len(), 2);
    drop_invalidation(&mut fields);
    assert!(fields.is_empty());
}

/// R-9111-4.4-a: a method of unknown safety invalidates.
#[test]
fn methods_fill_or_invalidate() {
    for (method, expected) in [
        ("GET", Effect::Fills),
        ("HEAD", Effect::Fills),
        ("QUERY", Effect::Fills),
        ("OPTIONS", Effect::None),
        ("PROPFIND", Effect::None),
        ("CONNECT", Effect::None),
        ("POST", Effect::Invalidates),
        ("PUT", Effect::Invalidates),
        ("PATCH", Effect::Invalidates),
        ("DELETE", Effect::Invalidates),
        ("FOO", Effect::Invalidates),
    ] {
        let name = Method::from_bytes(method.as_bytes()).unwrap();
        assert_eq!(effect(&name), expected, "{method}");
    }
}

/// R-9111-4.4-a, R-9111-4.4-b.
#[test]
fn statuses_tell_what_was_written() {
    for (status, expected) in [
        (101, Written::Perhaps),
        (200, Written::Yes),
        (204, Written::Yes),
        (303, Written::Yes),
        (400, Written::No),
        (408, Written::Perhaps),
        (412, Written::No),
        (499, Written::No),
        (500, Written::Perhaps),
        (503, Written::Perhaps),
        (600, Written::Perhaps),
    ] {
        let status = StatusCode::from_u16(status).unwrap();
        assert_eq!(written(status), expected, "{status}");
    }
}

#[test]
fn the_target_has_the_authority_of_host() {
    type Lines<'a> = &'a [(&'a str, &'a str)];
    let table: [(&str, Lines<'_>, &str); 8] = [
        (
            "/notes/1?q",
            &[("host", "example.org:8080")],
            "http://example.org:8080/notes/1?q",
        ),
        ("/notes/1", &[], "/notes/1"),
        ("/notes/1", &[("host", "")], "/notes/1"),
        ("/notes/1", &[("host", "a b")], "/notes/1"),
        ("/notes/1", &[("host", "a/b")], "/notes/1"),
        ("/notes/1", &[("host", "a"), ("host", "b")], "/notes/1"),
        (
            "https://example.org/",
            &[("host", "other")],
            "https://example.org/",
        ),
        ("*", &[("host", "a")], "http://a/*"),
    ];
    for (uri, fields, expected) in table {
        let uri = uri.parse().unwrap();
        let found = target(&uri, &headers(fields.iter().copied()));
        // What `*` becomes does not matter, so long as it is no panic.
        if uri != "*" {
            assert_eq!(found.to_string(), expected);
        }
    }
}

/// R-9111-4.4-c: what other origins have is left alone. The references are
/// those of RFC 3986, section 5.4, as far as they can occur.
#[test]
fn locations_of_the_same_origin() {
    let table = [
        ("g", Some("http://a/b/c/g")),
        ("./g", Some("http://a/b/c/g")),
        ("g/", Some("http://a/b/c/g/")),
        ("/g", Some("http://a/g")),
        ("//a/g", Some("http://a/g")),
        ("//a", Some("http://a/")),
        ("//a?y", Some("http://a/?y")),
        ("//g", None),
        ("?y", Some("http://a/b/c/d;p?y")),
        ("g?y", Some("http://a/b/c/g?y")),
        ("#s", Some("http://a/b/c/d;p?q")),
        ("g#s", Some("http://a/b/c/g")),
        ("", Some("http://a/b/c/d;p?q")),
        (".", Some("http://a/b/c/")),
        ("..", Some("http://a/b/")),
        ("../g", Some("http://a/b/g")),
        ("../../../g", Some("http://a/g")),
        ("/./g/../h", Some("http://a/h")),
        ("g?y/./x", Some("http://a/b/c/g?y/./x")),
        ("http://A:80/x", Some("http://a/x")),
        ("https://a/x", Some("http://a/x")),
        ("HTTPS://a:443/x", Some("http://a/x")),
        ("http://a:8080/x", None),
        ("http://a:99999/x", None),
        ("http://a:/x", Some("http://a/x")),
        ("http://me@a/x", Some("http://a/x")),
        ("http://a.example/x", None),
        ("http:g", None),
        ("g:h", None),
        ("mailto:a@a", None),
        ("http://", None),
        ("//", None),
        ("a b", None),
    ];
    let base: Uri = "http://a/b/c/d;p?q".parse().unwrap();
    for (reference, expected) in table {
        for name in ["location", "content-location"] {
            let fields = headers([(name, reference)]);
            let found: Vec<_> = locations(&base, &fields)
                .map(|uri| uri.to_string())
                .collect();
            assert_eq!(found, Vec::from_iter(expected), "{reference:?}");
        }
    }
    let bare: Uri = "/notes".parse().unwrap();
    let fields = headers([
        ("location", "/notes/1"),
        ("content-location", "http://a/notes/1"),
    ]);
    let found: Vec<_> = locations(&bare, &fields)
        .map(|uri| uri.to_string())
        .collect();
    assert_eq!(found, ["/notes/1"]);
}
