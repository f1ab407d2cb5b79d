//! Entity tags: the syntax of RFC 9110, section 8.8.3, written a second time.

#![no_main]

use http::HeaderValue;
use libfuzzer_sys::fuzz_target;
use tower_conditional::{EntityTag, validator::TagRef};

fn opaque(text: &[u8]) -> Option<(bool, &[u8])> {
    let (weak, quoted) = match text {
        [b'W', b'/', quoted @ ..] => (true, quoted),
        quoted => (false, quoted),
    };
    let [b'"', opaque @ .., b'"'] = quoted else {
        return None;
    };
    let forbidden = |byte: &u8| *byte <= 0x20 || *byte == b'"' || *byte == 0x7f;
    (!opaque.iter().any(forbidden)).then_some((weak, opaque))
}

fuzz_target!(|data: &[u8]| {
    let read = TagRef::parse(data).map(|tag| (tag.is_weak(), tag.opaque()));
    assert_eq!(read, opaque(data));

    let owned = HeaderValue::from_bytes(data)
        .ok()
        .and_then(|value| EntityTag::try_from(value).ok());
    assert_eq!(owned.is_some(), read.is_some());
    if let Some(tag) = owned {
        assert_eq!(tag.as_header_value().as_bytes(), data);
        assert_eq!((tag.is_weak(), tag.opaque()), read.unwrap());
        assert!(tag.weak_eq(&tag));
        assert_eq!(tag.strong_eq(&tag), !tag.is_weak());
        assert!(tag.clone().into_weak().weak_eq(&tag));
    }

    if let Ok(tag) = EntityTag::strong(data) {
        assert_eq!(tag.opaque(), data);
        assert!(TagRef::parse(tag.as_header_value().as_bytes()).is_some());
    }
    for tag in [
        EntityTag::from_digest(data),
        EntityTag::weak_from_digest(data),
    ] {
        assert!(TagRef::parse(tag.as_header_value().as_bytes()).is_some());
        assert!(!tag.opaque().contains(&b'\\'));
    }
});
