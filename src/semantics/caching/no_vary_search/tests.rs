mod properties;

use http::Uri;

use super::NoVarySearch;
use crate::semantics::tests::headers;

fn parse(line: &str) -> NoVarySearch {
    NoVarySearch::parse(&headers([("no-vary-search", line)]))
}

fn same(policy: &NoVarySearch, a: &str, b: &str) -> bool {
    let [a, b] = [a, b].map(|uri| uri.parse::<Uri>().expect("a URI"));
    policy.matches(&a, &b)
}

/// R-NVS-5-a: the tables of section 5.2.1.
#[test]
fn values_are_parsed_as_in_the_draft() {
    let exact = NoVarySearch::new;
    let table = [
        // Valid.
        ("key-order", exact().key_order()),
        ("params=(\"a\")", NoVarySearch::params(["a"])),
        ("except=(\"x\")", NoVarySearch::except(["x"])),
        ("params=()", exact()),
        ("except=()", NoVarySearch::params_all()),
        // Valid, in an unusual form.
        ("key-order=?1", exact().key_order()),
        ("key-order=?0", exact()),
        (
            "except=(\"x\"), key-order",
            NoVarySearch::except(["x"]).key_order(),
        ),
        // Invalid.
        ("key-order=\"not a boolean\"", exact()),
        ("params=\"not an inner list\"", exact()),
        ("params=(not-a-string)", exact()),
        ("params=?0", exact()),
        ("params=?1", exact()),
        ("params=?1, except=(\"x\")", exact()),
        ("params=(\"a\"), except=(\"x\")", exact()),
        ("params=(), except=()", exact()),
        ("except=\"not an inner list\"", exact()),
        ("except=(not-a-string)", exact()),
        ("except=?1", exact()),
        // One invalid member makes the whole header invalid.
        ("key-order, params", exact()),
        ("key-order=1, params=(\"a\")", exact()),
        ("params=(\"a\" 1)", exact()),
        ("params=(\"a\"", exact()),
        ("params=(\"a\"),", exact()),
        ("", exact()),
        // Unknown keys and parameters are ignored.
        ("unknown-key", exact()),
        ("unknown-key=1, params=(\"a\")", NoVarySearch::params(["a"])),
        (
            "params=(\"a\";p);q=1, key-order;r",
            NoVarySearch::params(["a"]).key_order(),
        ),
        // Of several members with one key, the last counts.
        (
            "params=(\"a\"), params=(\"b\")",
            NoVarySearch::params(["b"]),
        ),
        ("params=?1, params=(\"b\")", NoVarySearch::params(["b"])),
        // Section 5.3.
        (
            "params=(\"%C3%A9+%E6%B0%97\")",
            NoVarySearch::params(["é 気"]),
        ),
        (
            "params=(\"%2B\" \"%\" \"%zz\")",
            NoVarySearch::params(["+", "%", "%zz"]),
        ),
        ("params=(\"%ff\")", NoVarySearch::params(["\u{fffd}"])),
        (
            "params=(\"\\\"\" \"\\\\\")",
            NoVarySearch::params(["\"", "\\"]),
        ),
    ];
    for (line, policy) in table {
        assert_eq!(parse(line), policy, "{line}");
    }
}

/// R-NVS-5-a: all lines are parsed as one value.
#[test]
fn lines_are_joined() {
    let lines = |lines: &[&'static str]| {
        NoVarySearch::parse(&headers(lines.iter().map(|line| ("no-vary-search", *line))))
    };
    let policy = NoVarySearch::params(["a"]).key_order();
    assert_eq!(lines(&["key-order", "params=(\"a\")"]), policy);
    assert_eq!(lines(&["except=()", "params=(\"a\")"]), NoVarySearch::new());
    assert_eq!(lines(&["key-order", "?"]), NoVarySearch::new());
    assert_eq!(lines(&[]), NoVarySearch::new());
}

/// R-NVS-3-a: the value never has both lists.
#[test]
fn values_are_formatted_as_in_the_draft() {
    let none: [&str; 0] = [];
    let table = [
        (NoVarySearch::new(), None),
        (NoVarySearch::params(none), None),
        (NoVarySearch::new().key_order(), Some("key-order")),
        (NoVarySearch::params_all(), Some("except=()")),
        (NoVarySearch::except(none), Some("except=()")),
        (NoVarySearch::except(["id"]), Some("except=(\"id\")")),
        (
            NoVarySearch::params(["b", "a", "b"]),
            Some("params=(\"a\" \"b\")"),
        ),
        (
            NoVarySearch::params([""]).key_order(),
            Some("key-order, params=(\"\")"),
        ),
        (
            NoVarySearch::params(["é 気"]),
            Some("params=(\"%C3%A9+%E6%B0%97\")"),
        ),
        (
            NoVarySearch::params(["a+b", "\"\\%\n"]),
            Some("params=(\"%22%5C%25%0A\" \"a%2Bb\")"),
        ),
    ];
    for (policy, line) in table {
        let value = policy.header_value();
        assert_eq!(
            value.as_ref().map(|value| value.as_bytes()),
            line.map(str::as_bytes)
        );
        assert_eq!(policy.to_string(), line.unwrap_or_default());
        assert_eq!(policy.is_exact(), line.is_none());
        assert_eq!(parse(line.unwrap_or_default()), policy);
    }
}

