use std::collections::HashSet;

use rusqlite::types::Value;

use crate::{
    Database, Install, Schema, Scope, Watch,
    test_support::{execute, tag, version},
};

const ODD: [&str; 12] = [
    "",
    "/",
    "%",
    "%2F",
    "a/b",
    "a%2Fb",
    "'",
    "\"",
    "a b",
    "ä✓🦀",
    "\0",
    "row/notes",
];

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Rust and SQL spell scopes in the same way, and no two scopes have the same text.
#[tokio::test]
async fn sql_and_rust_spell_scopes_in_the_same_way() {
    let mut texts = HashSet::new();
    let mut count = 0;
    for table in ODD {
        texts.insert(Scope::table(table).as_str().to_owned());
        count += 1;
        for value in ODD {
            texts.insert(Scope::row(table, value).as_str().to_owned());
            count += 1;
            for column in ODD {
                texts.insert(Scope::group(table, column, value).as_str().to_owned());
                count += 1;
            }
        }
    }
    assert_eq!(texts.len(), count);

    let database = Database::in_memory().unwrap();
    for name in ODD
        .into_iter()
        .filter(|name| !name.is_empty() && !name.contains('\0'))
    {
        let identifier = quoted(name);
        let column = quoted(&format!("group {name}"));
        execute(
            &database,
            format!("CREATE TABLE {identifier} ({identifier} UNIQUE, {column})"),
        )
        .await;
        let grouped = format!("group {name}");
        let watch = Watch::table(name)
            .each_row(name)
            .whole_table()
            .each_group(&grouped);
        Schema::new()
            .watch(watch)
            .unwrap()
            .install(&database)
            .await
            .unwrap();
        for value in ODD {
            let before = version(&database, Scope::table(name)).await;
            let insert = format!("INSERT INTO {identifier} VALUES (?1, ?1)");
            let inserted = database.run(move |connection| connection.execute(&insert, [value]));
            inserted.await.unwrap();
            let after = version(&database, Scope::table(name)).await;
            assert_ne!(before, after);
            let row = Scope::row(name, value);
            assert_eq!(version(&database, row).await, after);
            let group = Scope::group(name, &grouped, value);
            assert_eq!(version(&database, group).await, after);
        }
    }
}

#[tokio::test]
async fn keys_are_integers_texts_or_blobs() {
    let database = Database::in_memory().unwrap();
    execute(&database, "CREATE TABLE t (k UNIQUE)").await;
    let schema = Schema::new()
        .watch(Watch::table("t").each_row("k"))
        .unwrap();
    schema.install(&database).await.unwrap();
    let keys: [(Value, &str); 4] = [
        (i64::MIN.into(), "-9223372036854775808"),
        ("x".to_owned().into(), "x"),
        (vec![0xab_u8, 0].into(), "ab00"),
        (Value::Null, ""),
    ];
    for (key, text) in keys {
        let there = key != Value::Null;
        let insert =
            database.run(|connection| connection.execute("INSERT INTO t VALUES (?1)", [key]));
        insert.await.unwrap();
        assert_eq!(tag(&database, Scope::row("t", text)).await.is_some(), there);
    }
}
