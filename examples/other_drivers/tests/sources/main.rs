//! Tests of each source with its database.

mod support;

use diesel::{
    SqliteConnection,
    connection::SimpleConnection,
    r2d2::{ConnectionManager, Pool},
};
use sqlx::{PgPool, sqlite::SqlitePoolOptions};
use support::{NO_KEY, TABLE, UNWATCHED, check, scope};
use tower_conditional_other_drivers::source::{diesel_sqlite, sqlx_postgres, sqlx_sqlite};
use tower_conditional_sql::{postgres, sqlite};
use tower_conditional_testing::Postgres;

#[tokio::test]
async fn sqlx_with_sqlite() {
    // Each connection in memory is another database, so the pool has only one.
    let pool = SqlitePoolOptions::new().max_connections(1);
    let pool = pool.connect("sqlite::memory:").await.expect("a database");
    let execute = async |sql: &'static str| {
        sqlx::raw_sql(sql).execute(&pool).await.expect(sql);
    };
    execute(NO_KEY).await;
    let refused = sqlx_sqlite::install(&pool).await;
    let reason = refused.expect_err("it has no key").to_string();
    assert!(reason.contains("no primary key"), "{reason}");
    execute("DROP TABLE notes").await;
    execute(TABLE).await;
    sqlx_sqlite::install(&pool).await.expect("a migration");
    sqlx_sqlite::verify(&pool).await.expect("as installed");

    let statements = sqlite::Statements::new();
    let source = sqlx_sqlite::Versions {
        pool: pool.clone(),
        statements: statements.clone(),
        scope,
    };
    let note = async || {
        let note = sqlx_sqlite::note(&pool, &statements, 17).await;
        note.expect("an answer")
    };
    check(source, execute, note).await;
    execute(UNWATCHED).await;
    let changed = sqlx_sqlite::verify(&pool).await;
    changed.expect_err("it was swapped");
}

#[tokio::test]
async fn sqlx_with_postgres() {
    let url = Postgres::shared().create_database();
    let pool = PgPool::connect(&url).await.expect("a database");
    let execute = async |sql: &'static str| {
        sqlx::raw_sql(sql).execute(&pool).await.expect(sql);
    };
    execute(NO_KEY).await;
    let refused = sqlx_postgres::install(&pool).await;
    let reason = refused.expect_err("it has no key").to_string();
    assert!(reason.contains("no primary key"), "{reason}");
    execute("DROP TABLE notes").await;
    execute(TABLE).await;
    sqlx_postgres::install(&pool).await.expect("a migration");
    sqlx_postgres::verify(&pool).await.expect("as installed");

    let statements = postgres::Statements::new();
    let source = sqlx_postgres::Versions {
        pool: pool.clone(),
        statements: statements.clone(),
        scope,
    };
    let note = async || {
        let note = sqlx_postgres::note(&pool, &statements, 17).await;
        note.expect("an answer")
    };
    check(source, execute, note).await;
    execute(UNWATCHED).await;
    let changed = sqlx_postgres::verify(&pool).await;
    changed.expect_err("it was swapped");
}

#[tokio::test]
async fn diesel_with_sqlite() {
    let manager = ConnectionManager::<SqliteConnection>::new(":memory:");
    // Each connection in memory is another database, so the pool has only one.
    let pool = Pool::builder()
        .max_size(1)
        .build(manager)
        .expect("a database");
    let connection = || pool.get().expect("a connection");
    let execute = async |sql: &'static str| {
        connection().batch_execute(sql).expect(sql);
    };
    execute(NO_KEY).await;
    let refused = diesel_sqlite::install(&mut connection());
    let reason = refused.expect_err("it has no key").to_string();
    assert!(reason.contains("no primary key"), "{reason}");
    execute("DROP TABLE notes").await;
    execute(TABLE).await;
    diesel_sqlite::install(&mut connection()).expect("a migration");
    diesel_sqlite::verify(&mut connection()).expect("as installed");

    let statements = sqlite::Statements::new();
    let source = diesel_sqlite::Versions {
        pool: pool.clone(),
        statements: statements.clone(),
        scope,
    };
    let note = async || {
        let note = diesel_sqlite::note(&mut connection(), &statements, 17);
        note.expect("an answer")
    };
    check(source, execute, note).await;
    execute(UNWATCHED).await;
    let changed = diesel_sqlite::verify(&mut connection());
    changed.expect_err("it was swapped");
}
