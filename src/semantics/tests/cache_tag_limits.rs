//! What a tag and a set of tags may be, and what becomes of them in each field.

use std::collections::HashSet;

use http::HeaderMap;
use sfv::{List, Parser};

use crate::semantics::caching::cache_tags::{
    CacheTag, CacheTags, InvalidCacheTag, TagField, write_invalidation,
};

const UUID: &str = "0191e9b2-5b7c-7d3e-8f0a-3c1d2e4f5a6b";

const FIELDS: [TagField; 4] = [
    TagField::SurrogateKey,
    TagField::CacheTag,
    TagField::Xkey,
    TagField::CacheGroups,
];

fn text<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers[name].to_str().expect("ASCII")
}

#[test]
fn a_tag_is_visible_ascii() {
    let (short, longer, longest) = ("x".repeat(32), "x".repeat(33), "x".repeat(1_024));
    for name in [
        "a",
        "note-17",
        "!#$%&'()+-./:;<=>?@[]^_`{|}~",
        UUID,
        &short,
        &longer,
        &longest,
    ] {
        let tag = CacheTag::new(name).expect(name);
        assert_eq!(tag.as_str(), name);
        assert_eq!(tag.to_string(), name);
        assert_eq!(CacheTag::try_from(name), Ok(tag.clone()));
        assert_eq!(CacheTag::encoded(name), tag);
    }
    let too_long = "x".repeat(1_025);
    for name in [
        "", " ", "a b", "a,b", "a\"", "a\\", "*", "a\n", "a\0", "é", "\u{7f}", &too_long,
    ] {
        assert!(CacheTag::new(name).is_err(), "{name:?}");
        assert!(name.parse::<CacheTag>().is_err(), "{name:?}");
    }
    assert_eq!(
        format!("{:?}", CacheTag::new("a").unwrap()),
        "CacheTag(\"a\")"
    );
}

/// Tags are equal, ordered and hashed as their names are, wherever they are stored.
#[test]
fn tags_compare_as_their_names() {
    let (short, long) = ("b".repeat(32), "b".repeat(33));
    let names = ["a", &"a".repeat(40), "b", &short, &long, "c", UUID];
    let mut tags: Vec<_> = names
        .iter()
        .map(|name| CacheTag::new(name).unwrap())
        .collect();
    for one in &tags {
        for other in &tags {
            assert_eq!(one == other, one.as_str() == other.as_str());
            assert_eq!(one.cmp(other), one.as_str().cmp(other.as_str()));
        }
    }
    assert_eq!(
        tags.iter()
            .chain(&tags.clone())
            .collect::<HashSet<_>>()
            .len(),
        names.len()
    );
    tags.sort();
    assert!(tags.is_sorted_by_key(CacheTag::as_str));
}

/// Issue 10, B.3: names that clients choose never go without a tag.
#[test]
fn any_text_has_a_tag() {
    let too_long = "x".repeat(2_000);
    let names = ["", "a b", "Zürich", "*", "a,b", "a\r\nb", &too_long];
    let tags: HashSet<_> = names.map(CacheTag::encoded).into();
    assert_eq!(tags.len(), names.len());
    for tag in &tags {
        assert_eq!(tag.as_str().len(), 32);
        assert!(tag.as_str().starts_with('~'), "{tag}");
        assert_eq!(CacheTag::new(tag.as_str()).as_ref(), Ok(tag));
        for field in FIELDS {
            assert_eq!(&field.spelled(tag), tag);
        }
    }
    // As `sha256sum | xxd -r -p | head -c 23 | base64` has it, once and for all.
    assert_eq!(
        CacheTag::encoded("a b").as_str(),
        "~yGh6CKpdbtIEQyj6aml6uOltw0KR6MI"
    );
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

    // R-9875-2-a: a response and what invalidates it name the same group.
    write_invalidation(&tags, &mut headers);
    let groups = text(&headers, "cache-groups");
    assert_eq!(groups, text(&headers, "cache-group-invalidation"));
    let list: List = Parser::new(groups).parse().expect("a list");
    assert_eq!(list.len(), 2);
    assert!(
        groups.split(", ").all(|group| group.len() <= 34),
        "{groups}"
    );
    let spelled = TagField::CacheGroups.spelled(&CacheTag::new(UUID).unwrap());
    assert!(groups.starts_with(&format!("\"{spelled}\"")), "{groups}");
}

/// Issue 10, B.3: a page of a hundred items has a tag for each.
#[test]
fn a_set_has_as_many_tags_as_a_field_has_room_for() {
    let names = (0..1_000).map(|at| format!("product-{at}"));
    let mut tags = CacheTags::of(names.clone().chain(names.clone())).expect("a thousand tags");
    assert_eq!(tags.len(), 1_000);
    assert_eq!(tags.insert(CacheTag::new("product-7").unwrap()), Ok(false));
    for field in FIELDS {
        let mut headers = HeaderMap::new();
        field.write(&tags, &mut headers);
        let line = &headers[field.name()];
        assert!(line.len() <= CacheTags::MAX_BYTES);
        let written = line.to_str().unwrap().split([' ', ',']);
        let written = written
            .map(|tag| tag.trim_matches('"'))
            .filter(|tag| !tag.is_empty());
        assert!(written.eq(names.clone()), "{field:?}");
    }

    // 16 of 1,020 characters are full, however they are added.
    let long = |at: usize| format!("{at:x<1020}");
    let mut full = CacheTags::of((10..26).map(long)).expect("full");
    assert!(full.insert(CacheTag::new("a").unwrap()).is_err());
    assert_eq!(full.insert(CacheTag::new(long(10)).unwrap()), Ok(false));
    assert_eq!(full.len(), 16);
    assert!(
        full.clone()
            .union(&CacheTags::of([long(25)]).unwrap())
            .is_ok()
    );
    assert!(
        full.union(&CacheTags::from(CacheTag::new("a").unwrap()))
            .is_err()
    );

    let union = CacheTags::of(["b", "a", "b"]).unwrap();
    let union = union.union(&CacheTags::of(["c", "a"]).unwrap()).unwrap();
    let names: Vec<_> = union.iter().map(CacheTag::as_str).collect();
    assert_eq!(names, ["b", "a", "c"]);
    assert!(CacheTags::new().is_empty());

    let many = CacheTags::of((10..27).map(long));
    assert!(matches!(many, Err(InvalidCacheTag::TooMany)));
    let invalid = CacheTags::of(["a", "b c"]);
    assert!(matches!(invalid, Err(InvalidCacheTag::Name)));
}

/// Issue 10, B.3: it is known which tags a cache may not read.
#[test]
fn fields_know_what_they_have_room_for() {
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
