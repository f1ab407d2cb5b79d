use super::{Recorded, hello, serve};
use crate::{
    EntityTag, RangeLayer,
    handler::Ranges,
    stack,
    test_support::{Act, ScriptedBody, read, request, send},
};

#[test]
fn parts_are_counted_by_their_number() {
    let recorded = Recorded::new();
    let layer = stack()
        .ranges(RangeLayer::new())
        .observe(recorded.metrics.clone());
    for range in ["bytes=1-2", "bytes=-1", "bytes=9-", "lines=1-2"] {
        serve(
            &layer,
            request("GET", "/notes/7", [("range", range)]),
            hello,
        );
    }
    let counted = recorded.counted();
    assert_eq!(counted["range_responses_total{part=\"one\"}"], 2.0);
    assert_eq!(
        counted["range_responses_total{part=\"unsatisfiable\"}"],
        1.0
    );
}

/// A 304 of a layer outside takes the place of the part.
#[test]
fn parts_of_a_handler_are_counted() {
    let recorded = Recorded::new();
    let layer = stack().observe(recorded.metrics.clone());
    let same = ("if-none-match", "\"v1\"");
    for (condition, status) in [(None, 206), (Some(same), 304)] {
        let fields = [("range", "bytes=1-2")].into_iter().chain(condition);
        let answer = send(&layer, request("GET", "/", fields), |request| {
            let tag = EntityTag::strong("v1").expect("a tag");
            Ranges::of(&request).respond(5, tag, |_| ScriptedBody::sized([Act::data("el")]))
        });
        assert_eq!(answer.status(), status);
        read(answer.into_body());
    }
    let counted = recorded.counted();
    assert_eq!(counted["range_responses_total{part=\"one\"}"], 1.0);
}
