use crate::{
    Database, ErrorKind, Install, InvalidSchema, Schema, Watch,
    test_support::{NOTES, execute, schema},
};

#[test]
fn invalid_schemas_are_refused() {
    let rows = |table: &str| Watch::table(table).each_row("id");
    for watch in [
        rows(""),
        rows("a\0b"),
        Watch::table("t").each_row(""),
        Watch::table("t").each_group("\0"),
    ] {
        let refused = Schema::new().watch(watch).unwrap_err();
        assert!(matches!(refused, InvalidSchema::Name(_)));
    }
    let refused = Schema::new().watch(Watch::table("t")).unwrap_err();
    assert_eq!(refused, InvalidSchema::NothingWatched("t".to_owned()));

    let twice = [
        Schema::new().watch(Watch::table("t").each_group("c").each_group("C")),
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
        assert!(matches!(
            refused.unwrap_err(),
            InvalidSchema::DuplicateName(_)
        ));
    }
    assert!(matches!(
        Schema::new().events("").unwrap_err(),
        InvalidSchema::Name(_)
    ));
}

#[tokio::test]
async fn a_missing_table_or_column_cannot_be_watched() {
    let database = Database::in_memory().unwrap();
    let error = schema().install(&database).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    execute(&database, NOTES).await;
    execute(&database, "CREATE VIEW v AS SELECT * FROM notes").await;
    let view = Schema::new()
        .watch(Watch::table("v").each_row("id"))
        .unwrap();
    let error = view.install(&database).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    for watch in [
        Watch::table("notes").each_row("di"),
        Watch::table("notes").whole_table().each_group("tenant_di"),
    ] {
        let misspelt = Schema::new().watch(watch).unwrap();
        let error = misspelt.install(&database).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
        // The SQL fails without a transaction around it, too.
        let sql = misspelt.sql();
        let run = database.run(move |connection| connection.execute_batch(&sql));
        run.await.unwrap_err();
    }
    // The failed installations left no table behind.
    execute(&database, "CREATE TABLE conditional_versions (n)").await;
    execute(&database, "DROP TABLE conditional_versions").await;
    schema().install(&database).await.unwrap();
}
