use http::HeaderMap;

use super::FIELDS;
use crate::semantics::caching::cache_tags::{CacheTag, CacheTags, InvalidCacheTag};

/// Issue 10, B.3: a page of many items has a tag for each.
#[test]
fn a_set_has_as_many_tags_as_a_header_can_hold() {
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

    // 16 tags of 1,020 characters fill a set exactly.
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
    assert!(matches!(many, Err(InvalidCacheTag::TooMany(_))));
    let invalid = CacheTags::of(["a", "b c"]);
    assert_eq!(invalid, Err(InvalidCacheTag::Name("b c".to_owned())));
}
