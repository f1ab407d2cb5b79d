//! One note by several paths, and requests with other methods.

use super::*;

#[tokio::test]
async fn spellings_of_one_note_have_one_tag() {
    let notes = Notes::with(&[(17, "one", 7)]);
    let app = Router::new().nest("/api", Router::new().nest("/v1", app(&notes)));
    for path in ["17", "017", "%31%37", "+17", "17?a=b"] {
        let path = format!("/api/v1/notes/{path}");
        let read = send(&app, "GET", &path, &[]).await;
        assert_eq!(etag(&read), Some(&*tag(17, 7)), "{path}");
        let stale = send(&app, "PUT", &path, &[("if-match", &tag(17, 6))]).await;
        assert_eq!((stale.status().as_u16(), &**stale.body()), (412, "one"));
        assert_eq!(etag(&stale), etag(&read), "{path}");
        assert_eq!(stale.headers()["content-location"], *path);
    }
    let others = send(&app, "PUT", "/api/v1/notes/17", &[("if-match", &tag(7, 7))]).await;
    assert_eq!(others.status(), 412);
    for path in ["/api/v1/notes/17/", "/api/v1//notes/17", "/notes/17"] {
        let response = send(&app, "PUT", path, &[("if-match", &tag(17, 6))]).await;
        assert_eq!(response.status(), 404, "{path}");
    }
}

/// These methods select no representation, so conditions do not count.
#[tokio::test]
async fn methods_that_neither_read_nor_write() {
    let version = source::now(|_| tags(1).number(7));
    let writes = put(async || "put")
        .options(async || "other")
        .trace(async || "other");
    let note = guard(version, get(async || "one"), writes).with_state(());
    let app = Router::new().route("/", note);
    for fields in [&[][..], &[("if-match", "\"x\"")], &[("if-none-match", "*")]] {
        for method in ["OPTIONS", "TRACE"] {
            let response = send(&app, method, "/", fields).await;
            assert_eq!(
                (response.status().as_u16(), &**response.body()),
                (200, "other")
            );
        }
        for method in ["QUERY", "PROPFIND", "UNKNOWN", "put"] {
            let response = send(&app, method, "/", fields).await;
            assert_eq!(response.status(), 405, "{method}");
        }
    }
}

#[tokio::test]
async fn an_absent_note_is_404_for_methods_that_do_not_create() {
    let notes = Notes::default();
    let version = source::axum(version).with_state(notes.clone());
    let note = guard(version, get(read), put(write).patch(write).delete(write));
    let app = Router::new().route("/notes/{id}", note.with_state(notes.clone()));
    for (method, expected) in [("PATCH", 404), ("DELETE", 404), ("PUT", 428)] {
        let response = send(&app, method, "/notes/1", &[]).await;
        assert_eq!(response.status(), expected, "{method}");
    }
    assert_eq!(notes.ran(), (0, 0));
}

/// Wherever the write waits, the lock is free afterwards, and the next client gets its
/// answer.
#[cfg(feature = "tokio")]
#[tokio::test]
async fn a_client_that_disconnects_holds_nothing() {
    use std::{
        future::Future,
        task::{Context, Waker},
    };

    async fn slow(id: Path<i64>, notes: State<Notes>) -> Option<EntityTag> {
        tokio::task::yield_now().await;
        version(id, notes).await
    }
    async fn slow_read(
        id: Path<i64>,
        notes: State<Notes>,
    ) -> Result<WithValidators<String>, StatusCode> {
        tokio::task::yield_now().await;
        read(id, notes).await
    }
    let notes = Notes::with(&[(1, "one", 7)]);
    let version = source::axum(slow).with_state(notes.clone());
    let note = guard(version, get(slow_read), put(write))
        .configure_writes(|layer| layer.lock(crate::lock::KeyedLock::new(), |_| Some(1)))
        .with_state(notes.clone());
    let app = Router::new().route("/notes/{id}", note);
    let stale = [("if-match", "\"x\"")];
    let mut context = Context::from_waker(Waker::noop());
    for polls in 0..8 {
        let mut leaving = Box::pin(send(&app, "PUT", "/notes/1", &stale));
        let done = (0..polls).any(|_| leaving.as_mut().poll(&mut context).is_ready());
        drop(leaving);
        let response = send(&app, "PUT", "/notes/1", &stale).await;
        assert_eq!(response.body(), "one", "{polls}");
        if done {
            return;
        }
    }
    panic!("it never ended");
}
