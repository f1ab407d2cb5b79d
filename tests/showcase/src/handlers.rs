//! The handlers of the example, with counted runs.

#[path = "../../../examples/notes/handlers.rs"]
mod uncounted;

use axum::{
    extract::{Request, State},
    handler::Handler,
    response::Response,
};

use crate::{problem::NoteId, stats::count, store::Store};

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

counted!(index() list() create() versions() read_page() write_page() me());
counted!(read(NoteId) replace(NoteId) patch(NoteId) delete(NoteId));
