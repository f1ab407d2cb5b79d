use super::{get, layer, whole};
use crate::Outcome;

/// Returns the ranges of a response, and the complete length.
fn part(range: &str, explains: bool) -> Option<(Vec<String>, u64)> {
    let layer = if explains { layer().explain() } else { layer() };
    let answer = get(&layer, &[("range", range)], || whole(&[]));
    let part = Outcome::of(&answer)?.part()?;
    let ranges = part.ranges().iter().map(ToString::to_string);
    Some((ranges.collect(), part.complete_length()))
}

#[test]
fn a_part_is_recorded_with_the_length_of_the_whole() {
    let expected = (vec!["3-6".to_owned()], 10);
    assert_eq!(part("bytes=3-6", true), Some(expected));
    assert_eq!(part("bytes=10-", true), Some((vec![], 10)));
    assert_eq!(part("lines=1-2", true), None);
    assert_eq!(part("bytes=3-6", false), None, "it costs allocations");
}
