//! The merge of names into `Vary`.

#![no_main]

use http::{HeaderName, header};
use libfuzzer_sys::fuzz_target;
use tower_conditional::fuzzing::vary;
use tower_conditional_fuzz::one_field;

fuzz_target!(|data: &[u8]| {
    let (added, lines) = data.split_at(data.iter().position(|b| *b == 0).unwrap_or(0));
    let added: Vec<HeaderName> = added
        .split(|byte| *byte == b'\n')
        .filter_map(|name| HeaderName::from_bytes(name).ok())
        .collect();
    let before = one_field(&header::VARY, lines);
    let mut after = before.clone();
    vary::merge(&mut after, added.clone());

    assert_eq!(vary::is_any(&after), vary::is_any(&before));
    if vary::is_any(&before) {
        assert_eq!(after, before);
        return;
    }
    let had: Vec<HeaderName> = vary::names(&before).collect();
    let has: Vec<HeaderName> = vary::names(&after).collect();
    assert!(had.iter().all(|name| has.contains(name)));
    assert!(added.iter().all(|name| name == "*" || has.contains(name)));
    assert!(
        has.iter()
            .all(|name| had.contains(name) || added.contains(name))
    );

    let once = after.clone();
    vary::merge(&mut after, added);
    assert_eq!(after, once);
});
