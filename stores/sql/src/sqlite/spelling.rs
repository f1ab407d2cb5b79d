//! The spelling of keys. SQLite casts each value of a column to one text.

use super::name::{SqliteIdentifier, literal};
use crate::spelling::is_integer;

/// The prefix of the entry with the [code] of the column whose values are in the scopes
/// of a watch.
pub(super) const SPELLING: &str = "spelling/";

/// Returns SQL for the code of a column's affinity, which decides if `'017'` becomes the
/// integer 17.
///
/// The code is 1 if such texts become numbers, 2 for blobs, and 0 if each text is a value
/// of its own. The table of versions keeps it under [`SPELLING`].
pub(crate) fn code(table: &SqliteIdentifier, column: &SqliteIdentifier) -> String {
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

/// Returns SQL for the text of a scope from a column of a row. `NULL` gives `NULL`.
///
/// It escapes like [`escaped`](crate::scope::escaped).
pub(super) fn scope_sql(all: &str, column: &str) -> String {
    let all = literal(all);
    format!(
        "{all} || '/' || CASE typeof({column}) WHEN 'blob' THEN lower(hex({column})) \
         ELSE replace(replace({column}, '%', '%25'), '/', '%2F') END"
    )
}

/// Returns `true` if SQLite spells a value of such a column in this way. It reads other
/// spellings, such as `017` for an integer, as the same value.
pub(crate) fn is_canonical(code: i64, text: &str) -> bool {
    match code {
        // An integer of more than 64 bits becomes a real number, which is not exact.
        1 => is_integer(text),
        2 => is_hexadecimal(text),
        _ => true,
    }
}

fn is_hexadecimal(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len().is_multiple_of(2) && bytes.all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::is_canonical;

    #[test]
    fn each_value_has_one_canonical_spelling() {
        let (least, greatest) = ("-9223372036854775808", "9223372036854775807");
        for text in ["0", "7", "-7", "10", least, greatest] {
            assert!(is_canonical(1, text), "{text}");
        }
        for text in [
            "", "-", "+7", "07", "-07", "-0", " 7", "7.0", "7e0", "0x7", "x", "٧",
        ] {
            assert!(!is_canonical(1, text), "{text}");
        }
        for text in ["9223372036854775808", "-9223372036854775809"] {
            assert!(!is_canonical(1, text), "{text}");
        }
        for (text, is) in [("", true), ("ab00", true), ("AB00", false), ("ab0", false)] {
            assert_eq!(is_canonical(2, text), is, "{text}");
        }
        assert!(is_canonical(0, "07") && is_canonical(0, "X"));
    }
}
