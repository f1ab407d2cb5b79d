use tower_conditional_postgres::{Install, InvalidSchema, Schema, Scope, Watch};

use crate::support::{connection, database, install, notes, row, run, versions};
use crate::triggers::changed;

/// SQL and Rust spell a scope in the same way, for all names and values.
#[tokio::test]
async fn sql_and_rust_spell_scopes_in_the_same_way() {
    let pool = database();
    let odd = "no'tes/ä%\"$conditional$\\";
    let quoted = odd.replace('"', "\"\"");
    run(
        &pool,
        &format!("CREATE TABLE \"{quoted}\" (\"k'e\\y\"\"\" text PRIMARY KEY, \"of/%\" varchar)"),
    )
    .await;
    let watch = || {
        Watch::table(odd)
            .each_row("k'e\\y\"")
            .each_group("of/%")
            .whole_table()
    };
    install(&pool, watch()).await;
    let insert = format!("INSERT INTO \"{quoted}\" VALUES ($1, $1::text)");
    for value in [
        "",
        "/",
        "%",
        "%2F",
        "a/b",
        "'",
        "\"",
        "\\",
        "ä",
        "日本 語",
        "\u{10ffff}",
        "row/x",
    ] {
        connection(&pool)
            .await
            .execute(&insert, &[&value])
            .await
            .expect("an insert");
        for scope in [Scope::row(odd, value), Scope::group(odd, "of/%", value)] {
            assert_eq!(versions(&pool, &scope).await.len(), 1, "{scope:?}");
        }
    }
    assert_eq!(versions(&pool, &Scope::table(odd)).await.len(), 1);

    let again = Schema::new().watch(watch()).expect("a watch").sql();
    let scopes = [Scope::row(odd, "'"), Scope::table(odd)];
    assert_eq!(changed(&pool, &again, &scopes).await, [false; 2]);
}

#[tokio::test]
async fn keys_of_every_type_are_spelled_as_postgres_does() {
    for (kind, value, spelled) in [
        ("smallint", "'-7'", "-7"),
        ("integer", "007", "7"),
        (
            "uuid",
            "'67E55044-10B1-426F-9247-BB680E5FE0C8'",
            "67e55044-10b1-426f-9247-bb680e5fe0c8",
        ),
        ("varchar(9)", "'a '", "a "),
    ] {
        let pool = database();
        run(
            &pool,
            &format!("CREATE TABLE notes (id {kind} PRIMARY KEY)"),
        )
        .await;
        install(&pool, Watch::table("notes").each_row("id")).await;
        run(&pool, &format!("INSERT INTO notes VALUES ({value})")).await;
        assert_eq!(versions(&pool, &row(spelled)).await.len(), 1, "{kind}");
    }
}

#[tokio::test]
async fn tables_whose_writes_are_not_seen_are_refused() {
    for sql in [
        "CREATE TABLE notes (id bigint PRIMARY KEY) PARTITION BY RANGE (id)",
        "CREATE TABLE notes (id bigint PRIMARY KEY); CREATE TABLE more () INHERITS (notes)",
        "CREATE VIEW notes AS SELECT 1 AS id",
        "CREATE TABLE notes (id timestamptz PRIMARY KEY)",
        "CREATE TABLE notes (other bigint PRIMARY KEY)",
        "SELECT",
    ] {
        let pool = database();
        run(&pool, sql).await;
        let schema = Schema::new()
            .watch(Watch::table("notes").each_row("id"))
            .expect("a watch");
        let client = connection(&pool).await;
        assert!(schema.install(&client).await.is_err(), "{sql}");
    }
    let pool = notes().await;
    let sql = Schema::new().sql();
    let repeatable = format!("BEGIN ISOLATION LEVEL REPEATABLE READ; {sql}");
    assert!(
        connection(&pool)
            .await
            .batch_execute(&repeatable)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn other_names_and_schemas_are_possible() {
    let pool = database();
    run(
        &pool,
        "CREATE SCHEMA app; CREATE SCHEMA other;
         CREATE TABLE app.notes (id bigint PRIMARY KEY);
         CREATE TABLE public.notes (id bigint PRIMARY KEY)",
    )
    .await;
    let schema = Schema::new()
        .versions_table("other.versions")
        .expect("a name");
    let schema = schema
        .watch(Watch::table("app.notes").each_row("id"))
        .expect("a watch");
    let schema = schema
        .watch(Watch::table("notes").each_row("id"))
        .expect("a watch");
    let client = connection(&pool).await;
    schema.install(&client).await.expect("the migration runs");
    run(
        &pool,
        "INSERT INTO app.notes VALUES (1); INSERT INTO public.notes VALUES (2)",
    )
    .await;
    let rows = connection(&pool).await;
    let rows = rows
        .query(
            "SELECT scope FROM other.versions WHERE slot = 0 ORDER BY 1",
            &[],
        )
        .await;
    let scopes: Vec<String> = rows.expect("rows").iter().map(|row| row.get(0)).collect();
    assert_eq!(scopes, ["row/app.notes/1", "row/notes/2"]);
}

#[test]
fn invalid_schemas_are_refused() {
    let watch = |watch: Watch| Schema::new().watch(watch).expect_err("it is refused");
    let long = "x".repeat(64);
    for name in ["", "a\0", "a.b.c", ".a", "a.", &long] {
        let refused = watch(Watch::table(name).whole_table());
        assert!(matches!(refused, InvalidSchema::Name(_)), "{name}");
        assert!(Schema::new().versions_table(name).is_err(), "{name}");
        assert!(Schema::new().events(name).is_err(), "{name}");
    }
    for column in ["", "a\0", &long] {
        assert!(matches!(
            watch(Watch::table("a").each_row(column)),
            InvalidSchema::Name(_)
        ));
        assert!(matches!(
            watch(Watch::table("a").each_group(column)),
            InvalidSchema::Name(_)
        ));
    }
    assert_eq!(
        watch(Watch::table("a")),
        InvalidSchema::NothingWatched("a".into())
    );
    for slots in [0, 65] {
        let refused = watch(Watch::table("a").whole_table().slots(slots));
        assert_eq!(refused, InvalidSchema::Slots(slots));
    }
    let twice = InvalidSchema::DuplicateName("a".into());
    assert_eq!(
        watch(Watch::table("b").each_group("a").each_group("a")),
        twice
    );
    assert_eq!(
        watch(Watch::table("conditional_versions").whole_table()).to_string(),
        "duplicate name \"conditional_versions\": use each table and column once"
    );
    let once = Schema::new()
        .watch(Watch::table("public.a").whole_table())
        .expect("a watch");
    assert_eq!(once.clone().events("a").expect_err("twice"), twice);
    assert_eq!(
        once.watch(Watch::table("a").each_row("id"))
            .expect_err("twice"),
        twice
    );
}
