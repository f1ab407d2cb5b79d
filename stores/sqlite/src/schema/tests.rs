use std::collections::HashSet;

use rusqlite::types::Value;

use super::{InvalidSchema, Schema, Watch};
use crate::{
    Database, ErrorKind, Scope,
    test_support::{NOTES, TempFile, current, execute, notes, schema, tag},
};

fn row(id: i64) -> Scope {
    Scope::row("notes", id)
}

fn all() -> Scope {
    Scope::table("notes")
}

fn of(tenant: &str) -> Scope {
    Scope::group("notes", "tenant", tenant)
}

/// The tags of the rows 1 and 2, the table, and the tenants a and b.
async fn tags(database: &Database) -> [Option<String>; 5] {
    let mut tags = [const { None }; 5];
    for (at, scope) in [row(1), row(2), all(), of("a"), of("b")]
        .into_iter()
        .enumerate()
    {
        tags[at] = tag(database, scope).await;
    }
    tags
}

/// Runs the statement and says which of [`tags`] it changed.
async fn changed(database: &Database, sql: &str) -> [bool; 5] {
    let before = tags(database).await;
    execute(database, sql).await;
    let after = tags(database).await;
    std::array::from_fn(|at| before[at] != after[at])
}

const YES: bool = true;
const NO: bool = false;

#[tokio::test]
async fn each_trigger_changes_what_it_should_and_nothing_else() {
    let database = notes().await;
    let cases = [
        (
            "INSERT INTO notes VALUES (1, 'a', 'one')",
            [YES, NO, YES, YES, NO],
        ),
        (
            "INSERT INTO notes VALUES (2, 'b', 'two')",
            [NO, YES, YES, NO, YES],
        ),
        (
            "UPDATE notes SET text = 'uno' WHERE id = 1",
            [YES, NO, YES, YES, NO],
        ),
        // From one group to another.
        (
            "UPDATE notes SET tenant = 'b' WHERE id = 1",
            [YES, NO, YES, YES, YES],
        ),
        (
            "UPDATE notes SET tenant = NULL WHERE id = 1",
            [YES, NO, YES, NO, YES],
        ),
        (
            "UPDATE notes SET tenant = 'a' WHERE id = 1",
            [YES, NO, YES, YES, NO],
        ),
        // From one key to another.
        ("DELETE FROM notes WHERE id = 2", [NO, YES, YES, NO, YES]),
        (
            "UPDATE notes SET id = 2 WHERE id = 1",
            [YES, YES, YES, YES, NO],
        ),
        // What is written and comes to nothing may change versions or not, what
        // is rolled back does not.
        ("BEGIN; DELETE FROM notes; ROLLBACK", [NO; 5]),
        ("DELETE FROM notes WHERE id = 99", [NO; 5]),
        ("DELETE FROM notes", [NO, YES, YES, YES, NO]),
        // Conflicts: SQLite applies the statement's to what its triggers do.
        (
            "INSERT OR IGNORE INTO notes VALUES (1, 'a', 'x')",
            [YES, NO, YES, YES, NO],
        ),
        ("INSERT OR IGNORE INTO notes VALUES (1, 'a', 'y')", [NO; 5]),
        (
            "INSERT OR REPLACE INTO notes VALUES (1, 'b', 'z')",
            [YES, NO, YES, YES, YES],
        ),
        (
            "INSERT OR ABORT INTO notes VALUES (2, 'b', 'w')",
            [NO, YES, YES, NO, YES],
        ),
        (
            "UPDATE OR IGNORE notes SET text = 'z' WHERE id = 2",
            [NO; 5],
        ),
        (
            "UPDATE OR FAIL notes SET text = 'v' WHERE id = 2",
            [NO, YES, YES, NO, YES],
        ),
        (
            "UPDATE OR ROLLBACK notes SET text = 'u' WHERE id = 2",
            [NO, YES, YES, NO, YES],
        ),
        // The row that is in the way goes, and its version with it.
        (
            "REPLACE INTO notes VALUES (3, 'a', 'u')",
            [NO, YES, YES, YES, YES],
        ),
        (
            "UPDATE OR REPLACE notes SET id = 1 WHERE id = 3",
            [YES, NO, YES, YES, YES],
        ),
        (
            "INSERT INTO notes VALUES (1, 'b', 't') ON CONFLICT DO UPDATE SET text = 't'",
            [YES, NO, YES, YES, NO],
        ),
    ];
    for (sql, expected) in cases {
        assert_eq!(changed(&database, sql).await, expected, "{sql}");
    }
    assert_eq!(tag(&database, row(2)).await, None);
    assert_eq!(tag(&database, row(3)).await, None);
}

