use std::collections::HashSet;

use super::{FIELDS, UUID};
use crate::semantics::caching::cache_tags::{CacheTag, CacheTags, InvalidCacheTag};

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

/// Inline and shared names compare and hash in the same way.
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

/// Issue 10, B.3: text from clients always gives a tag.
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
            assert_eq!(&field.encode(tag), tag);
        }
    }
    // The digest must never change. It is that of `sha256sum | xxd -r -p | head -c 23 | base64`.
    assert_eq!(
        CacheTag::encoded("a b").as_str(),
        "~yGh6CKpdbtIEQyj6aml6uOltw0KR6MI"
    );
}

#[test]
fn errors_name_the_tag() {
    assert_eq!(
        CacheTag::new("b c").unwrap_err().to_string(),
        "invalid cache tag \"b c\": use 1 to 1024 visible ASCII characters, \
         without `,`, `\"`, `\\` and `*`"
    );
    let mut full = CacheTags::of((10..26).map(|at| format!("{at:x<1020}"))).unwrap();
    let error = full.insert(CacheTag::new("a").unwrap()).unwrap_err();
    assert!(matches!(error, InvalidCacheTag::TooMany(_)));
    assert_eq!(
        error.to_string(),
        "no room for the cache tag \"a\": all tags of a response have at most 16384 bytes"
    );
}
