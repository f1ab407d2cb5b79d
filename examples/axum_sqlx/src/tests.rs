use axum::{
    Router,
    body::Body,
    http::{Request, Response, header::ETAG},
    routing::get,
};
use http_body_util::BodyExt;
use sqlx::SqlitePool;
use tempfile::TempDir;
use tower::ServiceExt;

use crate::{
    app,
    note::{read, replace, tags},
    open,
};

/// A database with one note, which goes with its folder.
async fn database() -> (SqlitePool, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.sqlite");
    let db = open(path.to_str().unwrap()).await.unwrap();
    let made = send(&app(db.clone()), "POST", "/notes", &[], "one").await;
    assert_eq!(made.headers()["location"], "/notes/1");
    (db, folder)
}

async fn send(
    app: &Router,
    method: &str,
    path: &str,
    fields: &[(&str, &str)],
    text: &'static str,
) -> Response<String> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from(text)).unwrap();
    let (head, body) = app.clone().oneshot(request).await.unwrap().into_parts();
    let content = body.collect().await.unwrap().to_bytes();
    Response::from_parts(head, String::from_utf8(content.to_vec()).unwrap())
}

fn tag(id: i64, version: i64) -> String {
    tags(id).number(version).to_string()
}

#[tokio::test]
async fn the_wiring() {
    let (db, _folder) = database().await;
    let app = app(db);
    let (first, second) = (tag(1, 1), tag(1, 2));
    let read = send(&app, "GET", "/notes/1", &[], "").await;
    assert_eq!(
        (read.body().as_str(), &read.headers()[ETAG]),
        ("one", &first.parse().unwrap())
    );
    let known = send(&app, "GET", "/notes/1", &[("if-none-match", &first)], "").await;
    assert_eq!(known.status(), 304);

    let bare = send(&app, "PUT", "/notes/1", &[], "two").await;
    assert_eq!(bare.status(), 428);
    let written = send(&app, "PUT", "/notes/1", &[("if-match", &first)], "two").await;
    assert_eq!(
        (written.status().as_u16(), &written.headers()[ETAG]),
        (204, &second.parse().unwrap())
    );
    let stale = send(&app, "PUT", "/notes/1", &[("if-match", &first)], "three").await;
    assert_eq!(
        (stale.status().as_u16(), stale.body().as_str()),
        (412, "two")
    );
    assert_eq!(stale.headers()[ETAG], second);
    let other = send(
        &app,
        "PUT",
        "/notes/1",
        &[("if-match", &tag(2, 2))],
        "three",
    )
    .await;
    assert_eq!(other.status(), 412);

    // Routing comes before every condition, and so does the rejection of a path.
    let patched = send(&app, "PATCH", "/notes/1", &[("if-match", &first)], "").await;
    assert_eq!(
        (patched.status().as_u16(), &patched.headers()["allow"]),
        (405, &"GET,HEAD,PUT,DELETE".parse().unwrap())
    );
    assert_eq!(send(&app, "PUT", "/other", &[], "").await.status(), 404);
    assert_eq!(send(&app, "PUT", "/notes/abc", &[], "").await.status(), 400);
    assert_eq!(
        send(&app, "DELETE", "/notes/9", &[], "").await.status(),
        404
    );

    let stale = send(&app, "DELETE", "/notes/1", &[("if-match", &first)], "").await;
    assert_eq!(stale.status(), 412);
    let removed = send(&app, "DELETE", "/notes/1", &[("if-match", &second)], "").await;
    assert_eq!(removed.status(), 204);
    assert_eq!(send(&app, "GET", "/notes/1", &[], "").await.status(), 404);

    // A note that is made anew has another path, and so another tag.
    let made = send(&app, "POST", "/notes", &[], "one").await;
    assert_eq!(made.headers()["location"], "/notes/2");
}

/// Through the layers, and where the handlers alone decide.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_writers_one_wins() {
    let (db, _folder) = database().await;
    let handlers = Router::new().route("/notes/{id}", get(read).put(replace));
    for app in [app(db.clone()), handlers.with_state(db)] {
        race(&app).await;
    }
}

async fn race(app: &Router) {
    let before = send(app, "GET", "/notes/1", &[], "").await;
    let tag = &before.headers()[ETAG];
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let (app, tag) = (app.clone(), tag.clone());
        writers.spawn(async move {
            let condition = [("if-match", tag.to_str().unwrap())];
            let put = send(&app, "PUT", "/notes/1", &condition, "two").await;
            put.status().as_u16()
        });
    }
    let mut statuses = writers.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [&[204][..], &[412; 63]].concat());
    let after = send(app, "GET", "/notes/1", &[], "").await;
    assert_ne!(&after.headers()[ETAG], tag);
}
