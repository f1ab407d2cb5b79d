//! Generators of the values for property tests.

use http::{HeaderName, HeaderValue};
use proptest::{collection::vec, prelude::*, sample::select};

use crate::semantics::{
    condition::Current,
    field::HttpDate,
    validator::{EntityTag, Validators},
};

/// Generates any header value.
pub(in crate::semantics) fn value() -> impl Strategy<Value = HeaderValue> {
    let byte = prop_oneof![
        4 => select(b"\",*\\ \tW/w=ab-".as_slice()),
        1 => (0x20..=0xff_u8).prop_filter("DEL is no field value", |byte| *byte != 0x7f),
    ];
    vec(byte, 0..60).prop_map(|bytes| HeaderValue::from_bytes(&bytes).expect("a field value"))
}

pub(in crate::semantics) fn lines() -> impl Strategy<Value = Vec<HeaderValue>> {
    vec(value(), 0..4)
}

pub(in crate::semantics) fn opaque() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        2 => select(b",\\*/W-".as_slice()),
        2 => prop_oneof![Just(0x21_u8), 0x23..=0x7e_u8],
        1 => 0x80..=0xff_u8,
    ];
    vec(byte, 0..12)
}

pub(in crate::semantics) fn tag() -> impl Strategy<Value = EntityTag> {
    (opaque(), any::<bool>()).prop_map(|(opaque, weak)| {
        let tag = if weak {
            EntityTag::weak
        } else {
            EntityTag::strong
        };
        tag(opaque).expect("only legal bytes")
    })
}

/// Generates optional white space with commas, which make empty members.
pub(in crate::semantics) fn padding() -> impl Strategy<Value = Vec<u8>> {
    vec(select(b" \t,".as_slice()), 0..4)
}

pub(in crate::semantics) fn separator() -> impl Strategy<Value = Vec<u8>> {
    (padding(), padding()).prop_map(|(before, after)| [before, b",".to_vec(), after].concat())
}

/// Generates a malformed member without an unclosed quote, so it ends at its comma.
pub(in crate::semantics) fn junk() -> impl Strategy<Value = Vec<u8>> {
    let plain = vec(select(b"abW/*=;\\ \t'".as_slice()), 1..8)
        .prop_filter("not empty", |junk| !junk.trim_ascii().is_empty());
    let closed = (tag(), "[a-z ]{0,3}[a-z]")
        .prop_map(|(tag, behind)| [tag.as_header_value().as_bytes(), behind.as_bytes()].concat());
    prop_oneof![plain, closed]
}

pub(in crate::semantics) fn current() -> impl Strategy<Value = Current> {
    let validators = (
        proptest::option::of(tag()),
        proptest::option::of(any::<i64>()),
    );
    prop_oneof![
        1 => Just(Current::Unknown),
        1 => Just(Current::Absent),
        6 => validators.prop_map(|(etag, date)| {
            let mut validators = Validators::new();
            validators.etag = etag;
            validators.last_modified = date.map(HttpDate::from_unix_seconds);
            Current::Present(validators)
        }),
    ]
}

pub(in crate::semantics) fn name() -> impl Strategy<Value = HeaderName> {
    "[a-d*]{1,2}".prop_map(|name| name.parse().expect("a field name"))
}
