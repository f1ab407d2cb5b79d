use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue, Method, header::ETAG};
use proptest::{collection::vec, prelude::*};

use super::text;
use crate::semantics::{
    condition::{ConditionalFields, Current, Decision},
    field::HttpDate,
    proptests::strategies::tag,
    tests::headers,
    validator::{EntityTag, TagRef, Validators},
};

/// R-9110-8.8.3-a: the syntax is exact, byte by byte.
#[test]
fn each_byte_is_legal_or_illegal() {
    for byte in 0..=u8::MAX {
        let legal = matches!(byte, 0x21 | 0x23..=0x7e | 0x80..);
        let text = [b'"', byte, b'"'];
        assert_eq!(TagRef::parse(&text).is_some(), legal, "{byte:#04x}");
        assert_eq!(EntityTag::strong([byte]).is_ok(), legal, "{byte:#04x}");
        assert_eq!(EntityTag::weak([byte]).is_ok(), legal, "{byte:#04x}");
    }
}

/// R-9110-8.8.3-a: a byte is checked at each position, for each length.
#[test]
fn bytes_are_checked_at_each_position() {
    for length in 1..20 {
        for place in 0..length {
            for byte in 0..=u8::MAX {
                let mut text = vec![b'x'; length + 2];
                (text[0], text[length + 1]) = (b'"', b'"');
                text[place + 1] = byte;
                let legal = matches!(byte, 0x21 | 0x23..=0x7e | 0x80..);
                assert_eq!(TagRef::parse(&text).is_some(), legal, "{text:?}");
            }
        }
    }
}

/// R-9110-8.8.3-a.
#[test]
fn tags_are_parsed_by_their_exact_syntax() {
    let well_formed: &[(&[u8], bool, &[u8])] = &[
        (b"\"\"", false, b""),
        (b"W/\"\"", true, b""),
        (b"\"x\"", false, b"x"),
        (b"W/\"x\"", true, b"x"),
        (b"\"W/x\"", false, b"W/x"),
        (b"\"a,b\"", false, b"a,b"),
        (b"\"a\\\"", false, b"a\\"),
        (b"\"*\"", false, b"*"),
        (b"\"\xe9\x80\xff\"", false, b"\xe9\x80\xff"),
    ];
    for (text, weak, opaque) in well_formed {
        let tag = TagRef::parse(text).expect("a tag");
        assert_eq!((tag.is_weak(), tag.opaque()), (*weak, *opaque));
    }
    let malformed: &[&[u8]] = &[
        b"",
        b"abc",
        b"*",
        b"\"",
        b"W/",
        b"W/\"",
        b"w/\"x\"",
        b"W/ \"x\"",
        b"W\"x\"",
        b"W/W/\"x\"",
        b"\"x",
        b"x\"",
        b"'x'",
        b"\"a b\"",
        b"\"a\tb\"",
        b"\"a\"b\"",
        b" \"x\"",
        b"\"x\" ",
        b"\"x\",\"y\"",
        b"\"x\"W/",
    ];
    for text in malformed {
        assert!(TagRef::parse(text).is_none(), "{}", text.escape_ascii());
    }
}

/// R-9110-8.8.3-a: a malformed `ETag` of a handler is no validator. It is not repaired, and causes
/// no 304.
#[test]
fn a_malformed_tag_of_the_handler_matches_nothing() {
    for illegal in ["abc", "w/\"x\"", "\"a b\"", "\"x\", \"y\"", ""] {
        let mut response = HeaderMap::new();
        response.insert(ETAG, HeaderValue::from_static(illegal));
        let validators = Validators::from_headers(&response, || HttpDate::EPOCH);
        assert!(validators.etag.is_none(), "{illegal}");
        for asked in [illegal, "abc", "\"abc\"", "\"x\"", "W/\"x\"", "\"a b\""] {
            let request = headers([("if-none-match", asked)]);
            let current = Current::Present(validators.as_ref());
            let decision =
                ConditionalFields::from_headers(&request)
                    .evaluate(&Method::GET, current, || HttpDate::EPOCH);
            assert_eq!(decision, Decision::Proceed, "{illegal} and {asked}");
        }
        assert!(EntityTag::try_from(&response[ETAG]).is_err());
    }
}

