//! Migrations while requests run, and settings that come between.

use http::Response;
use tower_conditional::{
    IdempotencyLayer, ValidatorSource, idempotency::Admission, store::IdempotencyStore,
};
use tower_conditional_postgres::{
    ErrorKind, Guarded, Install, Keyed, KeyedError, Lease, Schema, Target, VersionSource, Watch,
};

use crate::support::{
    connection, database, if_match, install,
    keys::{claim, count, id, payments, send, store},
    lease, notes, request, row, run, table, tag, waiting, watch_notes,
};

/// P-ID-txn: a constraint that is checked in the commit fails the effect and the record.
#[tokio::test(flavor = "multi_thread")]
async fn a_constraint_that_fails_in_the_commit_records_nothing() {
    let pool = database();
    run(
        &pool,
        "CREATE TABLE payments (id int UNIQUE DEFERRABLE INITIALLY DEFERRED);
        INSERT INTO payments VALUES (1)",
    )
    .await;
    let layer = IdempotencyLayer::for_anyone(store(&pool).await);
    let (service, _) = payments(&layer, &pool, |pool, attempt| async move {
        let mut lease = Lease::acquire(&pool).await?;
        let tx = Keyed::begin(&mut lease, &attempt).await?;
        tx.execute("INSERT INTO payments VALUES (1)", &[]).await?;
        let committed = tx.commit(Response::default()).await;
        let Err(KeyedError::Database(error)) = &committed else {
            panic!("{committed:?}")
        };
        assert_eq!(
            (error.kind(), error.is_conflict()),
            (ErrorKind::Database, true)
        );
        committed
    });
    for _ in 0..2 {
        assert_eq!(send(&service, "a").await, (503, false));
    }
    assert_eq!(count(&pool).await, 1);
}

/// An older version of the service starts again beside the newer one, with fewer watches.
#[tokio::test]
async fn an_older_version_of_the_service_leaves_no_tag_that_stays() {
    let pool = notes().await;
    run(&pool, "INSERT INTO notes VALUES (1, 'a', 'old')").await;
    let source = VersionSource::new(pool.clone(), |_: &http::request::Parts| Some(table()));
    let newer = tag(&pool, &table()).await;
    install(&pool, Watch::table("notes").each_row("id")).await;
    let error = source
        .current(&request("/"))
        .await
        .expect_err("it is not watched");
    assert_eq!(error.kind(), ErrorKind::NotWatched);
    run(&pool, "UPDATE notes SET text = 'new'").await;
    install(&pool, watch_notes()).await;
    assert_ne!(tag(&pool, &table()).await, newer);
}

/// Two services watch one table, each with its own table of versions. Their guards exclude each
/// other.
#[tokio::test(flavor = "multi_thread")]
async fn guards_of_two_services_on_one_row_exclude_each_other() {
    for round in 0..10 {
        let pool = notes().await;
        run(&pool, "INSERT INTO notes VALUES (1, 'a', '')").await;
        let schema = Schema::new()
            .versions_table("other_versions")
            .expect("a name");
        let schema = schema.watch(watch_notes()).expect("a good watch");
        schema
            .install(&*connection(&pool).await)
            .await
            .expect("an installation");
        let source = VersionSource::new(pool.clone(), |_: &http::request::Parts| Some(row(1)));
        let source = source.versions_table("other_versions").expect("a name");
        let other = source.current(&request("/")).await.expect("an answer");
        let tags = [tag(&pool, &row(1)).await, crate::support::text_of(&other)];
        let writing = [0, 1].map(|service| {
            let (pool, tag) = (pool.clone(), tags[service].clone());
            tokio::spawn(async move {
                let target = Target::scope(row(1));
                let target = if service == 0 {
                    target
                } else {
                    target.versions_table("other_versions").expect("a name")
                };
                let mut lease = lease(&pool).await;
                let Ok(tx) = Guarded::begin(&mut lease, if_match(&tag), target).await else {
                    return false;
                };
                let written = tx
                    .execute("UPDATE notes SET text = text || 'x' WHERE id = 1", &[])
                    .await;
                written.is_ok() && tx.commit().await.is_ok()
            })
        });
        let mut accepted = 0;
        for written in writing {
            accepted += usize::from(written.await.expect("no panic"));
        }
        let client = connection(&pool).await;
        let text: String = client
            .query_one("SELECT text FROM notes", &[])
            .await
            .expect("a row")
            .get(0);
        assert_eq!((accepted, text.len()), (1, 1), "round {round}");
    }
}

/// A watch changes while a guard of the table is open.
#[tokio::test(flavor = "multi_thread")]
async fn a_migration_beside_a_guard_loses_no_update() {
    let pool = notes().await;
    run(&pool, "INSERT INTO notes VALUES (1, 'a', 'old')").await;
    let before = tag(&pool, &row(1)).await;
    let mut lease = lease(&pool).await;
    let guard = Guarded::begin(&mut lease, if_match(&before), Target::scope(row(1)))
        .await
        .expect("a guard");
    let migrated = pool.clone();
    let installing = tokio::spawn(async move {
        let schema = Schema::new()
            .watch(Watch::table("notes").each_row("id"))
            .expect("a good watch");
        schema.install(&*connection(&migrated).await).await
    });
    waiting(&pool, 1).await;
    let written = guard
        .execute("UPDATE notes SET text = 'new' WHERE id = 1", &[])
        .await;
    let is_written = written.is_ok() && guard.commit().await.is_ok();
    let is_installed = installing.await.expect("no panic").is_ok();
    assert!(is_written || is_installed, "PostgreSQL ends one of the two");
    install(&pool, watch_notes()).await;
    assert_ne!(tag(&pool, &row(1)).await, before);
    let client = connection(&pool).await;
    let text: String = client
        .query_one("SELECT text FROM notes", &[])
        .await
        .expect("a row")
        .get(0);
    assert_eq!(text == "new", is_written);
    let begun = store(&pool).await.begin(id(1), claim(1)).await;
    let begun = begun.expect("an answer");
    assert!(matches!(begun, Admission::Started { .. }));
}
