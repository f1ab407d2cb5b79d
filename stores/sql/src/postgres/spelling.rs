//! The spelling of keys. PostgreSQL casts each value of a column to one text.

use crate::spelling::is_integer;

/// The types whose values have the same text in each session.
pub(crate) const TYPES: &str = "'int2'::regtype, 'int4'::regtype, 'int8'::regtype, \
    'text'::regtype, 'varchar'::regtype, 'uuid'::regtype";

/// The SQL for the code of a column's type: 1 for integers, 2 for UUIDs, 0 for texts.
/// The table of versions keeps the code in the slot
/// [`SPELLING`](super::versions::SPELLING).
pub(crate) const CODE: &str = "CASE WHEN atttypid = 'uuid'::regtype THEN 2 \
    WHEN atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype) THEN 1 ELSE 0 END";

/// Returns `true` if PostgreSQL spells a value of this type in this way. It reads other
/// spellings, such as `017` for an integer, as the same value.
pub(crate) fn is_canonical(code: i64, text: &str) -> bool {
    match code {
        1 => is_integer(text),
        2 => is_uuid(text),
        _ => true,
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
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
            "", "-", "+7", "07", "-07", "-0", " 7", "7 ", "7.0", "7e1", "0x7", "1_0", "x", "٧",
        ] {
            assert!(!is_canonical(1, text), "{text}");
        }
        // No integer column can hold these.
        for text in ["9223372036854775808", "-9223372036854775809"] {
            assert!(!is_canonical(1, text), "{text}");
        }
        let uuid = "67e55044-10b1-426f-9247-bb680e5fe0c8";
        assert!(is_canonical(2, uuid));
        for text in [
            "",
            &uuid.to_uppercase(),
            &uuid.replace('-', ""),
            &format!("{{{uuid}}}"),
            &uuid.replace("10b1-", "-10b1"),
            &uuid.replace('e', "g"),
        ] {
            assert!(!is_canonical(2, text), "{text}");
        }
        for text in ["", "07", "X"] {
            assert!(is_canonical(0, text), "{text}");
        }
    }
}
