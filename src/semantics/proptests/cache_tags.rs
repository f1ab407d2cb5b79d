use http::{
    HeaderMap, Uri,
    header::{HOST, LOCATION},
};
use proptest::{collection::vec, prelude::*};
use sfv::{BareItem, Item, List, ListEntry, Parser};

use super::strategies::{lines, value};
use crate::semantics::caching::cache_tags::{
    CacheTag, CacheTags, TagField, locations, target, write_invalidation,
};

fn tags() -> impl Strategy<Value = CacheTags> {
    vec("[!#-)+\\-./-\\[\\]-~]{1,48}", 0..=40)
        .prop_map(|names| CacheTags::of(names).expect("legal names"))
}

/// Strictly as RFC 9651 reads it.
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
            other => panic!("{other:?} is no string"),
        })
        .collect()
}

fn names(tags: &CacheTags) -> Vec<&str> {
    tags.iter().map(CacheTag::as_str).collect()
}

proptest! {
    /// R-9875-2-a: a strict reader sees what one writer and the next wrote.
    #[test]
    fn groups_read_back(first in tags(), second in tags()) {
        let mut headers = HeaderMap::new();
        for tags in [&first, &second] {
            TagField::CacheGroups.write(tags, &mut headers);
            write_invalidation(tags, &mut headers);
        }
        let mut expected = names(&first);
        expected.extend(second.iter().filter(|tag| !first.contains(tag)).map(CacheTag::as_str));
        let spelled = expected.iter().map(|name| {
            let tag = CacheTag::new(name).expect("a tag");
            TagField::CacheGroups.spelled(&tag).to_string()
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

    /// R-9875-2-a: over whatever the handler wrote, and nothing of it is lost
    /// where it means anything.
    #[test]
    fn merging_loses_nothing(there in lines(), tags in tags()) {
        for field in [TagField::SurrogateKey, TagField::Xkey, TagField::CacheTag, TagField::CacheGroups] {
            let mut headers = HeaderMap::new();
            for line in &there {
                headers.append(field.name(), line.clone());
            }
            field.write(&tags, &mut headers);
            let lines: Vec<_> = headers.get_all(field.name()).iter().map(|line| line.as_bytes()).collect();
            let text = lines.join(&b", "[..]);
            for tag in &tags {
                let tag = field.spelled(tag);
                let tag = tag.as_str().as_bytes();
                prop_assert!(text.windows(tag.len()).any(|part| part == tag));
            }
            if field == TagField::CacheGroups {
                if !tags.is_empty() {
                    let read = strings(&headers, "cache-groups");
                    let is_read = |tag| read.iter().any(|name| name == field.spelled(tag).as_str());
                    prop_assert!(tags.iter().all(is_read));
                }
            } else {
                for line in &there {
                    let line = line.as_bytes().trim_ascii();
                    prop_assert!(line.is_empty() || text.windows(line.len()).any(|part| part == line));
                }
            }
        }
    }

    /// R-9111-4.4-c: whatever a request and a response say, no other origin is
    /// named.
    #[test]
    fn locations_stay_at_the_origin(
        host in value(),
        location in prop_oneof![
            value(),
            "(http:|https:|)(//)?[a.:/?#@]{0,20}".prop_map(|text| text.parse().expect("a value")),
        ],
        path in "/[a-c./?]{0,10}",
    ) {
        let uri: Uri = path.parse().expect("a path");
        let headers = HeaderMap::from_iter([(HOST, host), (LOCATION, location)]);
        let target = target(&uri, &headers);
        for named in locations(&target, &headers) {
            prop_assert_eq!(named.authority(), target.authority());
            prop_assert_eq!(named.scheme(), target.scheme());
            prop_assert!(named.path().starts_with('/'));
            prop_assert!(!named.path().split('/').any(|segment| [".", ".."].contains(&segment)));
        }
    }
}
