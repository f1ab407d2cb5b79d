use std::collections::BTreeMap;

use proptest::{collection::vec, prelude::*};
use sfv::{Dictionary, ListEntry, Parser};

use crate::semantics::caching::cache_control::{
    CacheControl, Syntax,
    tests::{
        parse, parse_line,
        policies::{extension, lines, policy},
    },
};

/// Parses the policy with a strict parser, which fails unless it is a Dictionary.
fn dictionary(policy: &CacheControl) -> Dictionary {
    let Some(value) = policy.to_value(Syntax::Targeted) else {
        return Dictionary::new();
    };
    assert!(!value.is_empty());
    Parser::new(value.as_bytes()).parse().expect("a Dictionary")
}

/// R-9213-2.1-a: flags are keys, numbers Integers, and other text Strings. Members that a
/// Dictionary cannot hold are dropped.
#[test]
fn a_targeted_field_is_a_dictionary() {
    let table = [
        ("", None),
        ("private, max-age=60", Some("private, max-age=60")),
        ("no-store", Some("no-store")),
        ("max-age=99999999999", Some("max-age=2147483648")),
        ("private=Set-Cookie", Some("private=\"set-cookie\"")),
        ("no-cache=\"A, b\"", Some("no-cache=\"a, b\"")),
        // Keys are in lower case. Integers and tokens stay as they are.
        ("Foo", Some("foo")),
        ("*a_b-c.d", Some("*a_b-c.d")),
        ("foo=5", Some("foo=5")),
        ("foo=000000000000005", Some("foo=000000000000005")),
        ("foo=999999999999999", Some("foo=999999999999999")),
        ("foo=Bar", Some("foo=Bar")),
        ("foo=*", Some("foo=*")),
        // Any other argument becomes a String.
        ("foo=1000000000000000", Some("foo=\"1000000000000000\"")),
        ("foo=-5", Some("foo=\"-5\"")),
        ("foo=1.5", Some("foo=\"1.5\"")),
        ("foo=5s", Some("foo=\"5s\"")),
        ("foo=\"5\"", Some("foo=\"5\"")),
        ("foo=\"\"", Some("foo=\"\"")),
        ("foo=\"a, b\"", Some("foo=\"a, b\"")),
        ("foo=\"a\\b\\\"c\\\\\"", Some("foo=\"ab\\\"c\\\\\"")),
        // These keys and Strings are invalid.
        ("5foo, private", Some("private")),
        ("-foo, _foo, foo!, private", Some("private")),
        ("foo=\"é\", private", Some("private")),
        ("foo=\"a\tb\", private", Some("private")),
        // Caches ignore an empty field, so it is not written.
        ("5foo", None),
    ];
    for (text, expected) in table {
        let policy = parse_line(text);
        let value = policy.to_value(Syntax::Targeted);
        let written = value.as_ref().map(|value| value.to_str().unwrap());
        assert_eq!(written, expected, "{text}");
        dictionary(&policy);
    }
}

fn integer(entry: &ListEntry) -> Option<i64> {
    match entry {
        ListEntry::Item(item) => item.bare_item.as_integer().map(i64::from),
        ListEntry::InnerList(_) => None,
    }
}

fn is_true(entry: &ListEntry) -> bool {
    match entry {
        ListEntry::Item(item) => item.bare_item.as_boolean() == Some(true),
        ListEntry::InnerList(_) => false,
    }
}

proptest! {
    /// R-9213-2.1-a: a strict parser reads the same directives.
    #[test]
    fn every_policy_is_a_dictionary(policy in policy()) {
        let members = dictionary(&policy);
        let flags = [
            ("no-store", policy.is_no_store()),
            ("must-understand", policy.is_must_understand()),
            ("no-cache", policy.is_no_cache()),
            ("private", policy.is_private()),
            ("public", policy.is_public()),
            ("must-revalidate", policy.is_must_revalidate()),
            ("proxy-revalidate", policy.is_proxy_revalidate()),
            ("immutable", policy.is_immutable()),
            ("no-transform", policy.is_no_transform()),
        ];
        for (name, present) in flags {
            prop_assert_eq!(members.get(name).is_some_and(is_true), present, "{}", name);
        }
        let seconds = [
            ("max-age", policy.max_age()),
            ("s-maxage", policy.s_maxage()),
            ("stale-while-revalidate", policy.stale_while_revalidate()),
            ("stale-if-error", policy.stale_if_error()),
        ];
        for (name, time) in seconds {
            let expected = time.map(|time| i64::try_from(time.as_secs()).expect("few"));
            prop_assert_eq!(members.get(name).and_then(integer), expected, "{}", name);
        }
        for (name, fields) in [("no-cache", policy.no_cache_fields()), ("private", policy.private_fields())] {
            let names: Vec<_> = fields.iter().map(|name| name.as_str()).collect();
            if !names.is_empty() {
                let ListEntry::Item(item) = &members[name] else { panic!("a list") };
                let text = item.bare_item.as_string().map(|text| text.as_str().to_owned());
                prop_assert_eq!(text, Some(names.join(", ")));
            }
        }
    }

    /// R-9213-2.1-a: of several extensions with one name, the last counts.
    #[test]
    fn every_extension_is_a_member_or_dropped(extensions in vec(extension(), 0..4)) {
        let policy = extensions.iter().cloned().fold(CacheControl::new(), CacheControl::with_extension);
        let members = dictionary(&policy);
        let mut last = BTreeMap::new();
        for extension in &extensions {
            let alone = dictionary(&CacheControl::new().with_extension(extension.clone()));
            prop_assert!(alone.len() <= 1);
            last.extend(alone.into_iter().map(|(key, entry)| (key.as_str().to_owned(), entry)));
        }
        prop_assert_eq!(members.len(), last.len());
        for (key, entry) in &members {
            prop_assert_eq!(Some(entry), last.get(key.as_str()));
        }
    }

    /// R-9213-2.1-a: any header of a handler can be rewritten.
    #[test]
    fn every_parsed_header_is_a_dictionary(lines in lines()) {
        let policy = parse(lines);
        let members = dictionary(&policy);
        prop_assert_eq!(members.get("no-store").is_some_and(is_true), policy.is_no_store());
    }
}
