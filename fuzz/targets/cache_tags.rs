//! Cache tags: the merge with existing headers, and the invalidations of a write.

#![no_main]

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header};
use libfuzzer_sys::fuzz_target;
use sfv::{BareItem, List, ListEntry, Parser};
use tower_conditional::{
    cache_tags::{CacheTag, CacheTags, TagField},
    fuzzing::write_invalidation,
    purge::Purge,
};
use tower_conditional_fuzz::{one_field, values};

const INVALIDATION: HeaderName = HeaderName::from_static("cache-group-invalidation");

fuzz_target!(|data: &[u8]| {
    let (names, lines) = data.split_at(data.iter().position(|b| *b == 0).unwrap_or(0));
    let mut tags = CacheTags::new();
    for name in names.split(|byte| *byte == b'\n') {
        insert(&mut tags, name);
    }
    let lines = lines.get(1..).unwrap_or_default();
    use TagField::{CacheGroups, CacheTag, SurrogateKey, Xkey};
    for field in [SurrogateKey, CacheTag, Xkey, CacheGroups] {
        check_merge(&field.name(), lines, &tags, |headers| {
            field.write(&tags, headers);
        });
    }
    check_merge(&INVALIDATION, lines, &tags, |headers| {
        write_invalidation(&tags, headers);
    });
    check_targets(names, lines);
});

/// Adds a tag, and checks the limits: a tag has 1 to 1,024 bytes that every header can carry, and a
/// set has 16,384 tags.
fn insert(tags: &mut CacheTags, name: &[u8]) {
    let Ok(tag) = std::str::from_utf8(name).map(CacheTag::new) else {
        return;
    };
    let legal = |byte: &u8| byte.is_ascii_graphic() && !b",\"\\*".contains(byte);
    let is_tag = (1..=CacheTag::MAX_LENGTH).contains(&name.len()) && name.iter().all(legal);
    assert_eq!(tag.is_ok(), is_tag);
    let Ok(tag) = tag else {
        return;
    };
    assert_eq!(tag.as_str().as_bytes(), name);
    let had = tags.contains(&tag);
    match tags.insert(tag.clone()) {
        Ok(new) => assert!(tags.contains(&tag) && new != had),
        Err(_) => assert!(!had),
    }
    let bytes: usize = tags.iter().map(|tag| tag.as_str().len()).sum();
    assert!(bytes <= CacheTags::MAX_BYTES);
}

/// Returns the members as a cache reads them, without those that it ignores.
///
/// A line without content has no members. That matters if a string is spread over several lines
/// (RFC 9651, section 4.2: with unpredictable results).
fn members(name: &HeaderName, headers: &HeaderMap) -> Vec<Vec<u8>> {
    let lines = headers.get_all(name).iter();
    let lines = lines.map(|line| line.as_bytes().trim_ascii());
    let lines = lines.filter(|line| !line.is_empty());
    let split: fn(&u8) -> bool = match name.as_str() {
        "cache-tag" => |byte| *byte == b',',
        "surrogate-key" | "xkey" => u8::is_ascii_whitespace,
        _ => return strings(&lines.collect::<Vec<_>>().join(&b", "[..])).unwrap_or_default(),
    };
    lines
        .flat_map(|line| line.split(split))
        .map(<[u8]>::trim_ascii)
        .filter(|member| !member.is_empty())
        .map(<[u8]>::to_vec)
        .collect()
}

fn strings(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let list: List = Parser::new(line).parse().ok()?;
    let string = |member: &ListEntry| match member {
        ListEntry::Item(item) => match &item.bare_item {
            BareItem::String(text) => Some(text.as_str().as_bytes().to_vec()),
            _ => None,
        },
        ListEntry::InnerList(_) => None,
    };
    list.iter().map(string).collect()
}

/// Checks that nothing is lost, that each tag is present, and that nothing else is added.
fn check_merge(name: &HeaderName, lines: &[u8], tags: &CacheTags, write: impl Fn(&mut HeaderMap)) {
    let before = one_field(name, lines);
    let mut after = before.clone();
    write(&mut after);
    let (had, has) = (members(name, &before), members(name, &after));
    let strings_of_32 = *name == INVALIDATION || *name == TagField::CacheGroups.name();
    let tags: Vec<_> = tags
        .iter()
        .map(|tag| match strings_of_32 {
            true => TagField::CacheGroups.encode(tag),
            false => tag.clone(),
        })
        .collect();
    let tags: Vec<_> = tags.iter().map(|tag| tag.as_str().as_bytes()).collect();
    assert!(has.starts_with(&had));
    assert!(
        tags.iter()
            .all(|tag| has.iter().any(|member| member == tag))
    );
    let mut added: Vec<_> = has[had.len()..].iter().map(Vec::as_slice).collect();
    assert!(added.iter().all(|tag| tags.contains(tag)));
    let count = added.len();
    added.sort_unstable();
    added.dedup();
    assert_eq!(added.len(), count);

    let written = after != before;
    assert_eq!(written, count > 0);
    if written {
        assert_eq!(after.len(), 1);
        if strings_of_32 {
            assert!(strings(after[name].as_bytes()).is_some());
        }
    }
    let once = after.clone();
    write(&mut after);
    assert_eq!(after, once);
}

/// Checks that all targets have one origin, for any request and response.
fn check_targets(names: &[u8], lines: &[u8]) {
    let mut names = names.split(|byte| *byte == b'\n');
    let uri = names.next().and_then(|uri| Uri::try_from(uri).ok());
    let mut request = Request::new(());
    *request.method_mut() = Method::PUT;
    *request.uri_mut() = uri.unwrap_or_default();
    if let Some(Ok(host)) = names.next().map(HeaderValue::from_bytes) {
        request.headers_mut().insert(header::HOST, host);
    }
    let (parts, ()) = request.into_parts();
    let mut locations = HeaderMap::new();
    for (name, value) in [header::LOCATION, header::CONTENT_LOCATION]
        .into_iter()
        .zip(values(lines))
    {
        locations.insert(name, value);
    }
    let purge = Purge::of(&parts).with_locations(&locations);
    assert!((1..=3).contains(&purge.len()));
    let first = purge.targets().next().expect("the target");
    for target in purge.targets() {
        assert_eq!(target.scheme(), first.scheme());
        assert_eq!(target.authority(), first.authority());
    }
}
