//! Members that do not count.

use super::{get, json, layer, tag, tag_of};
use crate::{EtagLayer, Outcome};

fn ignoring(pointers: &[&str]) -> EtagLayer {
    EtagLayer::new().ignoring(pointers).expect("pointers")
}

/// R-9110-8.8.1-e.
#[test]
fn an_ignored_member_does_not_count() {
    let layer = ignoring(&["/at", "/meta/id", "/items/*/seen"]);
    let of = |content: &str| tag_of(&layer, json(content));
    let one = of(r#"{"at":1,"meta":{"id":"a","v":1},"items":[{"n":1,"seen":true},{"n":2}]}"#);
    for same in [
        r#"{"at":2,"meta":{"id":"a","v":1},"items":[{"n":1,"seen":true},{"n":2}]}"#,
        r#"{"items":[{"n":1},{"n":2,"seen":[1]}],"meta":{"v":1}}"#,
    ] {
        assert!(one.weak_eq(&of(same)), "{same}");
    }
    for other in [
        r#"{"at":1,"meta":{"id":"a","v":2},"items":[{"n":1,"seen":true},{"n":2}]}"#,
        r#"{"at":1,"meta":{"id":"a","v":1},"items":[{"n":1,"seen":true},{"n":3}]}"#,
        r#"{"at":1,"meta":{"id":"a","v":1},"items":[{"n":1,"seen":true}]}"#,
        r#"{"at":1,"meta":{"id":"a","v":1,"at":1},"items":[{"n":1,"seen":true},{"n":2}]}"#,
    ] {
        assert!(!one.weak_eq(&of(other)), "{other}");
    }
}

/// R-9110-8.8.1-e: a client that has a response from before the setting, or from another one, does
/// not keep it: its members counted, or others did.
#[test]
fn other_pointers_make_other_tags() {
    let content = r#"{"a":1}"#;
    let of = |layer: EtagLayer| tag_of(&layer, json(content));
    let layers = [
        &[][..],
        &["/x"],
        &["/y"],
        &["/x", "/y"],
        &["/x/y"],
        &["/xy"],
    ];
    let tags = layers.map(|pointers| of(ignoring(pointers)));
    for (at, one) in tags.iter().enumerate() {
        assert!(tags[..at].iter().all(|other| !one.weak_eq(other)), "{at}");
    }
    let two_orders = [&["/x", "/y"], &["/y", "/x"]].map(|pointers| of(ignoring(pointers)));
    assert!(two_orders[0].weak_eq(&two_orders[1]));
    assert!(tags[0].weak_eq(&of(layer())));
}

#[test]
fn the_order_of_the_setters_has_no_meaning() {
    let content = r#"{"a":1,"t":2}"#;
    let before = EtagLayer::new().canonical_json().ignoring(["/t"]);
    let after = EtagLayer::new()
        .ignoring(["/t"])
        .map(EtagLayer::canonical_json);
    let [one, other] = [before, after].map(|layer| tag_of(&layer.unwrap(), json(content)));
    assert!(one.weak_eq(&other));
    assert!(one.weak_eq(&tag_of(&ignoring(&["/t"]), json(r#"{"a":1}"#))));
}

#[test]
fn a_pointer_without_a_slash_is_refused() {
    for pointer in ["", "at", "#/at", "/a~2"] {
        let refused = EtagLayer::new().ignoring([pointer]).unwrap_err();
        let start = format!("invalid pointer {pointer:?}: ");
        assert!(refused.to_string().starts_with(&start), "{refused}");
    }
}

/// A pointer that matches nothing is no error, and the layer tells of it once.
#[test]
fn an_unmatched_pointer_is_told_once() {
    let layer = ignoring(&["/at", "/ta"]);
    let unmatched = |content: &str| {
        let response = get(&layer, |_| json(content));
        assert!(tag(&response).is_some());
        let outcome = Outcome::of(&response);
        outcome.map(|outcome| outcome.unmatched_pointers().to_vec())
    };
    let all = unmatched(r#"{"at":1,"ta":2}"#);
    assert!(all.is_none(), "each has matched");
    assert_eq!(unmatched(r#"{"at":1}"#), Some(vec![Box::from("/ta")]));
    assert_eq!(unmatched(r#"{"at":2}"#), None);
    assert_eq!(unmatched("[]"), None);
}
