//! The handlers of the example, with counted runs.

#[path = "../../../examples/notes/handlers.rs"]
mod uncounted;

pub(crate) use uncounted::{admin, bearer};

use axum::{
    extract::{Request, State},
    handler::Handler,
    response::Response,
};

use crate::{
    problem::{NoteId, Problem},
    stats::count,
    store::Store,
    trouble::Trouble,
};

/// Counts the runs of a handler. A request that the extractor rejects does not count.
macro_rules! counted {
    ($($handler:ident($($extractor:ty)?))*) => {
        $(pub(crate) async fn $handler(
            State(store): State<Store>,
            $(_: $extractor,)?
            request: Request,
        ) -> Response {
            count(&request);
            uncounted::$handler.call(request, store).await
        })*
    };
}

counted!(list() create() versions() read_page() write_page() me() orders());
counted!(read(NoteId) replace(NoteId) patch(NoteId) delete(NoteId));

pub(crate) async fn place(
    State(store): State<Store>,
    trouble: Trouble,
    request: Request,
) -> Result<Response, Problem> {
    count(&request);
    trouble.happen().await?;
    Ok(uncounted::place.call(request, store).await)
}
