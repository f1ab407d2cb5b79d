//! `/notes`, `/notes/{id}` and `/state`.

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header, request::Parts},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use serde_json::{Value, json};
use tokio::sync::broadcast;
use tower_conditional::{
    ConditionalLayer, PreconditionLayer, StateRefLayer,
    detached::Detached,
    handler::{Expected, Validated},
    route::Route,
    source::SelfGet,
};

use crate::{
    note::{Change, Draft},
    problem::{JsonBody, NoteId, Refused},
    stats::Stats,
    store::{Item, Storage, StoreError, Written},
    streams::Announcement,
};

/// In which a client names the state that it has seen.
const NOTES_REF: HeaderName = HeaderName::from_static("x-notes-ref");

#[derive(Clone, Debug)]
struct Notes<S> {
    store: S,
    changes: broadcast::Sender<Announcement>,
    writes: Detached,
}

pub(crate) fn routes<S: Storage>(
    store: &S,
    changes: &broadcast::Sender<Announcement>,
    stats: &Stats,
    writes: &Detached,
) -> Router {
    // 304 before the handler runs. What it answers otherwise it tags itself, for it reads the tag
    // with the content.
    let all = stats
        .counted(get(list::<S>))
        .route_layer(ConditionalLayer::new().source(store.versions(|_| Some(Item::Notes))));
    // A condition is honoured where there is one.
    let creation = stats
        .counted(post(create::<S>))
        .route_layer(PreconditionLayer::new(
            store.versions(|_| Some(Item::Notes)),
        ));
    let one = ConditionalLayer::new().source(store.versions(note_of));
    let state = Notes {
        store: store.clone(),
        changes: changes.clone(),
        writes: writes.clone(),
    };

    // Where a 412 gets the current note from.
    let current = Router::new()
        .route("/notes/{id}", get(read::<S>).route_layer(one.clone()))
        .with_state(state.clone());
    let guard = PreconditionLayer::new(store.versions(note_of))
        .with_self_get(SelfGet::of(current).writers_may_read())
        .require();
    let guarded = stats
        .counted(put(replace::<S>).patch(patch::<S>).delete(delete::<S>))
        .route_layer(guard)
        .route_layer(middleware::from_extractor::<NoteId>());

    Router::new()
        .route("/notes", all.merge(creation))
        .route(
            "/notes/{id}",
            stats
                .counted(get(read::<S>))
                .route_layer(one)
                .merge(guarded),
        )
        .route(
            "/state",
            stats
                .counted(get(versions::<S>).post(versions::<S>))
                .route_layer(StateRefLayer::new(NOTES_REF, store.events())),
        )
        .with_state(state)
}

/// The note that a request is about.
fn note_of(request: &Parts) -> Option<Item> {
    let route = Route::new("/notes/{id}").ok()?;
    Some(Item::Note(route.parameter(request, "id")?))
}

async fn list<S: Storage>(State(notes): State<Notes<S>>) -> Result<Response, Refused> {
    let (notes, validators) = notes.store.notes().await?;
    Ok(Validated(Json(notes), validators).into_response())
}

async fn create<S: Storage>(
    State(notes): State<Notes<S>>,
    expected: Expected,
    JsonBody(draft): JsonBody<Draft>,
) -> Result<Response, Refused> {
    notes
        .perform(|store| async move { store.create(expected, draft).await })
        .await
}

async fn read<S: Storage>(
    State(notes): State<Notes<S>>,
    NoteId(id): NoteId,
) -> Result<Response, Refused> {
    let (note, validators) = notes.store.note(id).await?.ok_or(StoreError::Absent)?;
    let modified = HeaderValue::from(note.last_modified());
    let dated = ([(header::LAST_MODIFIED, modified)], Json(note));
    Ok(Validated(dated, validators).into_response())
}

async fn replace<S: Storage>(
    State(notes): State<Notes<S>>,
    NoteId(id): NoteId,
    expected: Expected,
    JsonBody(draft): JsonBody<Draft>,
) -> Result<Response, Refused> {
    notes.change(id, expected, Change::Put(draft)).await
}

async fn patch<S: Storage>(
    State(notes): State<Notes<S>>,
    NoteId(id): NoteId,
    expected: Expected,
    JsonBody(patch): JsonBody<Value>,
) -> Result<Response, Refused> {
    notes.change(id, expected, Change::Patch(patch)).await
}

async fn delete<S: Storage>(
    State(notes): State<Notes<S>>,
    NoteId(id): NoteId,
    expected: Expected,
) -> Result<Response, Refused> {
    notes.change(id, expected, Change::Delete).await
}

/// Which version each note has: a query that is not worth running for a client that has seen the
/// latest event.
async fn versions<S: Storage>(State(notes): State<Notes<S>>) -> Result<Json<Value>, Refused> {
    let (notes, _) = notes.store.notes().await?;
    let versions = notes
        .iter()
        .map(|note| json!({ "id": note.id, "version": note.version }));
    Ok(Json(versions.collect()))
}

impl<S: Storage> Notes<S> {
    async fn change(
        self,
        id: i64,
        expected: Expected,
        change: Change,
    ) -> Result<Response, Refused> {
        self.perform(move |store| async move { store.change(id, expected, change).await })
            .await
    }

    /// Writes and announces; a client that leaves does not cut that in two.
    async fn perform<F, Fut>(self, write: F) -> Result<Response, Refused>
    where
        F: FnOnce(S) -> Fut + Send + 'static,
        Fut: Future<Output = Result<Written, StoreError>> + Send,
    {
        let Self {
            store,
            changes,
            writes,
        } = self;
        let write = async move {
            let written = write(store).await?;
            // An error only says that nobody listens.
            let _ = changes.send(Announcement::of(&written));
            Ok::<_, StoreError>(written)
        };
        let written = writes.finish(write).await?;
        // A note is not what was sent: it has an id and a version. The tag is that of the content
        // of these answers, and `Content-Location` says whose content that is (RFC 9110, 9.3.4).
        Ok(match written {
            Written::Created(note, validators) => {
                let url = format!("/notes/{}", note.id);
                let urls = [
                    (header::LOCATION, url.clone()),
                    (header::CONTENT_LOCATION, url),
                ];
                let created = (StatusCode::CREATED, urls, Json(note));
                Validated(created, validators).into_response()
            }
            Written::Updated(note, validators) => {
                let url = [(header::CONTENT_LOCATION, format!("/notes/{}", note.id))];
                Validated((url, Json(note)), validators).into_response()
            }
            Written::Deleted(_) => StatusCode::NO_CONTENT.into_response(),
        })
    }
}
