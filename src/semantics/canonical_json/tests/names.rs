//! The order of names, against an order of their code units.

use super::{super::names::compare, form};

/// Characters on both sides of each border: the bytes of UTF-8, the surrogates, and escapes.
const CHARACTERS: [char; 12] = [
    '\n',
    '"',
    '\\',
    'a',
    '\u{7f}',
    '\u{7ff}',
    '\u{d7ff}',
    '\u{e000}',
    '\u{f000}',
    '\u{ffff}',
    '\u{10000}',
    '\u{10ffff}',
];

fn notations(name: &str) -> [String; 2] {
    let escaped = name.encode_utf16().map(|unit| format!("\\u{unit:04x}"));
    let plain = serde_json::to_string(name).expect("a string");
    [plain, format!("\"{}\"", escaped.collect::<String>())]
}

/// `R-8785-3-a`: names are ordered by their UTF-16 code units (RFC 8785, section 3.2.3).
#[test]
fn names_are_ordered_by_utf16_code_units() {
    let mut names = vec![String::new()];
    for one in CHARACTERS {
        names.push(one.to_string());
        names.extend(CHARACTERS.map(|other| format!("{one}{other}")));
    }
    for one in &names {
        for other in &names {
            let expected = one.encode_utf16().cmp(other.encode_utf16());
            for one in notations(one) {
                for other in notations(other) {
                    let json = format!("{one}{other}");
                    let start = u32::try_from(one.len()).expect("short");
                    assert_eq!(compare(&json, 0, start), expected, "{one} {other}");
                }
            }
        }
    }
}

#[test]
fn surrogates_come_before_the_last_characters_of_the_basic_plane() {
    let json = "{\"\u{fb33}\":1,\"\u{1f602}\":2}";
    let canonical = "{\"\u{1f602}\":2,\"\u{fb33}\":1}";
    assert_eq!(form(json).as_deref(), Ok(canonical));
}
