//! The notation of strings (RFC 8785, section 3.2.2.2).

use super::reader::{escape, plain_length};

/// Writes a string from the position behind its first quote on. Its syntax is checked.
///
/// Only characters that JSON does not allow in a string are escaped.
pub(super) fn write_unescaped(json: &str, start: usize, out: &mut Vec<u8>) {
    let mut at = start;
    out.push(b'"');
    loop {
        let plain = plain_length(&json.as_bytes()[at..]);
        out.extend_from_slice(&json.as_bytes()[at..at + plain]);
        at += plain;
        if json.as_bytes().get(at) != Some(&b'\\') {
            break;
        }
        let Ok((character, length)) = escape(json, at) else {
            break;
        };
        write_character(character, out);
        at += length;
    }
    out.push(b'"');
}

fn write_character(character: char, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let short = match character {
        '"' | '\\' => character as u8,
        '\u{8}' => b'b',
        '\t' => b't',
        '\n' => b'n',
        '\u{c}' => b'f',
        '\r' => b'r',
        '\0'..='\u{1f}' => {
            let code = character as usize;
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', HEX[code >> 4], HEX[code & 15]]);
            return;
        }
        _ => {
            let mut buffer = [0; 4];
            out.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}
