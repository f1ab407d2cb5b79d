//! A value in a notation that is drawn from a seed.

use serde_json::Value;

/// The choices of a notation: an order, white space, and escapes.
pub(super) struct Notation {
    state: u64,
}

impl Notation {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed | 1 }
    }

    /// Returns a number below `end`, by xorshift.
    fn choose(&mut self, end: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % end
    }

    fn space(&mut self, out: &mut String) {
        for _ in 0..self.choose(3) {
            out.push([' ', '\n', '\r', '\t'][self.choose(4) as usize]);
        }
    }
}

/// Returns the text of a value.
pub(super) fn write(value: &Value, notation: &mut Notation) -> String {
    let mut out = String::new();
    write_value(value, notation, &mut out);
    out
}

fn write_value(value: &Value, notation: &mut Notation, out: &mut String) {
    notation.space(out);
    match value {
        Value::Null | Value::Bool(_) => out.push_str(&value.to_string()),
        Value::Number(number) => {
            // Not the text of serde_json, whose features change the last digit.
            let double = number.as_f64().expect("a double");
            let text = match (number.as_i64(), notation.choose(4)) {
                (Some(_), 0) => format!("{number}.000"),
                (Some(1..), 1) => format!("{number}000e-3"),
                (Some(_), _) => number.to_string(),
                (None, 0) => format!("{double:e}"),
                (None, 1) => format!("{double:.20E}"),
                (None, _) => format!("{double:?}"),
            };
            out.push_str(&text);
        }
        Value::String(text) => write_string(text, notation, out),
        Value::Array(elements) => write_all(
            '[',
            elements,
            ']',
            notation,
            out,
            |element, notation, out| {
                write_value(element, notation, out);
            },
        ),
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            for last in (1..members.len()).rev() {
                members.swap(last, notation.choose(last as u64 + 1) as usize);
            }
            write_all(
                '{',
                &members,
                '}',
                notation,
                out,
                |(name, member), notation, out| {
                    notation.space(out);
                    write_string(name, notation, out);
                    notation.space(out);
                    out.push(':');
                    write_value(member, notation, out);
                },
            );
        }
    }
    notation.space(out);
}

fn write_all<T>(
    start: char,
    items: &[T],
    end: char,
    notation: &mut Notation,
    out: &mut String,
    write: impl Fn(&T, &mut Notation, &mut String),
) {
    out.push(start);
    notation.space(out);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(item, notation, out);
        notation.space(out);
    }
    out.push(end);
}

fn write_string(text: &str, notation: &mut Notation, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        let short = match character {
            '"' => Some("\\\""),
            '\\' => Some("\\\\"),
            '/' => Some("\\/"),
            '\n' => Some("\\n"),
            _ => None,
        };
        let is_optional = !matches!(character, '"' | '\\' | '\0'..='\u{1f}');
        match (short, notation.choose(3)) {
            (_, 0) if is_optional => out.push(character),
            (Some(short), 1) => out.push_str(short),
            (_, choice) => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    let escape = match choice {
                        1 => format!("\\u{unit:04x}"),
                        _ => format!("\\u{unit:04X}"),
                    };
                    out.push_str(&escape);
                }
            }
        }
    }
    out.push('"');
}
