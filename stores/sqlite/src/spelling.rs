//! How a column spells its values: one spelling for each.

use crate::name::{Name, literal};

/// SQL for the code of a column's type, as the table of versions keeps it. By
/// its affinity a column turns `'017'` into the integer 17, or does not.
pub(crate) fn code(table: &Name, column: &Name) -> String {
    let (table, column) = (literal(table.as_str()), literal(column.as_str()));
    let has = |part: &str| format!("instr(upper(type), '{part}')");
    format!(
        "SELECT CASE WHEN {int} THEN 1 WHEN {char} OR {clob} OR {text} THEN 0
        WHEN {blob} THEN 2 WHEN type = '' THEN 0
        WHEN (SELECT strict FROM pragma_table_list({table})) THEN 0 ELSE 1 END
    FROM pragma_table_xinfo({table}) WHERE name = {column} COLLATE NOCASE",
        int = has("INT"),
        char = has("CHAR"),
        clob = has("CLOB"),
        text = has("TEXT"),
        blob = has("BLOB"),
    )
}

/// Returns `true` if a value of a column with this code is spelled so in a scope.
/// All other spellings, as `017` for an integer, are taken for one of these.
pub(crate) fn is_spelled(code: i64, text: &str) -> bool {
    match code {
        1 => is_integer(text),
        2 => is_hexadecimal(text),
        _ => true,
    }
}

fn is_hexadecimal(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len().is_multiple_of(2) && bytes.all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    match digits.as_bytes() {
        b"0" => text == "0",
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_spelled;

    #[test]
    fn each_value_has_one_spelling() {
        for text in ["0", "7", "-7", "10", "9223372036854775807"] {
            assert!(is_spelled(1, text), "{text}");
        }
        for text in [
            "", "-", "+7", "07", "-07", "-0", " 7", "7.0", "7e0", "0x7", "x", "٧",
        ] {
            assert!(!is_spelled(1, text), "{text}");
        }
        for (text, is) in [("", true), ("ab00", true), ("AB00", false), ("ab0", false)] {
            assert_eq!(is_spelled(2, text), is, "{text}");
        }
        assert!(is_spelled(0, "07") && is_spelled(0, "X"));
    }
}
