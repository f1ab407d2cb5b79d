//! The canonical form of JSON from any bytes, compared with the parser `serde_json`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;
use tower_conditional::fuzzing::{
    CanonicalLimits, IgnoredMembers, NotCanonical, canonicalize, canonicalize_without,
};

const POINTERS: [&str; 4] = ["/a", "/b/c", "/*/a", "/b/0/d"];

fuzz_target!(|data: &[u8]| {
    let limits = CanonicalLimits::new(usize::MAX);
    let form = canonicalize(data, &limits);
    check_syntax(data, &form);

    let ignored = IgnoredMembers::parse(POINTERS).expect("pointers");
    let reduced = canonicalize_without(data, &ignored, &limits);
    let Ok(form) = form else {
        return;
    };
    assert_eq!(
        canonicalize(&form, &limits).as_ref(),
        Ok(&form),
        "a form is its own form"
    );
    let reduced = reduced.expect("numbers of ignored members do not count");
    assert_eq!(reduced.content == form, reduced.unmatched == POINTERS);
    // The rest has nothing more to leave out.
    let again = canonicalize_without(&reduced.content, &ignored, &limits).expect("a form");
    assert_eq!(again.content, reduced.content);
    assert_eq!(again.unmatched, POINTERS);
    assert_eq!(canonicalize(&reduced.content, &limits), Ok(reduced.content));
});

/// Checks that both parsers agree on the syntax.
fn check_syntax(data: &[u8], form: &Result<Vec<u8>, NotCanonical>) {
    let is_value = serde_json::from_slice::<serde_json::Value>(data).is_ok();
    match form {
        Ok(form) => {
            serde_json::from_slice::<IgnoredAny>(data).expect("JSON");
            assert!(!form.is_empty());
            let limits = CanonicalLimits::new(data.len() - 1);
            assert_eq!(canonicalize(data, &limits), Err(NotCanonical::TooLarge));
        }
        Err(
            NotCanonical::DuplicateName { at }
            | NotCanonical::Integer { at }
            | NotCanonical::Number { at }
            | NotCanonical::TooDeep { at },
        ) => assert!(*at < data.len()),
        Err(refused) => assert!(!is_value, "{refused}"),
    }
}
