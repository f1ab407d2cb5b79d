//! Digests beside the other settings of the layer.

use std::panic::{AssertUnwindSafe, catch_unwind};

use http::{Method, Response, StatusCode};

use super::{HELLO, answer, ask, digest, hello, layer};
use crate::{
    EtagLayer,
    etag::Sha256,
    outcome::{Outcome, TagOrigin},
    semantics::field::SafeMethods,
};

/// The digest proves the bytes to everyone, so nothing else may enter it.
#[test]
fn only_the_content_enters_the_digest() {
    let layers = [
        layer().keyed("a secret of 27 characters..").unwrap(),
        layer().build_id("2026-11-20"),
        layer().contributors([]),
        layer().explain(),
    ];
    for layer in layers {
        let response = answer(&layer, Response::new(hello()));
        assert_eq!(digest(&response), Some(HELLO));
    }
    let response = answer(&layer().explain(), Response::new(hello()));
    let origin = Outcome::of(&response).and_then(Outcome::tag);
    assert_eq!(origin, Some(TagOrigin::Hashed(5)));
}

#[test]
fn the_other_methods_and_statuses_of_the_layer_count() {
    let query = Method::from_bytes(b"QUERY").unwrap();
    let response = ask(&layer(), &query, None, Response::new(hello()));
    assert_eq!(digest(&response), Some(HELLO));
    let layer = layer().methods(SafeMethods::GET).non_authoritative();
    let response = ask(&layer, &query, None, Response::new(hello()));
    assert_eq!(digest(&response), None);
    let mut response = Response::new(hello());
    *response.status_mut() = StatusCode::NON_AUTHORITATIVE_INFORMATION;
    assert_eq!(digest(&answer(&layer, response)), Some(HELLO));
}

/// A digest beside weak tags, or from another hash, would be wrong.
#[test]
fn settings_that_contradict_each_other_are_refused() {
    let refused = |build: &dyn Fn() -> EtagLayer| {
        let panic = catch_unwind(AssertUnwindSafe(build)).unwrap_err();
        let text = panic.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| panic.downcast_ref().copied())
            .unwrap()
            .to_owned()
    };
    let weak = refused(&|| EtagLayer::new().weak().repr_digest());
    assert!(weak.contains("leave `weak` or `repr_digest` out"), "{weak}");
    assert_eq!(refused(&|| layer().weak()), weak);
    let other = refused(&|| layer().hasher(Sha256::new()));
    assert!(
        other.contains("leave `hasher` or `repr_digest` out"),
        "{other}"
    );
}
