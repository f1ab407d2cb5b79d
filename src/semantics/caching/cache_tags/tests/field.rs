use http::HeaderMap;
use proptest::{collection::vec, prelude::*};
use sfv::{BareItem, Item, List, ListEntry, Parser};

use super::{FIELDS, UUID, tags};
use crate::semantics::{
    caching::cache_tags::{CacheTag, CacheTags, TagField, remove_invalidation, write_invalidation},
    proptests::strategies::lines,
    tests::headers,
};

fn text<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers[name].to_str().expect("ASCII")
}

/// R-9875-2-a: each row has the existing lines, the new tags and the result.
#[test]
fn tags_are_added_to_existing_lines() {
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
        // These are not lists of strings, so caches ignore them.
        (CacheGroups, &["x"], &["a"], r#""a""#),
        (CacheGroups, &[r#""x", 1"#], &["a"], r#""a""#),
        (CacheGroups, &[r#"("x")"#], &["a"], r#""a""#),
        (CacheGroups, &[r#""x","#], &["a"], r#""a""#),
        (CacheGroups, &[r#""x"#], &["a"], r#""a""#),
        (CacheGroups, &[r#""x" "y""#], &["a"], r#""a""#),
    ];
    for (field, existing, new, expected) in table {
        let name = field.name();
        let mut fields = headers(existing.iter().map(|line| (name.as_str(), *line)));
        field.write(&tags(new), &mut fields);
        let lines: Vec<_> = fields.get_all(&name).iter().collect();
        assert_eq!(lines, [expected], "{field:?} {existing:?} {new:?}");
        // A second call finds nothing to add.
        field.write(&tags(new), &mut fields);
        assert_eq!(fields[&name], expected);
    }
}

#[test]
fn tags_that_exist_change_nothing() {
    let existing = [("cache-groups", r#""a""#), ("cache-groups", r#""b""#)];
    let before = headers(existing);
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
fn invalidated_groups_are_a_list_of_strings() {
    let mut fields = headers([("cache-group-invalidation", r#""x""#)]);
    write_invalidation(&tags(&["a", "x"]), &mut fields);
    let line = &fields["cache-group-invalidation"];
    assert_eq!(line, r#""x", "a""#);
    assert_eq!(Parser::new(line).parse::<List>().expect("a list").len(), 2);
    remove_invalidation(&mut fields);
    assert!(fields.is_empty());
}

/// Issue 10, B.3: a UUID has 36 characters, and only `Cache-Groups` has no room for them.
#[test]
fn a_tag_of_more_than_32_characters_is_in_every_field() {
    let tags = CacheTags::of([UUID, "notes"]).expect("tags");
    let mut headers = HeaderMap::new();
    for field in FIELDS {
        field.write(&tags, &mut headers);
        field.write(&tags, &mut headers);
    }
    assert_eq!(text(&headers, "surrogate-key"), format!("{UUID} notes"));
    assert_eq!(text(&headers, "xkey"), format!("{UUID} notes"));
    assert_eq!(text(&headers, "cache-tag"), format!("{UUID}, notes"));

    // R-9875-2-a: a response and its invalidation name the same group.
    write_invalidation(&tags, &mut headers);
    let groups = text(&headers, "cache-groups");
    assert_eq!(groups, text(&headers, "cache-group-invalidation"));
    let list: List = Parser::new(groups).parse().expect("a list");
    assert_eq!(list.len(), 2);
    assert!(
        groups.split(", ").all(|group| group.len() <= 34),
        "{groups}"
    );
    let spelled = TagField::CacheGroups.encode(&CacheTag::new(UUID).unwrap());
    assert!(groups.starts_with(&format!("\"{spelled}\"")), "{groups}");
}

/// Issue 10, B.3.
#[test]
fn each_field_has_a_limit() {
    let tags = |most: usize| CacheTags::of((0..most).map(|at| at.to_string())).unwrap();
    assert!(TagField::CacheGroups.has_room(&tags(32)));
    assert!(TagField::CacheGroups.has_room(tags(32).iter().chain(&tags(32))));
    assert!(!TagField::CacheGroups.has_room(&tags(33)));
    let full = CacheTags::of((10..26).map(|at| format!("{at:x<1020}"))).unwrap();
    let more = CacheTags::of((30..31).map(|at| format!("{at:x<1020}"))).unwrap();
    for field in [TagField::SurrogateKey, TagField::CacheTag, TagField::Xkey] {
        assert!(field.has_room(&tags(1_000)));
        assert!(field.has_room(full.iter().chain(&full)));
        assert!(!field.has_room(full.iter().chain(&more)));
    }
}

fn any_tags() -> impl Strategy<Value = CacheTags> {
    vec("[!#-)+\\-./-\\[\\]-~]{1,48}", 0..=40)
        .prop_map(|names| CacheTags::of(names).expect("legal names"))
}

/// Parses a list of strings with a strict parser (RFC 9651).
fn strings(headers: &HeaderMap, name: &str) -> Vec<String> {
    let Some(line) = headers.get(name) else {
        return Vec::new();
    };
    let list: List = Parser::new(line).parse().expect("a list");
    list.into_iter()
        .map(|member| match member {
            ListEntry::Item(Item {
                bare_item: BareItem::String(text),
                ..
            }) => text.into(),
            other => panic!("{other:?} is not a string"),
        })
        .collect()
}

fn names(tags: &CacheTags) -> Vec<&str> {
    tags.iter().map(CacheTag::as_str).collect()
}

proptest! {
    /// R-9875-2-a: the tags of two calls parse back.
    #[test]
    fn tags_parse_back(first in any_tags(), second in any_tags()) {
        let mut headers = HeaderMap::new();
        for tags in [&first, &second] {
            TagField::CacheGroups.write(tags, &mut headers);
            write_invalidation(tags, &mut headers);
        }
        let mut expected = names(&first);
        expected.extend(second.iter().filter(|tag| !first.contains(tag)).map(CacheTag::as_str));
        let spelled = expected.iter().map(|name| {
            let tag = CacheTag::new(name).expect("a tag");
            TagField::CacheGroups.encode(&tag).to_string()
        });
        let spelled: Vec<_> = spelled.collect();
        prop_assert!(spelled.iter().all(|name| name.len() <= 32));
        prop_assert_eq!(&strings(&headers, "cache-groups"), &spelled);
        prop_assert_eq!(&strings(&headers, "cache-group-invalidation"), &spelled);

        for field in [TagField::SurrogateKey, TagField::Xkey, TagField::CacheTag] {
            field.write(&first, &mut headers);
            field.write(&second, &mut headers);
            let line = headers.get(field.name()).map_or("", |line| line.to_str().expect("ASCII"));
            let members: Vec<_> = line.split([' ', ',']).filter(|name| !name.is_empty()).collect();
            prop_assert_eq!(&members, &expected);
        }
    }

    /// R-9875-2-a: existing text is kept, unless caches ignore it.
    #[test]
    fn merging_loses_nothing(existing in lines(), tags in any_tags()) {
        for field in [TagField::SurrogateKey, TagField::Xkey, TagField::CacheTag, TagField::CacheGroups] {
            let mut headers = HeaderMap::new();
            for line in &existing {
                headers.append(field.name(), line.clone());
            }
            field.write(&tags, &mut headers);
            let lines: Vec<_> = headers.get_all(field.name()).iter().map(|line| line.as_bytes()).collect();
            let text = lines.join(&b", "[..]);
            for tag in &tags {
                let tag = field.encode(tag);
                let tag = tag.as_str().as_bytes();
                prop_assert!(text.windows(tag.len()).any(|part| part == tag));
            }
            if field == TagField::CacheGroups {
                if !tags.is_empty() {
                    let read = strings(&headers, "cache-groups");
                    let is_read = |tag| read.iter().any(|name| name == field.encode(tag).as_str());
                    prop_assert!(tags.iter().all(is_read));
                }
            } else {
                for line in &existing {
                    let line = line.as_bytes().trim_ascii();
                    prop_assert!(line.is_empty() || text.windows(line.len()).any(|part| part == line));
                }
            }
        }
    }
}
