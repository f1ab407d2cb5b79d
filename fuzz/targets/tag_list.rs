//! Lists of entity tags, over several lines.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tower_conditional::fuzzing::{TagMember, entity_tags};
use tower_conditional_fuzz::values;

fuzz_target!(|data: &[u8]| {
    let lines = values(data);
    let mut members = 0;
    let mut bytes = 0;
    for member in entity_tags(&lines) {
        members += 1;
        match member {
            TagMember::Tag(tag) => bytes += tag.opaque().len() + 2,
            TagMember::Malformed(junk) => {
                assert!(!junk.is_empty());
                assert_eq!(junk, trim(junk));
                bytes += junk.len();
            }
            _ => unreachable!("a third kind of member"),
        }
    }
    let commas = data.iter().filter(|byte| **byte == b',').count();
    assert!(members <= commas + lines.len());
    assert!(bytes <= data.len());

    // A fault in another line cannot affect this line.
    let mut more = lines.clone();
    more.push("\"the-last,one\"".parse().unwrap());
    let found = entity_tags(&more)
        .any(|member| matches!(member, TagMember::Tag(tag) if tag.opaque() == b"the-last,one"));
    assert!(found);
    assert_eq!(entity_tags(&more).count(), members + 1);
});

fn trim(bytes: &[u8]) -> &[u8] {
    let ows: &[u8] = b" \t";
    let start = bytes.iter().position(|byte| !ows.contains(byte)).unwrap();
    let end = bytes.iter().rposition(|byte| !ows.contains(byte)).unwrap();
    &bytes[start..=end]
}