/// R-NVS-5-a: the table of section 6.1, for all values except the default.
#[test]
fn queries_are_compared_after_decoding() {
    let pairs = [
        ("", "?"),
        ("?a=x", "?%61=%78"),
        ("?a=é", "?a=%C3%A9"),
        ("?a=%f6", "?a=%ef%bf%bd"),
        ("?a=x&&&&", "?a=x"),
        ("?a=", "?a"),
        ("?a=%20", "?a=+&"),
        ("?é+気", "?%C3%A9%20%E6%B0%97="),
        ("?a=%2B", "?a=%2b"),
        ("?a=b=c", "?a=b%3Dc"),
    ];
    let differ = [
        ("?a=%2B", "?a=+"),
        ("?a=%2B+", "?a=++"),
        ("?a=1", "?a=2"),
        ("?a=1", "?a=1&a=1"),
        ("?a=1", "?A=1"),
        ("?=a", "?a"),
        ("?a%3D1", "?a=1"),
        ("?a%261", "?a&1"),
        // Unicode is not normalized.
        ("?a=%C3%A9", "?a=e%CC%81"),
    ];
    let policies = [
        NoVarySearch::new().key_order(),
        NoVarySearch::params(["other"]),
        NoVarySearch::except(["a", "A", "", "é 気", "a=1", "a&1"]),
    ];
    for policy in &policies {
        for (a, b) in pairs {
            assert!(
                same(policy, &format!("/{a}"), &format!("/{b}")),
                "{policy} {a} {b}"
            );
        }
        for (a, b) in differ {
            assert!(
                !same(policy, &format!("/{a}"), &format!("/{b}")),
                "{policy} {a} {b}"
            );
        }
    }
    // By default, all of them differ.
    for (a, b) in pairs.into_iter().chain(differ) {
        let exact = NoVarySearch::new();
        assert!(!same(&exact, &format!("/{a}"), &format!("/{b}")), "{a} {b}");
        assert!(same(&exact, &format!("/{a}"), &format!("/{a}")), "{a}");
    }
}

/// R-NVS-5-a.
#[test]
fn only_significant_parameters_are_compared() {
    let table = [
        ("params=(\"u\")", "?a=1&u=2", "?u=3&a=1", true),
        ("params=(\"u\")", "?a=1&u=2", "?a=1", true),
        ("params=(\"u\")", "?u=2", "", true),
        ("params=(\"u\")", "?%75=2", "", true),
        ("params=(\"u\")", "?a=1&b=2", "?b=2&a=1", false),
        ("params=(\"u\")", "?a=1&b=2", "?a=1", false),
        ("except=(\"a\")", "?a=1&b=2", "?c=3&a=1", true),
        ("except=(\"a\")", "?b=2", "", true),
        ("except=(\"a\")", "?a=1", "", false),
        ("except=(\"a\" \"b\")", "?a=1&b=2", "?b=2&a=1", false),
        ("except=()", "?a=1&b=2", "", true),
        ("key-order", "?a=1&b=2", "?b=2&a=1", true),
        ("key-order", "?a=1&b=2&a=3", "?b=2&a=1&a=3", true),
        ("key-order", "?a=1&a=3", "?a=3&a=1", false),
        ("key-order", "?a=1&b=2", "?a=1", false),
        (
            "key-order, params=(\"u\")",
            "?a=1&u=2&b=3",
            "?b=3&a=1",
            true,
        ),
        (
            "key-order, except=(\"a\" \"b\")",
            "?a=1&u=2&b=3",
            "?b=3&a=1",
            true,
        ),
        ("key-order, except=(\"a\" \"b\")", "?a=1", "?b=1", false),
    ];
    for (line, a, b, expected) in table {
        let policy = parse(line);
        let [a, b] = [a, b].map(|query| format!("https://host/path{query}"));
        assert_eq!(same(&policy, &a, &b), expected, "{line} {a} {b}");
        assert_eq!(same(&policy, &b, &a), expected, "{line} {b} {a}");
    }
}

/// R-NVS-5-a: path and origin must be equal.
#[test]
fn only_the_query_may_differ() {
    let table = [
        ("https://host/a", "https://HOST:443/a?q", true),
        ("http://host/a", "http://host:80/a", true),
        ("http://host/a", "http://host:/a", true),
        ("http://host", "http://host/?q", true),
        ("http://[::1]:80/", "http://[::1]/", true),
        ("/a", "/a?q", true),
        ("/a", "/b", false),
        ("/a", "/A", false),
        ("/a", "/a/", false),
        ("/a", "/%61", false),
        ("/a", "http://host/a", false),
        ("http://host/a", "https://host/a", false),
        ("http://host/a", "http://host:443/a", false),
        ("https://host/a", "https://host:80/a", false),
        ("http://host:99998/", "http://host:99999/", false),
        ("http://host:99998/", "http://host/", false),
        ("http://host/a", "http://other/a", false),
        ("http://host/a", "http://host.other/a", false),
        ("http://[::1]/", "http://[::2]/", false),
        ("http://user@host:1/", "http://user@host:2/", false),
        ("http://other@host/", "http://host@other/", false),
        ("http://one@host/", "http://other@host/", false),
        ("http://one@host/", "http://host/", false),
        ("http://One@host/", "http://one@host/", false),
        ("http://one@HOST/", "http://one@host:80/", true),
    ];
    for policy in [
        NoVarySearch::params_all(),
        NoVarySearch::params_all().key_order(),
    ] {
        for (a, b, expected) in table {
            assert_eq!(same(&policy, a, b), expected, "{a} {b}");
            assert_eq!(same(&policy, b, a), expected, "{b} {a}");
        }
    }
    for (a, b, expected) in table.into_iter().filter(|(.., expected)| !expected) {
        assert_eq!(same(&NoVarySearch::new(), a, b), expected, "{a} {b}");
    }
}