#[tokio::test]
async fn a_foreign_key_that_cascades_counts() {
    let database = notes().await;
    execute(
        &database,
        "CREATE TABLE tags (
             id INTEGER PRIMARY KEY,
             note INTEGER REFERENCES notes (id) ON DELETE CASCADE
         );",
    )
    .await;
    let watch = Watch::table("tags").each_row("id").each("note");
    Schema::new()
        .watch(watch)
        .unwrap()
        .install(&database)
        .await
        .unwrap();
    execute(
        &database,
        "INSERT INTO notes VALUES (1, 'a', 'one'); INSERT INTO tags VALUES (5, 1)",
    )
    .await;
    let before = tag(&database, Scope::group("tags", "note", 1)).await;
    execute(&database, "DELETE FROM notes").await;
    assert_eq!(tag(&database, Scope::row("tags", 5)).await, None);
    assert_ne!(
        tag(&database, Scope::group("tags", "note", 1)).await,
        before
    );
}

/// What is deleted and comes back is not what it was.
#[tokio::test]
async fn no_tag_comes_back() {
    let database = notes().await;
    let mut seen: [HashSet<_>; 5] = Default::default();
    for _ in 0..5 {
        for sql in [
            "INSERT INTO notes VALUES (1, 'a', 'one')",
            "DELETE FROM notes",
        ] {
            execute(&database, sql).await;
            let tags = tags(&database).await;
            for at in [0, 2, 3] {
                assert!(tags[at].is_none() || seen[at].insert(tags[at].clone()));
            }
        }
    }
}

#[tokio::test]
async fn an_empty_collection_exists() {
    let database = notes().await;
    let empty = tags(&database).await;
    assert!(empty[0].is_none() && empty[1].is_none());
    assert!(empty[2..].iter().all(Option::is_some));
}

/// Otherwise a table that nobody watches would never change.
#[tokio::test]
async fn a_scope_that_is_not_watched_is_an_error() {
    let database = notes().await;
    execute(&database, "CREATE TABLE pages (name TEXT PRIMARY KEY)").await;
    let watch = Watch::table("pages").each_row("name");
    Schema::new()
        .watch(watch)
        .unwrap()
        .install(&database)
        .await
        .unwrap();
    for scope in [
        Scope::table("pages"),
        Scope::group("pages", "name", "x"),
        Scope::group("notes", "text", "x"),
        Scope::row("nobody", 1),
    ] {
        let error = current(&database, scope).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotWatched);
    }
}

#[tokio::test]
async fn rows_that_are_there_already_get_versions() {
    let database = Database::in_memory().unwrap();
    execute(&database, NOTES).await;
    execute(
        &database,
        "INSERT INTO notes VALUES (1, 'a', 'one'), (2, NULL, 'two')",
    )
    .await;
    schema().install(&database).await.unwrap();
    let before = tags(&database).await;
    assert!(before.iter().all(Option::is_some));
    assert_eq!(
        changed(&database, "UPDATE notes SET text = 'x' WHERE id = 1").await,
        [YES, NO, YES, YES, NO]
    );
}

#[tokio::test]
async fn installing_again_keeps_the_versions() {
    let database = notes().await;
    execute(
        &database,
        "INSERT INTO notes VALUES (1, 'a', 'one'), (2, 'b', 'two')",
    )
    .await;
    let before = tags(&database).await;
    schema().install(&database).await.unwrap();
    // By a migration tool, without a transaction of its own.
    execute(&database, schema().sql()).await;
    assert_eq!(tags(&database).await, before);
}

/// What was written without triggers is not known, so every tag is new.
#[tokio::test]
async fn a_table_that_was_rebuilt_gets_new_versions() {
    let database = notes().await;
    execute(
        &database,
        "INSERT INTO notes VALUES (1, 'a', 'one'), (2, 'b', 'two')",
    )
    .await;
    let before = tags(&database).await;
    execute(
        &database,
        "CREATE TABLE rebuilt (id INTEGER PRIMARY KEY, tenant TEXT, text TEXT);
         INSERT INTO rebuilt SELECT id, tenant, upper(text) FROM notes;
         DROP TABLE notes;
         ALTER TABLE rebuilt RENAME TO notes;",
    )
    .await;
    schema().install(&database).await.unwrap();
    let after = tags(&database).await;
    for (before, after) in before.iter().zip(&after) {
        assert!(after.is_some());
        assert_ne!(before, after);
    }
}

#[tokio::test]
async fn a_watch_may_change() {
    let database = notes().await;
    execute(&database, "INSERT INTO notes VALUES (1, 'a', 'one')").await;
    let before = tag(&database, row(1)).await;
    let rows = Schema::new()
        .watch(Watch::table("notes").each_row("id"))
        .unwrap();
    rows.install(&database).await.unwrap();
    assert_ne!(tag(&database, row(1)).await, before);
    for ended in [all(), of("a")] {
        let error = current(&database, ended).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotWatched);
    }
}

/// A writer of another connection is either before the triggers, and its row is
/// back-filled, or after them.
#[tokio::test(flavor = "multi_thread")]
async fn installing_misses_no_concurrent_writer() {
    let file = TempFile::new();
    let [database, other] = [(); 2].map(|()| Database::open(&file).unwrap());
    execute(&database, NOTES).await;
    let writing = tokio::spawn(async move {
        for id in 0..200 {
            execute(
                &other,
                format!("INSERT INTO notes VALUES ({id}, 'a', {id})"),
            )
            .await;
        }
    });
    for _ in 0..20 {
        schema().install(&database).await.unwrap();
    }
    writing.await.unwrap();
    let missed = database.run(|connection| {
        connection.query_row(
            "SELECT count(*) FROM notes
             WHERE 'row/notes/' || id NOT IN (SELECT scope FROM conditional_versions)",
            (),
            |row| row.get::<_, i64>(0),
        )
    });
    assert_eq!(missed.await.unwrap(), 0);
}

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

