//! Remembered validators, as a store may return them: cut, changed or hostile.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tower_conditional::Validators;

fuzz_target!(|data: &[u8]| {
    let Some(validators) = Validators::decode(data) else {
        return;
    };
    let encoded = validators.encode();
    // Only the order of parts may differ.
    assert_eq!(encoded.len(), data.len());
    let again = Validators::decode(&encoded).expect("encoded validators");
    assert_eq!(again.encode(), encoded);
    for cut in 0..encoded.len() {
        assert!(Validators::decode(&encoded[..cut]).is_none());
    }
});
