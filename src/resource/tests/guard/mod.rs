//! The answers of a guarded resource.

mod misplaced;
mod order;
mod paths;
mod rejected;
mod sources;

use axum::routing::post;

use super::*;
use crate::resource::guard;

#[tokio::test]
async fn a_304_runs_no_handler() {
    let notes = Notes::with(&[(1, "one", 7)]);
    let app = app(&notes);
    for method in ["GET", "HEAD"] {
        let current = send(&app, method, "/notes/1", &[("if-none-match", &tag(1, 7))]).await;
        assert_eq!(current.status(), 304, "{method}");
        assert_eq!(etag(&current), Some(&*tag(1, 7)), "{method}");
    }
    assert_eq!(notes.ran(), (0, 0));

    let behind = send(&app, "GET", "/notes/1", &[("if-none-match", &tag(1, 6))]).await;
    assert_eq!((behind.status().as_u16(), &**behind.body()), (200, "one"));
    assert_eq!(etag(&behind), Some(&*tag(1, 7)));
    let head = send(&app, "HEAD", "/notes/1", &[]).await;
    assert_eq!((head.status().as_u16(), &**head.body()), (200, ""));
    assert_eq!(etag(&head), Some(&*tag(1, 7)));
    assert_eq!(notes.ran(), (2, 0));
}

/// A response without a tag gets that of the source.
#[tokio::test]
async fn a_read_without_a_tag_is_labelled() {
    let notes = Notes::with(&[(1, "one", 7)]);
    let version = source::axum(version).with_state(notes.clone());
    let note = guard(version, get(async || "one"), put(write)).with_state(notes.clone());
    let app = Router::new().route("/notes/{id}", note);
    let response = send(&app, "GET", "/notes/1", &[]).await;
    assert_eq!(etag(&response), Some(&*tag(1, 7)));
}

#[tokio::test]
async fn the_layer_of_the_reads_can_be_changed() {
    let notes = Notes::with(&[(1, "one", 7)]);
    let version = source::axum(version).with_state(notes.clone());
    let note = guard(version, get(read), put(write))
        .configure_reads(crate::ConditionalLayer::explain)
        .with_state(notes.clone());
    let app = Router::new().route("/notes/{id}", note);
    let known = send(&app, "GET", "/notes/1", &[("if-none-match", &tag(1, 7))]).await;
    assert_eq!(known.status(), 304);
    assert!(crate::Outcome::of(&known).is_some());
}

#[tokio::test]
async fn a_stale_write_gets_the_current_note_and_runs_nothing() {
    let notes = Notes::with(&[(1, "one", 7)]);
    let app = app(&notes);
    let stale = send(&app, "PUT", "/notes/1", &[("if-match", &tag(1, 6))]).await;
    assert_eq!((stale.status().as_u16(), &**stale.body()), (412, "one"));
    assert_eq!(etag(&stale), Some(&*tag(1, 7)));
    assert_eq!(stale.headers()["content-location"], "/notes/1");
    assert_eq!(notes.ran(), (1, 0)); // the note in the 412

    let unconditional = send(&app, "PUT", "/notes/1", &[]).await;
    assert_eq!(unconditional.status(), 428);
    assert_eq!(notes.note(1), Some(("one".to_owned(), 7)));

    let written = send(&app, "PUT", "/notes/1", &[("if-match", &tag(1, 7))]).await;
    assert_eq!(written.status(), 204);
    assert_eq!(etag(&written), Some(&*tag(1, 8)));
    assert_eq!(notes.note(1), Some(("new".to_owned(), 8)));
}

/// Another write comes between the check and the write.
#[tokio::test]
async fn a_write_that_is_overtaken_gets_the_current_note_too() {
    let notes = Notes::with(&[(1, "one", 7)]);
    let before = source::now(|_| tags(1).number(6));
    let note = guard(before, get(read), put(write)).with_state(notes.clone());
    let app = Router::new().route("/notes/{id}", note);
    let overtaken = send(&app, "PUT", "/notes/1", &[("if-match", &tag(1, 6))]).await;
    assert_eq!(overtaken.status(), 412);
    assert_eq!(&**overtaken.body(), "one");
    assert_eq!(etag(&overtaken), Some(&*tag(1, 7)));
}

