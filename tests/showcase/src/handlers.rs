//! The handlers of the example, whose runs are counted.

#[path = "../../../examples/notes/handlers.rs"]
mod uncounted;

use axum::{
    extract::{Request, State},
    handler::Handler,
    response::Response,
};

use crate::{stats::count, store::Store};

macro_rules! counted {
    ($($handler:ident)*) => {
        $(pub(crate) async fn $handler(State(store): State<Store>, request: Request) -> Response {
            count(&request);
            uncounted::$handler.call(request, store).await
        })*
    };
}

counted!(index list create read replace patch delete versions read_page write_page me);
