use super::{Recorded, counts::on_notes, hello, serve};
use crate::{RangeLayer, stack, test_support::request};

#[test]
fn parts_are_counted_by_their_number() {
    let recorded = Recorded::new();
    let layer = stack()
        .ranges(RangeLayer::new())
        .observe_with(on_notes(&recorded.metrics));
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