/// All writers pass the layer, so the compare-and-set of the handler decides. No update is
/// lost.
#[tokio::test]
async fn of_64_writers_one_wins() {
    async fn slow(id: Path<i64>, notes: State<Notes>) -> Option<EntityTag> {
        let read = version(id, notes).await;
        // All writers read before one of them writes.
        tokio::task::yield_now().await;
        read
    }
    let notes = Notes::with(&[(1, "one", 7)]);
    let version = source::axum(slow).with_state(notes.clone());
    let note = guard(version, get(read), put(write)).with_state(notes.clone());
    let app = Router::new().route("/notes/{id}", note);
    let writers = (0..64).map(|_| {
        let app = app.clone();
        tokio::spawn(async move {
            let response = send(&app, "PUT", "/notes/1", &[("if-match", &tag(1, 7))]).await;
            response.status().as_u16()
        })
    });
    let mut statuses = Vec::new();
    for writer in writers.collect::<Vec<_>>() {
        statuses.push(writer.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [&[204][..], &[412; 63]].concat());
    let (_, writes) = notes.ran();
    assert_eq!(writes, 64);
}

/// `POST` creates a member. A condition is not required, but counts if there is one.
#[tokio::test]
async fn a_post_to_a_collection_needs_no_condition() {
    let list = source::now(|_| VersionTags::plain().scope("notes").number(3));
    let notes = guard(
        list,
        get(async || "list"),
        post(async |_: Expected| StatusCode::CREATED),
    );
    let app: Router = Router::new().route("/notes", notes.with_state(()));
    assert_eq!(send(&app, "POST", "/notes", &[]).await.status(), 201);
    let stale = send(&app, "POST", "/notes", &[("if-match", "\"2\"")]).await;
    assert_eq!((stale.status().as_u16(), &**stale.body()), (412, "list"));
}

#[tokio::test]
async fn an_optional_condition_counts_if_it_is_there() {
    let notes = Notes::with(&[(1, "one", 7)]);
    let version = source::axum(version).with_state(notes.clone());
    let note = guard(version, get(read), put(write)).optional();
    let app = Router::new().route("/notes/{id}", note.with_state(notes.clone()));
    let stale = send(&app, "PUT", "/notes/1", &[("if-match", &tag(1, 6))]).await;
    assert_eq!(stale.status(), 412);
    assert_eq!(send(&app, "PUT", "/notes/1", &[]).await.status(), 204);
}

/// A lock makes check and write one step without a compare-and-set.
#[cfg(feature = "tokio")]
#[tokio::test]
async fn the_layers_can_be_configured() {
    use crate::lock::KeyedLock;

    async fn overwrite(
        Path(id): Path<i64>,
        State(notes): State<Notes>,
        text: String,
    ) -> Result<StatusCode, StatusCode> {
        notes
            .update(id, None, text)
            .ok_or(StatusCode::NOT_FOUND)
            .map(|_| StatusCode::NO_CONTENT)
    }
    let notes = Notes::with(&[(1, "one", 7)]);
    let version = source::axum(version).with_state(notes.clone());
    let route = crate::route::Route::new("/notes/{id}").unwrap();
    let note = guard(version, get(read), put(overwrite))
        .configure_reads(crate::ConditionalLayer::without_confirmation)
        .configure_writes(|layer| {
            let layer = layer.creates([http::Method::POST]);
            layer.lock(KeyedLock::new(), move |request| {
                route.parameter::<i64>(request, "id")
            })
        })
        .with_state(notes.clone());
    let app = Router::new().route("/notes/{id}", note);

    // `PUT` creates nothing here, so an absent note is a 404 without a condition.
    assert_eq!(send(&app, "PUT", "/notes/2", &[]).await.status(), 404);
    let tag = tag(1, 7);
    let fields = [("if-match", &*tag)];
    let writers = (0..64).map(|_| send(&app, "PUT", "/notes/1", &fields));
    let responses = futures_util::future::join_all(writers).await;
    let won = responses.iter().filter(|response| response.status() == 204);
    assert_eq!(won.count(), 1);
}

/// RFC 9110, section 13.2.1: a write to an absent note is 404 with each condition and without one.
/// A 428 recommends only what helps.
#[tokio::test]
async fn a_resource_that_is_only_replaced_is_404_if_absent() {
    let notes = Notes::with(&[(1, "one", 7)]);
    let version = source::axum(version).with_state(notes.clone());
    let note = guard(version, get(read), put(write).delete(write))
        .configure_writes(|layer| layer.creates([]))
        .with_state(notes);
    let app = Router::new().route("/notes/{id}", note);
    let conditions: [&[(&str, &str)]; 5] = [
        &[],
        &[("if-match", "*")],
        &[("if-match", "\"7\"")],
        &[("if-none-match", "*")],
        &[("if-none-match", "\"7\"")],
    ];
    for (method, fields) in ["PUT", "DELETE"].into_iter().zip([conditions; 2]) {
        for fields in fields {
            let response = send(&app, method, "/notes/2", fields).await;
            assert_eq!(response.status(), 404, "{method} {fields:?}");
        }
        let bare = send(&app, method, "/notes/1", &[]).await;
        assert_eq!(bare.status(), 428);
        assert!(bare.body().contains("If-Match") && !bare.body().contains("If-None-Match"));
    }
}

/// A handler that only updates finds no row, before and after. So no other writer came first.
#[tokio::test]
async fn a_true_condition_on_an_absent_row_is_no_412() {
    let notes = Notes::with(&[(1, "one", 7)]);
    let absent = send(&app(&notes), "PUT", "/notes/2", &[("if-none-match", "*")]).await;
    assert_eq!(absent.status(), 404);
    assert_eq!(notes.ran(), (1, 1));
    let present = send(&app(&notes), "PUT", "/notes/1", &[("if-none-match", "*")]).await;
    assert_eq!(present.status(), 412);
}