/// Rust and SQL spell the same, and no two scopes share a text.
#[tokio::test]
async fn scopes_are_injective_and_the_same_in_sql() {
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
        let quoted = crate::name::Name::new(name).unwrap();
        let column = crate::name::Name::new(format!("group {name}")).unwrap();
        execute(
            &database,
            format!("CREATE TABLE {quoted} ({quoted} UNIQUE, {column})"),
        )
        .await;
        let grouped = format!("group {name}");
        let watch = Watch::table(name)
            .each_row(name)
            .whole_table()
            .each(&grouped);
        Schema::new()
            .watch(watch)
            .unwrap()
            .install(&database)
            .await
            .unwrap();
        for value in ODD {
            let before = tag(&database, Scope::table(name)).await;
            let insert = format!("INSERT INTO {quoted} VALUES (?1, ?1)");
            let inserted = database.run(move |connection| connection.execute(&insert, [value]));
            inserted.await.unwrap();
            let after = tag(&database, Scope::table(name)).await;
            assert_ne!(before, after);
            assert_eq!(tag(&database, Scope::row(name, value)).await, after);
            assert_eq!(
                tag(&database, Scope::group(name, &grouped, value)).await,
                after
            );
        }
    }
}

#[tokio::test]
async fn keys_are_integers_texts_or_blobs() {
    let database = Database::in_memory().unwrap();
    execute(&database, "CREATE TABLE t (k)").await;
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

#[tokio::test]
async fn the_table_of_versions_may_have_another_name() {
    let database = Database::in_memory().unwrap();
    execute(&database, NOTES).await;
    let schema = schema().versions_table("odd \"name\"").unwrap();
    schema.install(&database).await.unwrap();
    let error = current(&database, all()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Database);
    let source = crate::VersionSource::new(database, |_| Some(Scope::table("notes")));
    let source = source.versions_table("odd \"name\"").unwrap();
    let request = crate::test_support::about(all());
    tower_conditional::ValidatorSource::current(&source, &request)
        .await
        .unwrap();
}

#[test]
fn what_cannot_be_is_refused() {
    let rows = |table: &str| Watch::table(table).each_row("id");
    for watch in [
        rows(""),
        rows("a\0b"),
        Watch::table("t").each_row(""),
        Watch::table("t").each("\0"),
    ] {
        let refused = Schema::new().watch(watch).unwrap_err();
        assert!(matches!(refused, InvalidSchema::Name(_)));
    }
    let refused = Schema::new().watch(Watch::table("t")).unwrap_err();
    assert_eq!(refused, InvalidSchema::Nothing("t".to_owned()));

    let twice = [
        Schema::new().watch(Watch::table("t").each("c").each("C")),
        Schema::new()
            .watch(rows("t"))
            .and_then(|schema| schema.watch(rows("T"))),
        Schema::new().watch(rows("conditional_versions")),
        Schema::new().watch(rows("Conditional_Versions_Counter")),
        Schema::new()
            .watch(rows("t"))
            .and_then(|schema| schema.events("t")),
        Schema::new()
            .events("t")
            .and_then(|schema| schema.versions_table("t")),
    ];
    for refused in twice {
        assert!(matches!(refused.unwrap_err(), InvalidSchema::Twice(_)));
    }
    assert!(matches!(
        Schema::new().events("").unwrap_err(),
        InvalidSchema::Name(_)
    ));
}

#[tokio::test]
async fn what_is_not_there_cannot_be_watched() {
    let database = Database::in_memory().unwrap();
    let error = schema().install(&database).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Database);
    execute(&database, NOTES).await;
    execute(&database, "CREATE VIEW v AS SELECT * FROM notes").await;
    let view = Schema::new()
        .watch(Watch::table("v").each_row("id"))
        .unwrap();
    let error = view.install(&database).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Database);
    // Nothing of it is left behind.
    schema().install(&database).await.unwrap();
}

/// Why a foreign connection that uses `REPLACE` needs the pragma.
#[tokio::test]
async fn without_recursive_triggers_replace_goes_unnoticed() {
    let database = notes().await;
    execute(&database, "INSERT INTO notes VALUES (1, 'a', 'one')").await;
    execute(&database, "PRAGMA recursive_triggers = OFF").await;
    execute(&database, "REPLACE INTO notes VALUES (2, 'b', 'one')").await;
    assert!(tag(&database, row(1)).await.is_some(), "the row is gone");
    execute(&database, "PRAGMA recursive_triggers = ON").await;
    execute(&database, "REPLACE INTO notes VALUES (3, 'b', 'one')").await;
    assert!(tag(&database, row(2)).await.is_none());
}
