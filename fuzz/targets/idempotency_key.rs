//! The `Idempotency-Key` header: a String of RFC 9651, whose syntax is written a second time.

#![no_main]

use http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;
use tower_conditional::{
    fuzzing::idempotency_key,
    idempotency::{IdempotencyKey, KeyScope, RecordId},
};
use tower_conditional_fuzz::one_field;

const NAME: HeaderName = HeaderName::from_static("idempotency-key");

/// Returns the text of a String without parameters. `None` for anything else.
fn quoted(line: &[u8]) -> Option<String> {
    let line = std::str::from_utf8(line).ok()?.trim_matches(' ');
    let inner = line.strip_prefix('"')?.strip_suffix('"')?;
    let mut text = String::new();
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        text.push(match character {
            '\\' => characters.next().filter(|next| "\"\\".contains(*next))?,
            ' ' | '!' | '#'..='~' => character,
            _ => return None,
        });
    }
    Some(text)
}

fn read(value: &str, accepts_bare: bool) -> Option<IdempotencyKey> {
    let mut headers = HeaderMap::new();
    headers.insert(NAME, HeaderValue::from_str(value).unwrap());
    idempotency_key(&headers, accepts_bare).ok().flatten()
}

/// Checks a key that was read, in both modes.
fn check_key(key: &IdempotencyKey) {
    let text = key.as_str();
    assert!((1..=IdempotencyKey::MAX_LENGTH).contains(&text.len()));
    assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~')));
    assert_eq!(IdempotencyKey::new(text).as_ref(), Ok(key));
    let shown = format!("IdempotencyKey({} characters)", text.len());
    assert_eq!(format!("{key:?}"), shown);

    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    for accepts_bare in [false, true] {
        let again = read(&format!("\"{escaped}\""), accepts_bare).expect("the key in quotes");
        let records = [&again, key].map(|key| RecordId::new(&KeyScope::of_anyone(), key));
        assert_eq!(records[0], records[1]);
    }
}

fuzz_target!(|data: &[u8]| {
    let headers = one_field(&NAME, data);
    let strict = idempotency_key(&headers, false);
    let bare = idempotency_key(&headers, true);
    let lines: Vec<_> = headers.get_all(NAME).iter().collect();
    let [line] = lines[..] else {
        assert_eq!(strict.is_ok(), lines.is_empty());
        assert_eq!(bare, strict);
        return;
    };
    let expected = quoted(line.as_bytes());
    let expected = expected.filter(|text| (1..=IdempotencyKey::MAX_LENGTH).contains(&text.len()));
    match (&strict, &expected) {
        (Ok(Some(key)), Some(text)) => assert_eq!(key.as_str(), text),
        // Parameters are skipped, and spaces around a key count for the limit of the line.
        (Ok(Some(_)), None) => assert!(line.as_bytes().contains(&b';')),
        (Err(_), Some(_)) => assert!(line.len() > 4 * IdempotencyKey::MAX_LENGTH),
        (Err(_), None) => {}
        (Ok(None), _) => panic!("a header without a key"),
    }
    if let Ok(Some(key)) = &strict {
        check_key(key);
        assert_eq!(bare, strict);
    } else if let Ok(Some(key)) = &bare {
        check_key(key);
        assert_eq!(key.as_str().as_bytes(), line.as_bytes());
        assert!(!line.as_bytes().iter().any(|byte| b"\"\\,; ".contains(byte)));
    }
});
