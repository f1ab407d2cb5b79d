//! Tests of the notes over each driver, with the suite of `axum_store`.

#[path = "../../tests/resource/suite.rs"]
mod suite;

use axum::{
    Router,
    body::Body,
    http::{Method, Request},
    routing::get,
};
use tempfile::TempDir;
use tower::ServiceExt;
use tower_conditional_other_drivers::resource::{diesel_sqlite, sqlx_postgres, sqlx_sqlite};
use tower_conditional_testing::Postgres;

/// Returns the directory of a database, and the path in it.
fn file() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.sqlite");
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sqlx_with_sqlite() {
    use sqlx_sqlite::{app, open, read, remove, replace, tags};

    let (_folder, path) = file();
    let db = open(&path).await.unwrap();
    let methods = get(read).put(replace).delete(remove);
    let handlers = Router::new().route("/notes/{id}", methods);
    check_rejection(app(db.clone())).await;
    suite::check(app(db.clone()), handlers.with_state(db), tags(1)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sqlx_with_postgres() {
    use sqlx_postgres::{app, open, read, remove, replace, tags};

    let db = open(&Postgres::shared().create_database()).await.unwrap();
    let methods = get(read).put(replace).delete(remove);
    let handlers = Router::new().route("/notes/{id}", methods);
    check_rejection(app(db.clone())).await;
    suite::check(app(db.clone()), handlers.with_state(db), tags(1)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn diesel_with_sqlite() {
    use diesel_sqlite::{app, open, read, remove, replace, tags};

    let (_folder, path) = file();
    let db = open(&path).unwrap();
    let methods = get(read).put(replace).delete(remove);
    let handlers = Router::new().route("/notes/{id}", methods);
    check_rejection(app(db.clone())).await;
    suite::check(app(db.clone()), handlers.with_state(db), tags(1)).await;
}

/// Checks that a rejection by an extractor of the source comes before a missing condition.
async fn check_rejection(app: Router) {
    let request = Request::builder().method(Method::PUT).uri("/notes/abc");
    let rejected = app.oneshot(request.body(Body::empty()).unwrap()).await;
    assert_eq!(rejected.unwrap().status(), 400);
}

#[test]
fn the_library_takes_few_lines() {
    let modules = [
        (
            "sqlx_sqlite",
            include_str!("../src/resource/sqlx_sqlite.rs"),
        ),
        (
            "sqlx_postgres",
            include_str!("../src/resource/sqlx_postgres.rs"),
        ),
        (
            "diesel_sqlite",
            include_str!("../src/resource/diesel_sqlite.rs"),
        ),
    ];
    for (name, module) in modules {
        suite::check_lines(&format!("src/resource/{name}.rs"), module);
    }
}
