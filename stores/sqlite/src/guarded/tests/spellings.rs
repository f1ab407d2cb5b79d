//! Several spellings of one key.

use tower_conditional::{Current, handler::Expected};

use super::{GuardError, Target, if_match, must_be_absent};
use crate::{
    Database, ErrorKind, Install, Schema, Scope, Watch,
    test_support::{current, execute, reason, tag},
};

/// Types with the spelling of SQLite for a value, and others that a handler may pass on.
const KEYS: [(&str, &str, &[&str]); 3] = [
    (
        "INTEGER",
        "17",
        &["017", "+17", " 17", "17 ", "17.0", "1.7e1"],
    ),
    (
        "NUMERIC",
        "17",
        // The last is beyond 64 bits, and so equal to the numbers around it.
        &[
            "017",
            "+17",
            " 17",
            "17 ",
            "17.0",
            "1.7e1",
            "9223372036854775808",
        ],
    ),
    (
        "BLOB",
        "67e5504410b1426f9247bb680e5fe0c8",
        &[
            "67E5504410B1426F9247BB680E5FE0C8",
            "67e55044-10b1-426f-9247-bb680e5fe0c8",
            "{67e55044-10b1-426f-9247-bb680e5fe0c8}",
        ],
    ),
];

/// Writes like a handler that passes the key on as it is in the path.
async fn write(
    database: &Database,
    spelling: &'static str,
    expected: Expected,
) -> Result<(), GuardError> {
    let target = Target::scope(Scope::row("notes", spelling));
    let write = database.guarded(expected, target, move |tx| {
        let upsert = "INSERT INTO notes VALUES (?1, 1)
            ON CONFLICT (id) DO UPDATE SET count = count + 1";
        if spelling.len() < 32 {
            return tx.execute(upsert, [spelling]);
        }
        let digits: String = spelling.chars().filter(char::is_ascii_hexdigit).collect();
        let number = u128::from_str_radix(&digits, 16).unwrap();
        tx.execute(upsert, [number.to_be_bytes()])
    });
    write.await.map(|written| assert_eq!(written, 1))
}

/// Issue 11: another spelling has no state, and a guard returns an error.
#[tokio::test]
async fn no_spelling_loses_an_update() {
    for (kind, spelled, others) in KEYS {
        let database = Database::in_memory().unwrap();
        let sql = format!("CREATE TABLE notes (id {kind} PRIMARY KEY, count INTEGER)");
        execute(&database, sql).await;
        let schema = Schema::new().watch(Watch::table("notes").each_row("id"));
        schema.unwrap().install(&database).await.unwrap();
        write(&database, spelled, must_be_absent()).await.unwrap();
        let before = tag(&database, Scope::row("notes", spelled)).await.unwrap();
        for other in others {
            let alias = current(&database, Scope::row("notes", other)).await;
            assert!(matches!(alias, Ok(Current::Unknown)), "{other}");
            for expected in [must_be_absent(), if_match(&before), if_match("*")] {
                let Err(GuardError::Database(error)) = write(&database, other, expected).await
                else {
                    panic!("{other} was taken for another row");
                };
                assert_eq!(error.kind(), ErrorKind::OtherSpelling);
                let scope = reason(&error);
                assert_eq!(scope, format!("scope \"row/notes/{other}\""));
            }
        }
        let after = tag(&database, Scope::row("notes", spelled)).await.unwrap();
        assert_eq!(after, before);
        write(&database, spelled, if_match(&before)).await.unwrap();
    }
}