/// R-9110-8.8.3-b: generated tags have no backslash, which old recipients would unescape.
#[test]
fn ten_thousand_generated_tags_are_plain() {
    for number in 0..10_000_u64 {
        let length = usize::try_from(number % 80).expect("small");
        let digest: Vec<u8> = (0..length as u64)
            .map(|at| {
                (number
                    .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                    .rotate_left(at as u32)
                    >> 8) as u8
            })
            .collect();
        let mut base64 = [0; 86];
        let used = URL_SAFE_NO_PAD
            .encode_slice(&digest[..length.min(64)], &mut base64)
            .unwrap();
        for (tag, weak) in [
            (EntityTag::from_digest(&digest), false),
            (EntityTag::weak_from_digest(&digest), true),
        ] {
            let text = tag.as_header_value().as_bytes();
            assert!(!text.contains(&b'\\'));
            assert!(TagRef::parse(text).is_some());
            assert_eq!(tag.is_weak(), weak);
            assert_eq!(tag.opaque(), &base64[..used]);
            assert!(
                tag.opaque()
                    .iter()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(b))
            );
        }
    }
}

#[test]
fn a_digest_of_more_than_64_bytes_is_cut() {
    let digest: Vec<u8> = (0..=255).collect();
    let whole = EntityTag::from_digest(&digest);
    assert!(whole.strong_eq(&EntityTag::from_digest(&digest[..64])));
    assert!(!whole.strong_eq(&EntityTag::from_digest(&digest[..63])));
}

/// R-9110-13.1.2-a, R-9110-13.1.1-a: the table of RFC 9110, section 8.8.3.2.
#[test]
fn tags_are_compared_strongly_and_weakly() {
    let table = [
        ("W/\"1\"", "W/\"1\"", false, true),
        ("W/\"1\"", "W/\"2\"", false, false),
        ("W/\"1\"", "\"1\"", false, true),
        ("\"1\"", "\"1\"", true, true),
        ("\"a\"", "\"A\"", false, false),
        ("\"\"", "\"\"", true, true),
    ];
    for (one, two, strong, weak) in table {
        let (a, b): (EntityTag, EntityTag) = (one.parse().unwrap(), two.parse().unwrap());
        for (a, b) in [(&a, &b), (&b, &a)] {
            assert_eq!(a.strong_eq(b), strong, "{one} {two}");
            assert_eq!(a.weak_eq(b), weak, "{one} {two}");
            assert_eq!(a.as_ref().strong_eq(b.as_ref()), strong, "{one} {two}");
            assert_eq!(a.as_ref().weak_eq(b.as_ref()), weak, "{one} {two}");
        }
    }
}

#[test]
fn weakening_keeps_the_opaque_text() {
    let tag = EntityTag::strong("x").unwrap().into_weak();
    assert_eq!(tag.as_header_value(), "W/\"x\"");
    assert_eq!(tag.into_weak().as_header_value(), "W/\"x\"");
}

proptest! {
    /// R-9110-8.8.3-a.
    #[test]
    fn a_tag_reads_back(tag in tag()) {
        let value = tag.as_header_value();
        let read = TagRef::parse(value.as_bytes()).map(text);
        prop_assert_eq!(read, Some(text(tag.as_ref())));
        let owned = EntityTag::try_from(value).expect("a tag");
        prop_assert_eq!(owned.as_header_value(), value);
        prop_assert!(owned.weak_eq(&tag));
        prop_assert_eq!(owned.strong_eq(&tag), !tag.is_weak());
    }

    /// R-9110-8.8.3-b.
    #[test]
    fn a_tag_of_a_digest_reads_back(digest in vec(any::<u8>(), 0..100)) {
        for tag in [EntityTag::from_digest(&digest), EntityTag::weak_from_digest(&digest)] {
            let value = tag.as_header_value().as_bytes();
            prop_assert!(TagRef::parse(value).is_some());
            prop_assert!(!value.contains(&b'\\'));
        }
    }
}
