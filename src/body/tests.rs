use bytes::Bytes;
use http_body::Body;
use proptest::{collection::vec, prelude::*};

use super::ResponseBody;
use crate::test_support::{Act, ScriptedBody, read};

/// Returns the steps without those that only wait.
pub(super) fn visible(acts: &[Act]) -> Vec<Act> {
    acts.iter()
        .filter(|act| **act != Act::Wait)
        .cloned()
        .collect()
}

#[test]
fn an_empty_body_is_over_and_has_an_exact_size() {
    let body = ResponseBody::<ScriptedBody>::empty();
    assert!(body.is_end_stream());
    assert_eq!(body.size_hint().exact(), Some(0));
    assert!(read(body).is_empty());
}

#[test]
fn a_short_text_is_returned_once() {
    let body = ResponseBody::<ScriptedBody>::bytes(Bytes::from_static(b"no"));
    assert!(!body.is_end_stream());
    assert_eq!(body.size_hint().exact(), Some(2));
    assert_eq!(read(body), [Act::data("no")]);
}

#[test]
fn the_body_of_the_service_keeps_its_hints() {
    let body = ResponseBody::inner(ScriptedBody::sized([Act::data("abc")]));
    assert_eq!(body.size_hint().exact(), Some(3));
    assert!(!body.is_end_stream());
    assert!(ResponseBody::inner(ScriptedBody::sized([])).is_end_stream());
}

fn data() -> impl Strategy<Value = Act> {
    vec(any::<u8>(), 0..40).prop_map(|bytes| Act::Data(bytes.into()))
}

/// Generates data and pauses, then an end of any kind.
pub(super) fn script() -> impl Strategy<Value = Vec<Act>> {
    let middle = prop_oneof![4 => data(), 1 => Just(Act::Wait)];
    let end = prop_oneof![
        Just(None),
        Just(Some(Act::trailers())),
        Just(Some(Act::Error))
    ];
    (vec(middle, 0..12), end).prop_map(|(mut acts, end)| {
        acts.extend(end);
        acts
    })
}
