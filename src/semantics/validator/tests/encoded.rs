//! The encoding of validators for stores.

use http::{HeaderValue, header};

use crate::semantics::{
    caching::cache_control::CacheControl,
    field::HttpDate,
    validator::{EntityTag, RepeatedFields, Validators},
};

fn all() -> Vec<Validators> {
    let tag = |text: &str| EntityTag::strong(text).expect("a tag");
    let repeated = RepeatedFields::new()
        .with_cache_control(&"no-cache".parse::<CacheControl>().expect("a policy"))
        .with_content_location(HeaderValue::from_static("/a"))
        .with_expires(HttpDate::EPOCH)
        .with_vary([header::ACCEPT, header::ORIGIN]);
    vec![
        Validators::new(),
        Validators::from(tag("v1")),
        Validators::from(EntityTag::weak("\u{fc}").expect("a tag")),
        Validators::new().with_last_modified(HttpDate::from_unix_seconds(-7)),
        Validators::from(tag(""))
            .with_last_modified(HttpDate::EPOCH)
            .with_repeated(repeated),
    ]
}

/// Encoded validators come back, and have one encoding.
#[test]
fn encoded_validators_come_back() {
    for validators in all() {
        let bytes = validators.encode();
        let again = Validators::decode(&bytes).expect("validators");
        assert_eq!(again.encode(), bytes, "{validators:?}");
        assert_eq!(format!("{again:?}"), format!("{validators:?}"));
    }
}

/// Foreign bytes are no entry: a version that is not known, cut bytes, and headers that a 304
/// does not repeat.
#[test]
fn foreign_bytes_are_no_validators() {
    assert!(Validators::decode(b"").is_none());
    for validators in all() {
        let bytes = validators.encode();
        for length in 0..bytes.len() {
            assert!(Validators::decode(&bytes[..length]).is_none(), "{length}");
        }
        let longer = |part: &[u8]| {
            let mut bytes = [&bytes[..], part].concat();
            let length = u32::try_from(bytes.len() - 5).expect("a length");
            bytes[1..5].copy_from_slice(&length.to_be_bytes());
            Validators::decode(&bytes)
        };
        assert!(longer(b"").is_some());
        let foreign: [&[u8]; 6] = [
            b"\x07\0\0\0\0",
            b"\0\0\0\0\0",
            b"\x05\0\0\0\x02ab",
            b"\x06\0\0\0\x01a",
            b"\x01\0\0\0\x01\n",
            b"\x01\xff\xff\xff\xff",
        ];
        for part in foreign {
            assert!(longer(part).is_none(), "{part:?}");
        }
        let mut other = bytes.clone();
        other[0] += 1;
        assert!(Validators::decode(&other).is_none());
    }
}

/// An entry with two tags or two dates is of no state, so it is none.
#[test]
fn a_repeated_part_is_no_entry() {
    let date = Validators::new().with_last_modified(HttpDate::EPOCH);
    for validators in [
        Validators::from(EntityTag::strong("v1").expect("a tag")),
        date,
    ] {
        let bytes = validators.encode();
        let mut twice = [&bytes[..], &bytes[5..]].concat();
        let length = u32::try_from(twice.len() - 5).expect("a length");
        twice[1..5].copy_from_slice(&length.to_be_bytes());
        assert!(Validators::decode(&twice).is_none(), "{validators:?}");
    }
}
