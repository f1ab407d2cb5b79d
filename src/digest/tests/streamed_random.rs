//! Streams drawn from a seed, against the rule in one sentence: the service gets all bytes, or an
//! error after fewer bytes.

use super::{StreamEnd, read_stream, sha_256, streamed};
use crate::test_support::{Act, Random, content};

#[test]
fn a_service_never_gets_all_bytes_of_content_that_differs() {
    for seed in 0..3_000 {
        let mut random = Random::new(seed);
        let mut acts = Vec::new();
        for _ in 0..random.below(6) {
            acts.push(match random.below(8) {
                0 => Act::Wait,
                1 => Act::data(""),
                2 if random.below(4) == 0 => Act::Error,
                _ => Act::data(vec![b'x'; 1 + random.below(3)]),
            });
        }
        if random.below(3) == 0 {
            acts.push(Act::trailers());
        }
        let sent = content(&acts);
        let breaks = acts.contains(&Act::Error);
        let lie = random.below(2) == 0;
        let digest = if lie {
            // A byte less, a byte more, or another byte.
            let mut other = sent.clone();
            match random.below(3) {
                0 if !other.is_empty() => drop(other.pop()),
                1 if !other.is_empty() => other[0] = b'y',
                _ => other.push(b'x'),
            }
            sha_256(other)
        } else {
            sha_256(&sent)
        };
        let (read, end) = read_stream(streamed(acts.clone(), &digest));
        let read = content(&read);
        let expected = match (breaks, lie) {
            (true, _) => StreamEnd::Error,
            (false, true) => StreamEnd::Differs,
            (false, false) => StreamEnd::Whole,
        };
        assert_eq!(end, expected, "seed {seed}: {acts:?}");
        assert!(sent.starts_with(&read), "seed {seed}: {acts:?}");
        if end == StreamEnd::Whole {
            assert_eq!(read, sent, "seed {seed}: {acts:?}");
        } else if lie && !sent.is_empty() {
            assert!(read.len() < sent.len(), "seed {seed}: {acts:?}");
        }
    }
}
