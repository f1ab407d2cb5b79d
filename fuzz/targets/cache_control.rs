//! `Cache-Control: no-store`, among whatever else there is.

#![no_main]

use http::{HeaderValue, header::CACHE_CONTROL};
use libfuzzer_sys::fuzz_target;
use tower_conditional::semantics::cache_control::no_store;
use tower_conditional_fuzz::one_field;

fuzz_target!(|data: &[u8]| {
    let mut headers = one_field(&CACHE_CONTROL, data);
    if no_store(&headers) {
        assert!(
            data.to_ascii_lowercase()
                .windows(8)
                .any(|part| part == b"no-store")
        );
    }
    // No other line can hide it.
    headers.append(
        CACHE_CONTROL,
        HeaderValue::from_static("max-age=1,No-Store"),
    );
    assert!(no_store(&headers));
});
