//! From a 200 to a 304: each remaining header keeps all its lines.

#![no_main]

use http::header;
use libfuzzer_sys::fuzz_target;
use tower_conditional::fuzzing::strip_representation_metadata;
use tower_conditional_fuzz::fields;

fuzz_target!(|data: &[u8]| {
    let before = fields(
        &[
            header::CACHE_CONTROL,
            header::CONTENT_LOCATION,
            header::DATE,
            header::ETAG,
            header::EXPIRES,
            header::VARY,
            header::SET_COOKIE,
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            header::LAST_MODIFIED,
            header::CONTENT_TYPE,
            header::CONTENT_LENGTH,
            header::CONTENT_ENCODING,
            header::CONTENT_LANGUAGE,
            header::CONTENT_RANGE,
        ],
        data,
    );
    let mut after = before.clone();
    strip_representation_metadata(&mut after);

    for name in before.keys() {
        let dropped = matches!(
            name.as_str(),
            "content-type"
                | "content-length"
                | "content-encoding"
                | "content-language"
                | "content-range"
                | "content-digest"
                | "repr-digest"
                | "digest"
                | "content-md5"
                | "transfer-encoding"
                | "trailer"
        ) || (name == header::LAST_MODIFIED && before.contains_key(header::ETAG));
        assert!(
            if dropped {
                !after.contains_key(name)
            } else {
                before.get_all(name) == after.get_all(name)
            },
            "{name}"
        );
    }
    assert!(after.keys().all(|name| before.contains_key(name)));

    let once = after.clone();
    strip_representation_metadata(&mut after);
    assert_eq!(after, once);
});
