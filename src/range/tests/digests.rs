//! `Content-Digest` of a part.

use http::Response;
use http_body::SizeHint;
use sha2::{Digest, Sha256};

use super::{Fields, get, layer, shown, whole};
use crate::{
    semantics::validator::digest_fields::NamedDigest,
    test_support::{Act, ScriptedBody, content, read_unchecked},
};

const PART: Fields<'_> = &[("range", "bytes=3-6")];

fn digest_of(content: &[u8]) -> String {
    let digest = NamedDigest::Sha256(Sha256::digest(content).into()).to_value();
    format!("content-digest: {}", digest.to_str().unwrap())
}

fn in_one_frame() -> Response<ScriptedBody> {
    whole(&[]).map(|_| ScriptedBody::sized([Act::data("0123456789")]))
}

/// R-9530-3-a: it covers the bytes that are sent, and not the whole.
#[test]
fn a_part_of_one_frame_has_its_digest() {
    let (status, lines, content) = shown(get(&layer().content_digest(), PART, in_one_frame));
    assert_eq!((status, content.as_str()), (206, "3456"));
    assert!(lines.contains(&digest_of(b"3456")), "{lines:?}");
    // Off by default.
    let (_, lines, _) = shown(get(&layer(), PART, in_one_frame));
    assert!(!lines.iter().any(|line| line.starts_with("content-digest")));
}

/// Content in several frames was polled, and no byte of it is lost.
#[test]
fn other_parts_have_none() {
    for range in ["bytes=3-6", "bytes=0-", "bytes=9-", "bytes=0-4"] {
        let fields = [("range", range)];
        let plain = shown(get(&layer(), &fields, || whole(&[])));
        let digested = shown(get(&layer().content_digest(), &fields, || whole(&[])));
        assert_eq!(digested, plain, "{range}");
    }
    let (status, lines, content) = shown(get(&layer().content_digest(), &[], in_one_frame));
    assert_eq!((status, content.as_str()), (200, "0123456789"));
    assert!(!lines.iter().any(|line| line.starts_with("content-digest")));
}

#[test]
fn a_long_part_has_none() {
    let long = || {
        let body = ScriptedBody::sized([Act::data(vec![7; 256 * 1024])]);
        whole(&[]).map(|_| body)
    };
    for (range, expected) in [("bytes=0-131071", true), ("bytes=0-131072", false)] {
        let answer = get(&layer().content_digest(), &[("range", range)], long);
        let found = answer.headers().contains_key("content-digest");
        assert_eq!(found, expected, "{range}");
    }
}

/// P-TR-bodyerr.
#[test]
fn an_error_in_the_first_poll_stays_one() {
    let broken = || {
        let body = ScriptedBody::sized([Act::data("0123"), Act::Error]);
        whole(&[]).map(|_| body.with_hint(SizeHint::with_exact(10)))
    };
    let answer = get(&layer().content_digest(), PART, broken);
    assert!(!answer.headers().contains_key("content-digest"));
    let acts = read_unchecked(answer.into_body());
    assert_eq!(
        (content(&acts), acts.last()),
        (b"3".to_vec(), Some(&Act::Error))
    );
}
