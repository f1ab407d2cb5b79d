//! A stack that refuses writes, with a lock, on the methods of one route.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::get,
};
use tower::Layer;
use tower_conditional::{PreconditionLayer, lock::KeyedLock, route::Route, source::SelfGet, stack};

use crate::support::{Fields, send};

type Text = Arc<Mutex<String>>;

async fn read(Path(_): Path<i64>, State(text): State<Text>) -> String {
    text.lock().unwrap().clone()
}

async fn write(Path(_): Path<i64>, State(text): State<Text>) -> StatusCode {
    // Another writer can run between the check and this line.
    tokio::task::yield_now().await;
    text.lock().unwrap().push_str(", and more");
    StatusCode::NO_CONTENT
}

/// Issue 11, A.2 and A.4: the reads have their own stack, whose tags the writes take. Of many
/// writers with one tag, by two spellings, one wins.
#[tokio::test]
async fn a_stack_with_a_lock_names_its_reads() {
    let text = Text::new(Mutex::new("text".to_owned()));
    let reads: Router = Router::new()
        .route("/notes/{id}", get(read))
        .with_state(Arc::clone(&text));
    let note = Route::new("/notes/{id}").unwrap();
    let guarded = stack().precondition(
        PreconditionLayer::self_get(SelfGet::of(stack().layer(reads)))
            .require()
            .lock(KeyedLock::new(), move |request| {
                note.parameter::<i64>(request, "id")
            }),
    );
    let app: Router = Router::new()
        .route("/notes/{id}", get(read).put(write).route_layer(guarded))
        .with_state(Arc::clone(&text));

    assert_eq!(send(&app, "PUT", "/notes/1", &[]).await.status, 428);
    assert_eq!(send(&app, "PATCH", "/notes/1", &[]).await.status, 405);
    let old = send(&app, "GET", "/notes/1", &[]).await;
    let expects: Fields<'_> = &[("if-match", old.tag())];
    let writers = (0..16).map(|writer| {
        let path = ["/notes/1", "/notes/01"][writer % 2];
        send(&app, "PUT", path, expects)
    });
    let replies = futures_util::future::join_all(writers).await;
    let won = replies.iter().filter(|reply| reply.status == 204).count();
    assert_eq!(won, 1);
    assert!(
        replies
            .iter()
            .all(|reply| [204, 412].contains(&reply.status))
    );
    assert_eq!(*text.lock().unwrap(), "text, and more");
    let new = send(&app, "GET", "/notes/1", &[("if-none-match", old.tag())]).await;
    assert_eq!(new.status, 200);
}
